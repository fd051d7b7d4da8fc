"""The process capability on this machine."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path

from latticeflow.capabilities import ProcessResult
from latticeflow.providers.process.capture import DEFAULT_LIMIT_BYTES
from latticeflow.providers.process.running import DEFAULT_GRACE, Command, run_command


class LocalProcess:
    """Runs programs of this machine.

    Args:
        cwd: Where they run unless a call says otherwise; a relative one of a call is below it.
        env: The whole environment calls add to; None is this process's own.
        grace: How long a program that is asked to end may take.
        limit_bytes: How much of the end of each stream is kept.
    """

    def __init__(
        self,
        cwd: Path | None = None,
        *,
        env: Mapping[str, str] | None = None,
        grace: timedelta = DEFAULT_GRACE,
        limit_bytes: int = DEFAULT_LIMIT_BYTES,
    ) -> None:
        self._cwd = cwd or Path.cwd()
        self._env = None if env is None else dict(env)
        self._grace = grace
        self._limit_bytes = limit_bytes

    async def run(
        self,
        command: Sequence[str],
        *,
        cwd: str | None = None,
        env: Mapping[str, str] | None = None,
        stdin: bytes | None = None,
        timeout: timedelta | None = None,
    ) -> ProcessResult:
        program = Command(
            argv=tuple(command),
            env={**(os.environ if self._env is None else self._env), **(env or {})},
            cwd=str(self._cwd / (cwd or "")),
            stdin=stdin or b"",
            grace=self._grace,
            limit_bytes=self._limit_bytes,
        )
        async with asyncio.timeout(None if timeout is None else timeout.total_seconds()):
            return await run_command(program)
