"""The least a graph can cost in this interpreter: written by hand, for these graphs alone.

None of them has what an engine is for (failures, skips, limits, cancellation, positions). They are
what figures are compared with, in the same process and the same minute.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import copy_context

from shapes import Parents, followers, levels, work

Run = Callable[[], Awaitable[int]]


def awaited(parents: Parents) -> Run:
    """Await one node after the other: no concurrency, so no scheduler."""

    async def run() -> int:
        values: list[int] = []
        for chosen in parents:
            values.append(await work(*[values[parent] for parent in chosen]))
        return values[-1]

    return run


def gathered(parents: Parents) -> Run:
    """`asyncio.gather` for each level: what people write by hand."""
    grouped = levels(parents)

    async def run() -> int:
        values = [0] * len(parents)
        for level in grouped:
            calls = [work(*[values[parent] for parent in parents[node]]) for node in level]
            if len(calls) == 1:
                values[level[0]] = await calls[0]
            else:
                for node, value in zip(level, await asyncio.gather(*calls), strict=True):
                    values[node] = value
        return values[-1]

    return run


def stepped(parents: Parents) -> Run:
    """Counters, and each coroutine stepped by hand: a scheduler with nothing but the graph."""
    waiting, needed = followers(parents), [len(chosen) for chosen in parents]

    async def run() -> int:
        values = [0] * len(parents)
        left = needed.copy()
        ready = [0]
        while ready:
            node = ready.pop()
            try:
                work(*[values[parent] for parent in parents[node]]).send(None)
            except StopIteration as stop:
                values[node] = stop.value
            for follower in waiting[node]:
                left[follower] -= 1
                if not left[follower]:
                    ready.append(follower)
        return values[-1]

    return run


def stepped_apart(parents: Parents) -> Run:
    """The same, each node in a copied context of its own, as a task would have it."""
    waiting, needed = followers(parents), [len(chosen) for chosen in parents]

    async def run() -> int:
        values = [0] * len(parents)
        left = needed.copy()
        ready = [0]
        while ready:
            node = ready.pop()
            coroutine = work(*[values[parent] for parent in parents[node]])
            try:
                copy_context().run(coroutine.send, None)
            except StopIteration as stop:
                values[node] = stop.value
            for follower in waiting[node]:
                left[follower] -= 1
                if not left[follower]:
                    ready.append(follower)
        return values[-1]

    return run


def tasks(parents: Parents) -> Run:
    """Counters and a task for each node: the usual way to write a scheduler."""
    waiting, needed = followers(parents), [len(chosen) for chosen in parents]

    async def run() -> int:
        loop = asyncio.get_running_loop()
        values = [0] * len(parents)
        left = needed.copy()
        finished = loop.create_future()

        def start(node: int) -> None:
            task = loop.create_task(work(*[values[parent] for parent in parents[node]]))
            task.add_done_callback(lambda done: end(node, done))

        def end(node: int, task: asyncio.Task[int]) -> None:
            values[node] = task.result()
            for follower in waiting[node]:
                left[follower] -= 1
                if not left[follower]:
                    start(follower)
            if node == len(parents) - 1:
                finished.set_result(None)

        start(0)
        await finished
        return values[-1]

    return run


FLOORS = {
    "awaited": awaited,
    "stepped": stepped,
    "stepped, own context": stepped_apart,
    "gather by level": gathered,
    "a task a node": tasks,
}
