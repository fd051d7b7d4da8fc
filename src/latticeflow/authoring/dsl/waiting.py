"""Waiting for time, for an event, for a person.

A direct call has nobody to wait for: `sleep` returns at once, and `event` and `approval` are
answered by the `Answers` in force, or refused with the way to give some.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta
from typing import Protocol, TypeVar

import msgspec

from latticeflow.authoring.dsl.durations import Duration
from latticeflow.authoring.dsl.refusing import read_duration
from latticeflow.diagnostics import LatticeFlowError

T = TypeVar("T")


class Decision(msgspec.Struct, frozen=True):
    """What a person decided."""

    approved: bool
    by: str
    note: str = ""


class Answers(Protocol):
    """Who answers in a direct call; `latticeflow.testing` has one, a test may write its own."""

    async def event(self, kind: type[T], key: object, within: timedelta | None) -> T:
        """Return the event, or raise `TimeoutError`."""
        ...

    async def approval(
        self, question: str, by: str, within: timedelta, escalate: str | None
    ) -> Decision:
        """Return the decision, or raise `TimeoutError`."""
        ...

    async def sleep(self, duration: timedelta) -> None:
        """Let the time pass."""
        ...


_ANSWERS: ContextVar[Answers | None] = ContextVar("latticeflow_answers", default=None)


@contextmanager
def answering(answers: Answers) -> Iterator[None]:
    """Let `answers` answer the waits of flows called directly inside this block."""
    token = _ANSWERS.set(answers)
    try:
        yield
    finally:
        _ANSWERS.reset(token)


async def sleep(duration: Duration, /) -> None:
    """Wait for `duration`. In a run this is a durable timer; in a direct call it takes no time.

    Raises:
        UsageError: FLOW025, it is no duration longer than nothing.
    """
    wanted = read_duration("sleep", "duration", duration)
    answers = _ANSWERS.get()
    if answers is not None:
        await answers.sleep(wanted)
    else:
        # Loaded by who runs something, not by who imports a flow to check it.
        import asyncio

        await asyncio.sleep(0)


async def event(kind: type[T], /, *, key: object, within: Duration | None = None) -> T:
    """Wait for an event of type `kind` whose key equals `key`.

    Args:
        kind: The event's type; the event is decoded into it.
        key: Which one, of all of that type.
        within: How long to wait at most; without it, as long as it takes.

    Raises:
        TimeoutError: It did not come in time.
        LatticeFlowError: In a direct call that nobody answers.
    """
    limit = None if within is None else read_duration("event", "within", within)
    return await _answers("event", kind.__name__).event(kind, key, limit)


async def approval(
    question: str, /, *, by: str, within: Duration, escalate: str | None = None
) -> Decision:
    """Ask a person, and wait for the decision.

    Args:
        question: What is asked.
        by: Who may decide: a person or a group.
        within: How long to wait at most.
        escalate: Who is asked then.

    Raises:
        TimeoutError: Nobody decided in time.
        LatticeFlowError: In a direct call that nobody answers.
    """
    limit = read_duration("approval", "within", within)
    return await _answers("approval", repr(question)).approval(question, by, limit, escalate)


def _answers(what: str, which: str) -> Answers:
    answers = _ANSWERS.get()
    if answers is None:
        raise LatticeFlowError(
            f"nobody answers {what}({which}) in a direct call; run the flow, or call it inside "
            f"`latticeflow.testing.answers(...)`"
        )
    return answers
