"""Writing what a run does into its history, and knowing what earlier processes wrote."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Protocol

import msgspec

from latticeflow.runs import Event, EventKind, Run, RunError, RunStore


class Observer(Protocol):
    """Sees what happens in a run as it happens; what it sees may not be committed yet."""

    def on_event(self, event: Event) -> None:
        """Take note of an event."""

    def on_output(self, position: str, attempt: int, stream: str, text: str) -> None:
        """Take note of a line that a step wrote."""


class Past(msgspec.Struct):
    """What the history says of one attempt of a step.

    `value` is set when it completed, `error` when it failed; with neither it was begun and its
    end is not known. `due_ms` is when the next attempt was to begin, if there was to be one.
    `assumed` is a person's decision on a step in doubt.
    """

    value: bytes | None = None
    error: RunError | None = None
    due_ms: int | None = None
    assumed: str | None = None
    data: dict[str, Any] | None = None


class Journal:
    """The history of one run, written through its store under one fence.

    `past` is what earlier processes wrote of each attempt, `noted` the decisions in it that need
    no second record; `clock` gives the milliseconds since the epoch.
    """

    __slots__ = ("_append", "_fence", "_observer", "_run_id", "_store", "clock", "noted", "past")

    def __init__(
        self,
        store: RunStore,
        run: Run,
        *,
        clock: Callable[[], int],
        observer: Observer | None = None,
        past: Iterable[Event] = (),
    ) -> None:
        self._store = store
        self._append = store.append
        self._run_id = run.run_id
        self._fence = run.owner.fence if run.owner is not None else 0
        self.clock = clock
        self._observer = observer
        known = tuple(past)
        self.past = read_past(known)
        self.noted = {
            (event.kind, event.position, event.attempt) for event in known if event.kind in _FACTS
        }

    def write(
        self,
        kind: EventKind,
        position: str = "",
        attempt: int = 0,
        *,
        value: bytes | None = None,
        error: RunError | None = None,
        data: dict[str, Any] | None = None,
        state: Run | None = None,
    ) -> Awaitable[None]:
        """Add one event; the awaitable completes when it, and all before it, are durable."""
        event = Event(
            kind=kind,
            at_ms=self.clock(),
            position=position,
            attempt=attempt,
            value=value,
            error=error,
            data=data or {},
        )
        if self._observer is not None:
            self._observer.on_event(event)
        return self._append(self._run_id, (event,), fence=self._fence, state=state)


def read_past(events: Iterable[Event]) -> dict[tuple[str, int], Past]:
    """Return what is known of each attempt, by position and attempt number.

    A cancelled attempt stays one whose end is not known: its effect may have happened.
    """
    past: dict[tuple[str, int], Past] = {}
    for event in events:
        key = (event.position, event.attempt)
        if event.kind is EventKind.STEP_STARTED:
            past[key] = Past(data=event.data)
        elif event.kind is EventKind.STEP_COMPLETED:
            past[key] = Past(value=event.value if event.value is not None else b"null")
        elif event.kind is EventKind.STEP_FAILED:
            past[key] = Past(error=event.error)
        elif event.kind is EventKind.STEP_RETRYING:
            delay = event.data.get("delay_ms", 0)
            past[key] = Past(error=event.error, due_ms=event.at_ms + delay)
        elif event.kind is EventKind.STEP_ASSUMED:
            known = past.setdefault(key, Past())
            known.assumed = str(event.data.get("assume"))
            known.value = event.value
    return past


_FACTS = frozenset({EventKind.STEP_FAILED, EventKind.STEP_RETRYING, EventKind.STEP_SKIPPED})
