"""What every runner of programs does. Subclass `ProcessContract` with a `process` fixture.

The programs are `sh` and what POSIX says comes with it.
"""

# ruff: noqa: S101, D102 - these are tests: they assert, and their names are their sentences

from __future__ import annotations

import asyncio
import os
from datetime import timedelta
from pathlib import Path

import pytest

from latticeflow.capabilities import Process, ProcessError


class ProcessContract:
    """The promises of `Process`."""

    async def test_streams_and_code_come_back(self, process: Process) -> None:
        done = await process.run(["sh", "-c", "cat; echo no >&2; exit 4"], stdin="é\n".encode())
        assert (done.exit_code, done.stdout, done.stderr, done.truncated) == (4, "é\n", "no\n", ())

    async def test_arguments_are_not_read_by_a_shell(self, process: Process) -> None:
        done = await process.run(["printf", "%s|", "$(echo x); a  b", "'\"`\n"])
        assert done.stdout == "$(echo x); a  b|'\"`\n|"

    async def test_input_is_empty_unless_given(self, process: Process) -> None:
        assert (await process.run(["cat"])).stdout == ""

    async def test_variables_are_added(self, process: Process) -> None:
        done = await process.run(["sh", "-c", 'echo "$ADDED" ${PATH:+found}'], env={"ADDED": "a b"})
        assert done.stdout == "a b found\n"

    async def test_directory_can_be_named(self, process: Process, tmp_path: Path) -> None:
        done = await process.run(["pwd"], cwd=str(tmp_path))
        assert done.stdout.strip() == os.path.realpath(tmp_path)  # noqa: ASYNC240 - the same

    async def test_signal_is_a_negative_code(self, process: Process) -> None:
        assert (await process.run(["sh", "-c", "kill -9 $$"])).exit_code == -9

    async def test_missing_program_is_told_by_name(self, process: Process) -> None:
        with pytest.raises(ProcessError, match="no-such-program") as caught:
            await process.run(["no-such-program"])
        (finding,) = caught.value.diagnostics
        assert finding.code == "CAP210"

    async def test_too_long_is_a_timeout_and_leaves_nothing(
        self, process: Process, tmp_path: Path
    ) -> None:
        script = "(sleep 0.3; echo late > mark) & sleep 300"
        with pytest.raises(TimeoutError):
            await process.run(
                ["sh", "-c", script], cwd=str(tmp_path), timeout=timedelta(seconds=0.1)
            )
        assert not await self._appears(tmp_path / "mark")

    async def test_cancelling_leaves_nothing(self, process: Process, tmp_path: Path) -> None:
        script = "echo here > began; (sleep 0.3; echo late > mark) & sleep 300"
        task = asyncio.ensure_future(process.run(["sh", "-c", script], cwd=str(tmp_path)))
        assert await self._appears(tmp_path / "began")
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not await self._appears(tmp_path / "mark")

    async def _appears(self, file: Path) -> bool:
        for _ in range(100):
            if file.exists():  # noqa: ASYNC240 - a test may look
                return True
            await asyncio.sleep(0.005)
        return False
