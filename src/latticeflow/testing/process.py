"""Programs that are not run: their ends are set beforehand, what was started is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

import msgspec

from latticeflow.capabilities import ProcessError, ProcessResult


class Started(msgspec.Struct, frozen=True, kw_only=True):
    """What was to be run."""

    command: tuple[str, ...]
    cwd: str | None = None
    env: dict[str, str] = {}
    stdin: bytes | None = None
    timeout: timedelta | None = None


class FakeProcess:
    """A `Process` for tests.

        process = FakeProcess()
        process.answer(["git", "rev-parse", "HEAD"], stdout="abc")

    Attributes:
        started: What was to be run, in order.
    """

    def __init__(self) -> None:
        self.started: list[Started] = []
        self._answers: dict[tuple[str, ...], ProcessResult | BaseException] = {}

    def answer(
        self,
        command: Sequence[str],
        *,
        exit_code: int = 0,
        stdout: str = "",
        stderr: str = "",
        error: BaseException | None = None,
    ) -> None:
        """Set how a command ends: with a result, or by raising `error`."""
        result = ProcessResult(exit_code=exit_code, stdout=stdout, stderr=stderr)
        self._answers[tuple(command)] = error or result

    async def run(
        self,
        command: Sequence[str],
        *,
        cwd: str | None = None,
        env: Mapping[str, str] | None = None,
        stdin: bytes | None = None,
        timeout: timedelta | None = None,
    ) -> ProcessResult:
        """End as set."""
        self.started.append(
            Started(
                command=tuple(command), cwd=cwd, env=dict(env or {}), stdin=stdin, timeout=timeout
            )
        )
        answer = self._answers.get(tuple(command))
        if answer is None:
            raise ProcessError(f"no end is set for {' '.join(command)}")
        if isinstance(answer, BaseException):
            raise answer
        return answer
