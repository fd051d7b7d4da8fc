"""Programs of the machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Protocol

import msgspec

from latticeflow.capabilities.marking import capability


class ProcessResult(msgspec.Struct, frozen=True, kw_only=True):
    """How a program ended.

    `exit_code` is negative when a signal ended it (minus the signal's number). `truncated` names
    the streams of which only the end was kept.
    """

    exit_code: int
    stdout: str
    stderr: str
    truncated: tuple[str, ...] = ()


@capability("process")
class Process(Protocol):
    """Running programs."""

    async def run(
        self,
        command: Sequence[str],
        *,
        cwd: str | None = None,
        env: Mapping[str, str] | None = None,
        stdin: bytes | None = None,
        timeout: timedelta | None = None,
    ) -> ProcessResult:
        """Run a program to its end. No shell is involved.

        The program gets its own process group. Whatever is left of that group when this returns
        or raises is killed.

        Args:
            command: The program and its arguments.
            cwd: Where it runs; None is the provider's directory.
            env: Variables added to the provider's environment.
            stdin: What it reads; None is an empty input.
            timeout: How long it may take; None is as long as it likes.

        Returns:
            The result, whatever the exit code.

        Raises:
            ProcessError: It cannot be started.
            TimeoutError: It took longer than `timeout`; it was killed.

        Cancellation: the whole process group is asked to end, then killed.
        """
        ...
