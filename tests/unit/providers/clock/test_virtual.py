import asyncio
from datetime import UTC, datetime, timedelta, timezone

import pytest

from latticeflow.providers.clock import VirtualClock

SECOND = timedelta(seconds=1)


async def test_years_pass_in_no_time():
    clock = VirtualClock()
    before = clock.now()
    await clock.sleep(timedelta(days=3650))
    assert clock.now() - before == timedelta(days=3650)


async def test_clock_by_hand_moves_by_hand_only():
    clock = VirtualClock(automatic=False)
    ended = []

    async def wait(seconds):
        await clock.sleep(seconds * SECOND)
        ended.append((seconds, clock.now()))

    start = clock.now()
    tasks = [asyncio.ensure_future(wait(seconds)) for seconds in (3, 1, 2)]
    await clock.advance(SECOND / 2)
    assert ended == []
    await clock.advance(SECOND * 2)
    assert ended == [(1, start + SECOND), (2, start + 2 * SECOND)]
    assert clock.now() == start + 2.5 * SECOND
    await clock.advance(SECOND)
    await asyncio.gather(*tasks)
    assert [seconds for seconds, _ in ended] == [1, 2, 3]


async def test_who_waits_again_while_time_moves_is_woken_again():
    clock = VirtualClock(automatic=False)
    ticks = []

    async def tick():
        while True:
            await clock.sleep(SECOND)
            ticks.append(clock.now())

    task = asyncio.ensure_future(tick())
    await clock.advance(5 * SECOND)
    assert len(ticks) == 5
    task.cancel()


async def test_cancelled_sleeper_holds_up_nobody():
    clock = VirtualClock()
    first = asyncio.ensure_future(clock.sleep(SECOND))
    second = asyncio.ensure_future(clock.sleep(10 * SECOND))
    first.cancel()
    await second
    assert clock.now() == VirtualClock().now() + 10 * SECOND


def test_start_is_aware():
    start = datetime(2026, 1, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    assert VirtualClock(start).now() == datetime(2026, 1, 1, 10, tzinfo=UTC)
    with pytest.raises(ValueError, match="aware"):
        VirtualClock(datetime(2026, 1, 1))
