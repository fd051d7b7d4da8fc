"""Virtual time: one clock for everything that happens on an event loop.

Time stands still while anything can be done, and jumps to the next timer when nothing can. So
every wait on the loop is over at once: the engine's retries, timeouts and deadlines, the `Clock`
capability, `asyncio.sleep` and `asyncio.timeout` in nodes and in fakes. A timer never fires
before work that is not waiting for time has had its turn.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar, TypeVarTuple

from latticeflow.diagnostics import LatticeFlowError

START = datetime(2000, 1, 1, tzinfo=UTC)
GRACE_SECONDS = 0.02
"""How long the loop listens for real, before each jump, when it has connections open."""

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

_ATTRIBUTE = "_latticeflow_pace"


class VirtualTime:
    """A clock for tests, and the time of the event loops it is put on.

    It is a provider of the `Clock` capability. Put `on` a loop, it is the loop's time too.

    Args:
        start: What time it is at first.
    """

    def __init__(self, start: datetime = START) -> None:
        if start.tzinfo is None:
            raise ValueError("a clock starts at an aware time")
        self._start = start.astimezone(UTC)
        self._elapsed_us = 0

    def now(self) -> datetime:
        """Return the current time."""
        return self._start + self.elapsed

    def now_ms(self) -> int:
        """Return the current time in milliseconds since the epoch."""
        return round(self._start.timestamp() * 1000) + self._elapsed_us // 1000

    @property
    def elapsed(self) -> timedelta:
        """How much virtual time has passed."""
        return timedelta(microseconds=self._elapsed_us)

    async def sleep(self, duration: timedelta) -> None:
        """Wait for `duration`, which takes no time.

        Cancellation: ends the wait at once.
        """
        with self.on(asyncio.get_running_loop()):
            await asyncio.sleep(max(0.0, duration.total_seconds()))

    @contextmanager
    def on(self, loop: asyncio.AbstractEventLoop) -> Iterator[None]:
        """Put the loop on this time for the length of the block.

        Afterwards the loop's time goes on from where it is, at its usual pace.

        Raises:
            LatticeFlowError: The loop is not asyncio's own, or is on another virtual time.
        """
        pace = _pace_of(loop)
        pace.enter(self)
        try:
            yield
        finally:
            pace.leave()

    @contextmanager
    def outside(self, loop: asyncio.AbstractEventLoop) -> Iterator[None]:
        """Note that something off the loop (a thread, a process) works during the block.

        Until it ends, timers fire no sooner than they do in reality.
        """
        pace = _pace_of(loop)
        pace.working += 1
        try:
            yield
        finally:
            pace.working -= 1

    def pass_by(self, seconds: float) -> None:
        """Let `seconds` pass; for the loops that are on this time."""
        self._elapsed_us += max(1, round(seconds * 1_000_000))


class _Pace:
    """How time passes on one loop. Once made it stays with its loop."""

    def __init__(self, loop: Any) -> None:  # noqa: ANN401  (its attributes are replaced)
        selector = loop._selector  # noqa: SLF001  (no public way leads to where a loop waits)
        self.working = 0
        self._selector = selector
        self._real_time: Callable[[], float] = loop.time
        self._real_select: Callable[[float | None], list[Any]] = selector.select
        self._real_executor: Callable[..., asyncio.Future[Any]] = loop.run_in_executor
        self._ahead = 0.0
        self._stands_at = 0.0
        self._time: VirtualTime | None = None
        self._depth = 0
        loop.time = self.time
        loop.run_in_executor = self.run_in_executor
        selector.select = self.select

    def enter(self, time: VirtualTime) -> None:
        if self._time is not None and self._time is not time:
            raise LatticeFlowError("the event loop is on another virtual time already")
        if not self._depth:
            self._stands_at = self.time()
            self._time = time
        self._depth += 1

    def leave(self) -> None:
        self._depth -= 1
        if not self._depth:
            self._ahead = self._stands_at - self._real_time()
            self._time = None

    def time(self) -> float:
        return self._real_time() + self._ahead if self._time is None else self._stands_at

    def run_in_executor(
        self, executor: Executor | None, function: Callable[[*Ts], T], *args: *Ts
    ) -> asyncio.Future[T]:
        future = self._real_executor(executor, function, *args)
        self.working += 1
        future.add_done_callback(self._done)
        return future

    def _done(self, _: asyncio.Future[Any]) -> None:
        self.working -= 1

    def select(self, timeout: float | None = None) -> list[Any]:
        """Wait as the loop asks; where only a timer would end it, let the time pass at once."""
        if self._time is None or timeout is None or timeout <= 0:
            return self._real_select(timeout)
        found = self._real_select(0)
        patience = timeout if self.working else min(timeout, self._grace())
        if not found and patience:
            found = self._real_select(patience)
        if not found:
            self._stands_at += timeout
            self._time.pass_by(timeout)
        return found

    def _grace(self) -> float:
        # The loop's own wake-up pipe is always registered.
        return GRACE_SECONDS if len(self._selector.get_map()) > 1 else 0.0


def _pace_of(loop: asyncio.AbstractEventLoop) -> _Pace:
    pace: _Pace | None = getattr(loop, _ATTRIBUTE, None)
    if pace is None:
        if not isinstance(loop, asyncio.SelectorEventLoop):
            raise LatticeFlowError(
                f"virtual time needs asyncio's own event loop, and this is a {type(loop).__name__}:"
                " use `flow_runner.run_sync`, or another event loop policy for the test"
            )
        pace = _Pace(loop)
        setattr(loop, _ATTRIBUTE, pace)
    return pace
