import asyncio
import threading

import pytest

from latticeflow.providers.sqlite.turns import Turns


async def test_first_come_first_served():
    turns = Turns()
    order = []

    async def use(number):
        await turns.take()
        order.append(number)
        await asyncio.sleep(0)
        turns.give_back()

    await asyncio.gather(*(use(number) for number in range(10)))
    assert order == list(range(10))


async def test_cancelled_one_does_not_keep_the_turn():
    turns = Turns()
    await turns.take()
    waiting = [asyncio.ensure_future(turns.take()) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    turns.give_back()
    waiting[1].cancel()  # it may have been given the turn at this very moment
    async with asyncio.timeout(10):
        await waiting[2]
    for task in waiting[:2]:
        with pytest.raises(asyncio.CancelledError):
            await task
    turns.give_back()
    await turns.take()


def test_loops_of_several_threads_take_turns():
    turns = Turns()
    inside = 0
    worst = 0

    async def use():
        nonlocal inside, worst
        for _ in range(50):
            await turns.take()
            inside += 1
            worst = max(worst, inside)
            await asyncio.sleep(0)
            inside -= 1
            turns.give_back()

    threads = [threading.Thread(target=lambda: asyncio.run(use())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert worst == 1
