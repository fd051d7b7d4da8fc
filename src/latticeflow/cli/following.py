"""Waiting for a run, and what signals do meanwhile."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable

from latticeflow.cli.progress import Progress
from latticeflow.hosts.local import Handle, Result

INTERRUPTED = 130


async def follow(handle: Handle, progress: Progress) -> tuple[Result, bool]:
    """Wait for a run; the first interruption cancels it, a second one ends the process."""
    interrupted = False

    def interrupt() -> None:
        nonlocal interrupted
        if interrupted:
            signal.raise_signal(signal.SIGKILL)
        interrupted = True
        progress.note("cancelling; once more to kill")
        handle.interrupt()

    with progress, _signals(interrupt):
        return await handle.wait(), interrupted


class _signals:  # noqa: N801  (a context manager, used as a statement)
    """Calls a function on SIGINT and SIGTERM."""

    def __init__(self, act: Callable[[], None]) -> None:
        self._act = act

    def __enter__(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._act)

    def __exit__(self, *_: object) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
