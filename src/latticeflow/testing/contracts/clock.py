"""What every clock does. Subclass `ClockContract` and give it a `clock` fixture."""

# ruff: noqa: S101, D102 - these are tests: they assert, and their names are their sentences

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from latticeflow.capabilities import Clock


class ClockContract:
    """The promises of `Clock`. Its longest wait is 20 ms of that clock's time."""

    def test_time_is_aware_and_in_utc(self, clock: Clock) -> None:
        assert clock.now().utcoffset() == timedelta(0)

    async def test_sleeping_takes_that_long(self, clock: Clock) -> None:
        before = clock.now()
        await clock.sleep(timedelta(milliseconds=20))
        # The time of day and the time that is waited for may be measured by two clocks.
        assert clock.now() - before >= timedelta(milliseconds=18)

    @pytest.mark.parametrize("seconds", [0, -1])
    async def test_no_wait_lets_others_have_their_turn(self, clock: Clock, seconds: int) -> None:
        turns: list[str] = []

        async def other() -> None:
            turns.append("other")

        task = asyncio.ensure_future(other())
        await clock.sleep(timedelta(seconds=seconds))
        turns.append("sleeper")
        await task
        assert turns == ["other", "sleeper"]

    async def test_shorter_wait_ends_first(self, clock: Clock) -> None:
        ended: list[int] = []

        async def wait(milliseconds: int) -> None:
            await clock.sleep(timedelta(milliseconds=milliseconds))
            ended.append(milliseconds)

        await asyncio.gather(*(wait(ms) for ms in (20, 1, 10)))
        assert ended == [1, 10, 20]

    async def test_cancelling_ends_the_wait(self, clock: Clock) -> None:
        task = asyncio.ensure_future(clock.sleep(timedelta(days=1000)))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
