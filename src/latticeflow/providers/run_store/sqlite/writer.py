"""Group commit: one writer a store, which commits whatever waits and never lingers.

There is one right to write, held by the event loop or by the writer's thread. Whoever asks first
while nobody holds it takes it for the loop, which looks again once everything else that was ready
has run. By then either little waits and commits have been quick: the loop commits it itself,
because waking a thread and being woken by it costs near half a commit (measured: 300 us a step
through the thread, 230 us without, of which 218 us are the disk's). Or much waits: the thread
takes it, and what is asked for meanwhile is the next batch. The loop waits for no other process:
where the file is locked, the thread does.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Iterable, Sequence
from contextlib import suppress
from queue import SimpleQueue
from typing import Protocol

import apsw

from latticeflow.providers.run_store.errors import not_open
from latticeflow.providers.run_store.sqlite.operations import Operation
from latticeflow.providers.run_store.sqlite.schema import mapped
from latticeflow.runs import StoreError

_INLINE_OPERATIONS = 8  # more at once: enough for the thread to be worth its waking
_INLINE_SECONDS = 0.002  # slower than this on average: the loop has better things to do
_BATCH = 4096
_WEIGHT = 0.2


class Committer(Protocol):
    """What the writer drives, from one thread at a time."""

    def commit(self, batch: Sequence[Operation], *, wait: bool) -> None:
        """Commit `batch`; without `wait` raise `apsw.BusyError`, nothing done, if locked out."""

    def is_untidy(self) -> bool:
        """Tell whether there is work that nobody waits for."""

    def tidy(self) -> None:
        """Do the work that nobody waits for."""


class GroupCommit:
    """The order of writing of one store.

    Args:
        committer: Commits batches.
        url: The store's, for messages.
        busy_ms: How long the committer waits for a lock, for messages.
    """

    def __init__(self, committer: Committer, *, url: str, busy_ms: int) -> None:
        self._committer = committer
        self._busy_ms = busy_ms
        self._url = url
        self._waiting: deque[Operation] = deque()
        self._right = threading.Lock()
        self._looking: list[asyncio.AbstractEventLoop] = []  # the loop that holds the right
        self._wake: SimpleQueue[bool] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._failure: BaseException | None = None
        self._pace = 0.0
        self._closed = False

    def submit(self, operation: Operation, loop: asyncio.AbstractEventLoop) -> None:
        """Ask for `operation`, whose future belongs to `loop`, the running one. Never blocks."""
        if self._failure is not None or self._closed:
            self._refuse([operation])
            _answer([operation])
            return
        self._waiting.append(operation)
        if self._right.acquire(blocking=False):
            self._looking.append(loop)
            loop.call_soon(self._look)
        elif self._looking and self._looking[0] is not loop and self._take_over():
            # The loop that was to look may be blocked, or gone for good.
            self._start_thread()

    def close(self) -> None:
        """End the thread once it has done what was asked for. Blocks; not for the event loop."""
        self._closed = True
        if self._thread is not None:
            self._wake.put(False)
            self._thread.join()

    def _look(self) -> None:
        if not self._take_over():
            return
        here = asyncio.get_running_loop()
        batch = self._take()
        if (
            len(batch) > _INLINE_OPERATIONS
            or self._pace > _INLINE_SECONDS
            or any(operation.heavy for operation in batch)
            or not self._write(batch, wait=False)
        ):
            self._waiting.extendleft(reversed(batch))
            self._start_thread()
            return
        _deliver(batch, here)
        if self._waiting or self._committer.is_untidy() or not self._give_back():
            self._start_thread()

    def _take_over(self) -> bool:
        try:
            self._looking.pop()
        except IndexError:
            return False
        return True

    def _start_thread(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(
                target=self._run, name="latticeflow-run-store", daemon=True
            )
            self._thread.start()
        self._wake.put(True)

    def _run(self) -> None:
        while self._wake.get():
            while True:
                batch = self._take()
                if batch:
                    self._write(batch, wait=True)
                    _deliver(batch)
                if self._failure is None and self._committer.is_untidy():
                    self._tidy()
                if not batch and self._give_back():
                    break

    def _take(self) -> list[Operation]:
        take = self._waiting.popleft
        return [take() for _ in range(min(len(self._waiting), _BATCH))]

    def _give_back(self) -> bool:
        """Give up the right to write; return False, still holding it, if more came meanwhile."""
        self._right.release()
        return not (self._waiting and self._right.acquire(blocking=False))

    def _write(self, batch: list[Operation], *, wait: bool) -> bool:
        if self._failure is not None:
            self._refuse(batch)
            return True
        started = time.perf_counter()
        try:
            self._committer.commit(batch, wait=wait)
        except Exception as error:  # noqa: BLE001 - whatever it was, nothing may follow it
            if not wait and isinstance(error, apsw.BusyError):
                return False
            self._failure = error
            self._refuse(batch)
            return True
        if len(batch) <= _INLINE_OPERATIONS:
            self._pace += (time.perf_counter() - started - self._pace) * _WEIGHT
        return True

    def _tidy(self) -> None:
        try:
            self._committer.tidy()
        except Exception as error:  # noqa: BLE001 - a failed sync is never heard of again
            self._failure = error

    def _refuse(self, batch: Iterable[Operation]) -> None:
        for operation in batch:
            operation.error = self._why()

    def _why(self) -> StoreError:
        if self._failure is None:
            return not_open(self._url)
        error = mapped(self._failure, self._url, self._busy_ms)
        error.__cause__ = self._failure
        return error


def _deliver(batch: list[Operation], here: asyncio.AbstractEventLoop | None = None) -> None:
    """Answer from any thread, or from the loop `here`: one call a loop, however many wait."""
    loops: dict[asyncio.AbstractEventLoop, list[Operation]] = {}
    for operation in batch:
        loops.setdefault(operation.future.get_loop(), []).append(operation)
    for loop, answered in loops.items():
        if loop is here:
            _answer(answered)
            continue
        with suppress(RuntimeError):  # the loop is closed: nobody waits there
            loop.call_soon_threadsafe(_answer, answered)


def _answer(batch: list[Operation]) -> None:
    for operation in batch:
        future = operation.future
        if future.done():
            continue
        if operation.error is None:
            future.set_result(operation.result)
        else:
            future.set_exception(operation.error)
            future.exception()  # who drops an awaitable does not want to hear of it
