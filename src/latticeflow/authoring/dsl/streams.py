"""Streams of a flow: windows by event time, and keyed joins.

In a direct call they work on the stream as it is; time is what the items say it is.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Generic, Literal, TypeVar

import msgspec

from latticeflow.authoring.dsl.durations import Duration, parse_duration
from latticeflow.authoring.dsl.refusing import read_duration

T = TypeVar("T")
U = TypeVar("U")
K = TypeVar("K")


class Window(msgspec.Struct, Generic[T], frozen=True):
    """The items of a stretch of time; `end` is exclusive."""

    items: list[T]
    start: datetime
    end: datetime


class Frame(msgspec.Struct, frozen=True):
    """How time is cut: `tumbling`, `sliding` or `session`."""

    kind: Literal["tumbling", "sliding", "session"]
    size: timedelta
    every: timedelta


def tumbling(size: Duration, /) -> Frame:
    """Cut time into stretches of `size`, one after another, from the epoch on."""
    length = read_duration("tumbling", "size", size)
    return Frame("tumbling", length, length)


def sliding(size: Duration, /, *, every: Duration) -> Frame:
    """Cut time into stretches of `size` that begin `every` so often; they may overlap."""
    step = read_duration("sliding", "every", every)
    return Frame("sliding", read_duration("sliding", "size", size), step)


def session(gap: Duration, /) -> Frame:
    """Cut time where nothing came for `gap`."""
    length = read_duration("session", "gap", gap)
    return Frame("session", length, length)


async def window(
    items: AsyncIterable[T],
    frame: Frame,
    /,
    *,
    at: Callable[[T], datetime],
    lateness: Duration = "0s",
    late: Callable[[T], object] | None = None,
) -> AsyncIterator[Window[T]]:
    """Group a stream by time.

    `async for w in window(clicks, tumbling("1m"), at=when)` gives one `Window` after another. One
    is given when an item at or after its end plus `lateness` has come, and at the stream's end,
    in order of start.

    Args:
        items: The stream.
        frame: How time is cut.
        at: The time of an item; a time without a zone is taken as UTC.
        lateness: How long after its end a window still takes items.
        late: A node that gets the items that came too late; without it they are dropped.
    """
    allowed = parse_duration(lateness)
    open_: list[Window[T]] = []
    newest: datetime | None = None
    async for item in items:
        when = _aware(at(item))
        newest = when if newest is None else max(newest, when)
        if not _place(item, when, frame, open_, newest - allowed) and late is not None:
            outcome = late(item)
            if isinstance(outcome, Awaitable):
                await outcome
        for done in sorted(open_, key=_span):
            if done.end + allowed <= newest:
                open_.remove(done)
                yield done
    for rest in sorted(open_, key=_span):
        yield rest


async def join(
    left: AsyncIterable[T],
    right: AsyncIterable[U],
    /,
    *,
    on: tuple[Callable[[T], K], Callable[[U], K]],
    within: Duration,
) -> AsyncIterator[tuple[T, U]]:
    """Pair the items of two streams that have the same key and come `within` of each other.

    In a direct call no time passes, so all items of a key meet; the pairs are in the order of
    `left`, then of `right`.

    Args:
        left: One stream.
        right: The other.
        on: The key of an item of each.
        within: How far apart they may come.
    """
    read_duration("join", "within", within)
    key_left, key_right = on
    by_key: dict[K, list[U]] = {}
    async for other in right:
        by_key.setdefault(key_right(other), []).append(other)
    async for item in left:
        for other in by_key.get(key_left(item), ()):
            yield item, other


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _span(window: Window[T]) -> tuple[datetime, datetime]:
    return window.start, window.end


def _aware(when: datetime) -> datetime:
    return when if when.tzinfo is not None else when.replace(tzinfo=UTC)


def _place(
    item: T, when: datetime, frame: Frame, open_: list[Window[T]], watermark: datetime
) -> bool:
    """Put `item` into its windows, opening them as needed; tell whether any still took it."""
    if frame.kind == "session":
        return _place_in_session(item, when, frame.size, open_, watermark)
    taken = False
    start = when - (when - _EPOCH) % frame.every
    while start + frame.size > when:
        end = start + frame.size
        if end > watermark:
            taken = True
            for existing in open_:
                if existing.start == start:
                    existing.items.append(item)
                    break
            else:
                open_.append(Window([item], start, end))
        start -= frame.every
    return taken


def _place_in_session(
    item: T, when: datetime, gap: timedelta, open_: list[Window[T]], watermark: datetime
) -> bool:
    touched = [w for w in open_ if when + gap > w.start and when < w.end]
    if not touched and when + gap <= watermark:
        return False
    for old in touched:
        open_.remove(old)
    touched.sort(key=_span)
    items = [kept for old in touched for kept in old.items]
    start = min([when, *(old.start for old in touched)])
    end = max([when + gap, *(old.end for old in touched)])
    open_.append(Window([*items, item], start, end))
    return True
