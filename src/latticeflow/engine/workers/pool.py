"""A bounded set of worker processes for functions that must be killable."""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from latticeflow.diagnostics import report
from latticeflow.engine.workers.errors import (
    RemoteError,
    RemoteTraceback,
    WorkerCallError,
    WorkerGoneError,
)

if TYPE_CHECKING:
    from latticeflow.engine.workers.process import WorkerProcess


class WorkerPool:
    """Runs synchronous functions in processes of their own, so that each can be stopped.

    A process is started when one is needed and none is free, and is kept for the next call. It
    never outlives this process, however that ends. A pool serves one event loop at a time.

    Args:
        size: The most processes at once; the number of processors by default.
    """

    def __init__(self, size: int | None = None) -> None:
        self._size = max(1, size or os.cpu_count() or 1)
        self._idle: list[WorkerProcess] = []
        self._all: set[WorkerProcess] = set()
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._in_use = 0

    @property
    def pids(self) -> frozenset[int]:
        """The ids of the processes there are now."""
        return frozenset(worker.pid for worker in self._all)

    async def run(
        self,
        function: Callable[..., object],
        args: tuple[object, ...] = (),
        kwargs: Mapping[str, object] | None = None,
        *,
        timeout: float | None = None,
    ) -> object:
        """Call `function` in a worker and return its value.

        The function is sent by reference, the arguments and the value are pickled: none may be
        local to a function. Context variables are not sent.

        Args:
            function: A synchronous function, importable by name or defined in a loaded file.
            args: Positional arguments.
            kwargs: Keyword arguments.
            timeout: Seconds the function may take, from when a process was free and had started
                and the function's module was imported; None is as long as it likes.

        Raises:
            WorkerCallError: The call cannot be sent to another process.
            WorkerDiedError: The process ended in the middle of the call (STEP007).
            TimeoutError: The call took longer than `timeout`; its process was killed.
            RemoteError: The function raised what cannot be raised here.
            Exception: What the function raised, with `RemoteTraceback` as its cause.

        Cancellation: kills the process.
        """
        import pickle  # noqa: PLC0415  (a pool is at hand in every run, and used in few)

        name = f"{getattr(function, '__module__', '?')}:{getattr(function, '__qualname__', '?')}"
        try:
            content = pickle.dumps((function, args, dict(kwargs or {})))
        except Exception as error:
            finding = report("STEP014", step=name, why=error)
            raise WorkerCallError(diagnostics=(finding,)) from error
        await self._enter()
        try:
            while True:
                try:
                    return await self._run(content, name=name, timeout=timeout)
                except WorkerGoneError:
                    continue  # each one costs a process that was idle; new ones do not do this
        finally:
            self._leave()

    async def close(self) -> None:
        """End every process, also those in the middle of a call."""
        idle, self._idle = self._idle, []
        self._all.difference_update(idle)
        for worker in self._all:
            worker.interrupt()
        await asyncio.gather(*(worker.kill() for worker in idle))

    def close_now(self) -> None:
        """End every process, when no event loop runs calls any more."""
        self._idle.clear()
        while self._all:
            self._all.pop().kill_now()

    async def _run(self, content: bytes, *, name: str, timeout: float | None) -> object:
        worker = self._take()
        answered = False
        try:
            await worker.start()
            async with asyncio.timeout(None) as limit:

                def begin() -> None:
                    if timeout is not None:
                        limit.reschedule(asyncio.get_running_loop().time() + timeout)

                value = await worker.call(content, name=name, on_called=begin)
            answered = True
        except Exception as error:
            answered = isinstance(error, RemoteError) or isinstance(
                error.__cause__, RemoteTraceback
            )
            raise
        finally:
            if answered and worker.is_alive:
                self._idle.append(worker)
            else:
                self._all.discard(worker)
                await worker.kill()
        return value

    def _take(self) -> WorkerProcess:
        while self._idle:
            worker = self._idle.pop()
            if worker.is_alive:
                return worker
            self._all.discard(worker)
            worker.kill_now()
        from latticeflow.engine.workers.process import WorkerProcess  # noqa: PLC0415  (as above)

        worker = WorkerProcess()
        self._all.add(worker)
        return worker

    async def _enter(self) -> None:
        """Wait for a place, first come first served."""
        if self._in_use < self._size:
            self._in_use += 1
            return
        place = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        try:
            await place
        except asyncio.CancelledError:
            if place in self._waiting:
                self._waiting.remove(place)
            elif place.done() and not place.cancelled():
                self._leave()  # the place was given, and is passed on
            raise

    def _leave(self) -> None:
        while self._waiting:
            place = self._waiting.popleft()
            if not place.done():
                place.set_result(None)
                return
        self._in_use -= 1
