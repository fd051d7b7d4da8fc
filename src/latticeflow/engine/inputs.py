"""Making the inputs of a step from the values of the steps before it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from latticeflow.diagnostics import LatticeFlowError, report
from latticeflow.engine.environment import environment_of
from latticeflow.engine.frame import Frame
from latticeflow.plan import SKIPPED, Feed, Step


class StepInputError(LatticeFlowError):
    """What reached a step does not fit its input."""

    non_retryable = True

    def __init__(self, port: str, why: str) -> None:
        super().__init__(diagnostics=(report("STEP010", port=port, step="it", why=why),))
        self.port = port
        self.why = why


def call_arguments(
    frame: Frame,
    step: Step,
    facts_of_run: Mapping[str, Any],
    environment: Mapping[str, str],
) -> tuple[list[Any], dict[str, Any]]:
    """Return the positional and the named arguments of a call."""
    feeds = step.feeds
    scope = None
    if any(feed.template is not None for feed in feeds):
        scope = environment_of(frame, facts_of_run, environment)
    values = frame.values
    positional = [_value(feed, values, scope) for feed in feeds[: step.arity]]
    named = {feed.port: _value(feed, values, scope) for feed in feeds[step.arity :]}
    return positional, named


def named_arguments(
    frame: Frame,
    step: Step,
    facts_of_run: Mapping[str, Any],
    environment: Mapping[str, str],
) -> dict[str, Any]:
    """Return every input by its name, for a body."""
    positional, named = call_arguments(frame, step, facts_of_run, environment)
    names = (feed.port for feed in step.feeds[: step.arity])
    return {**dict(zip(names, positional, strict=True)), **named}


def _value(feed: Feed, values: list[Any], scope: Mapping[str, Any] | None) -> Any:
    if feed.source < 0:
        if feed.template is None:
            return feed.literal
        return _decoded(feed, feed.template(scope or {}))
    value = values[feed.source]
    if value is SKIPPED:
        return feed.default
    if feed.select is not None:
        value = feed.select(value)
    return _decoded(feed, value)


def _decoded(feed: Feed, value: Any) -> Any:
    """Return the value as its port types it.

    Raises:
        StepInputError: it is not of that type.
    """
    if feed.decode is None:
        return value
    try:
        return feed.decode(value)
    except (ValueError, TypeError) as exc:
        raise StepInputError(feed.port, str(exc)) from exc
