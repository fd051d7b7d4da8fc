"""Loops of a flow: over values, up to a bound, unrolled."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable
from typing import Any, Literal, TypeVar, overload

from latticeflow.authoring.dsl.refusing import read_choice, read_count, refuse

T = TypeVar("T")


@overload
def each(
    items: Iterable[T],
    /,
    *,
    concurrency: int = 1,
    by: Callable[[T], object] | None = None,
    on_error: Literal["fail", "skip", "collect"] = "fail",
) -> Iterable[T]: ...
@overload
def each(
    items: AsyncIterable[T],
    /,
    *,
    concurrency: int = 1,
    by: Callable[[T], object] | None = None,
    on_error: Literal["fail", "skip", "collect"] = "fail",
) -> AsyncIterator[T]: ...
def each(
    items: Any,
    /,
    *,
    concurrency: int = 1,
    by: Callable[[Any], object] | None = None,
    on_error: Literal["fail", "skip", "collect"] = "fail",
) -> Any:
    """Run the body of a `for` or of a comprehension once an item; results keep the items' order.

    In a direct call this is the plain loop, one item after another.

    Args:
        items: A list, or a stream.
        concurrency: How many items are worked on at once, from 1.
        by: The key of an item; items of one key keep their order among each other.
        on_error: What a failing item does: `fail` the flow, be `skip`ped, or leave its error in
            its place (`collect`). In a direct call the exception is raised.

    Raises:
        UsageError: FLOW025, an argument makes no sense.
    """
    read_count("each", "concurrency", concurrency)
    if by is not None and not callable(by):
        refuse("each", "by", f"{by!r} is no function of an item")
    read_choice("each", "on_error", on_error, ("fail", "skip", "collect"))
    return items


def up_to(rounds: int, /) -> Iterable[int]:
    """Repeat a body, at most this often.

    `for attempt in up_to(20)` is a loop with a bound, which ends earlier by `break`. The variable
    counts from 0.

    Raises:
        UsageError: FLOW025, `rounds` is below 1.
    """
    return range(read_count("up_to", "rounds", rounds))


def static(items: Iterable[T], /) -> Iterable[T]:
    """Unroll a loop over constants: the graph gets the body once an item."""
    return items
