"""Steps that need not wait for each other."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, TypeVar, overload

A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
D = TypeVar("D")
E = TypeVar("E")
F = TypeVar("F")


@overload
async def parallel(a: Awaitable[A], b: Awaitable[B], /) -> tuple[A, B]: ...
@overload
async def parallel(a: Awaitable[A], b: Awaitable[B], c: Awaitable[C], /) -> tuple[A, B, C]: ...
@overload
async def parallel(
    a: Awaitable[A], b: Awaitable[B], c: Awaitable[C], d: Awaitable[D], /
) -> tuple[A, B, C, D]: ...
@overload
async def parallel(
    a: Awaitable[A], b: Awaitable[B], c: Awaitable[C], d: Awaitable[D], e: Awaitable[E], /
) -> tuple[A, B, C, D, E]: ...
@overload
async def parallel(
    a: Awaitable[A],
    b: Awaitable[B],
    c: Awaitable[C],
    d: Awaitable[D],
    e: Awaitable[E],
    f: Awaitable[F],
    /,
) -> tuple[A, B, C, D, E, F]: ...
@overload
async def parallel(*steps: Awaitable[A]) -> tuple[A, ...]: ...
async def parallel(*steps: Awaitable[Any]) -> tuple[Any, ...]:
    """Lift the order among the calls that are its arguments.

    `label, sent = await parallel(ship(order), notify(order))` gives the results in the order of
    the arguments. In a direct call the coroutines run on
    this event loop at once; the first exception is raised after the others were cancelled and
    have ended.
    """
    # Not gather: it leaves the others running. Not TaskGroup: it wraps the exception in a group.
    # Loaded by who runs something, not by who imports a flow to check it.
    import asyncio

    if not steps:
        return ()
    tasks = [asyncio.ensure_future(step) for step in steps]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        for task in tasks:
            if task in done:
                task.result()
        return tuple(task.result() for task in tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
