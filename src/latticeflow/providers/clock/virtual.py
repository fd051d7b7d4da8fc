"""A clock that moves only when it is told to, or when everybody waits for it."""

from __future__ import annotations

import asyncio
import heapq
from datetime import UTC, datetime, timedelta

START = datetime(2000, 1, 1, tzinfo=UTC)


class VirtualClock:
    """Time for tests: nothing sleeps, everything is where it should be.

    Args:
        start: What time it is at first.
        automatic: Whether waiting moves the clock: the earliest of those that wait goes on as
            soon as the event loop has had its turn. Otherwise only `advance` moves it.
    """

    def __init__(self, start: datetime = START, *, automatic: bool = True) -> None:
        if start.tzinfo is None:
            raise ValueError("a clock starts at an aware time")
        self._now = start.astimezone(UTC)
        self._automatic = automatic
        self._waiting: list[tuple[datetime, int, asyncio.Future[None]]] = []
        self._count = 0

    def now(self) -> datetime:
        return self._now

    async def sleep(self, duration: timedelta) -> None:
        loop = asyncio.get_running_loop()
        if duration <= timedelta(0):
            await asyncio.sleep(0)
            return
        done: asyncio.Future[None] = loop.create_future()
        self._count += 1
        heapq.heappush(self._waiting, (self._now + duration, self._count, done))
        if self._automatic:
            loop.call_soon(self._jump)
        await done

    async def advance(self, duration: timedelta) -> None:
        """Move the clock, waking in order who waited for a time that has come."""
        target = self._now + duration
        await asyncio.sleep(0)  # who is about to wait shall do so first
        while self._waiting and self._waiting[0][0] <= target:
            self._wake_next()
            await asyncio.sleep(0)
        self._now = max(self._now, target)

    def _jump(self) -> None:
        while self._waiting and self._waiting[0][2].done():
            heapq.heappop(self._waiting)
        if self._waiting:
            self._wake_next()

    def _wake_next(self) -> None:
        due, _, done = heapq.heappop(self._waiting)
        if not done.done():
            self._now = max(self._now, due)
            done.set_result(None)
