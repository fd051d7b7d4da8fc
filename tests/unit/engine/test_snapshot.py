"""The stepper's state is a value: kept and restored after every event, the run ends the same."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from tests.unit.engine.graphs import component, edge, graph, node

from latticeflow.engine import Outcome, Stepper, failure_of, restore, snapshot
from latticeflow.engine.inputs import call_arguments
from latticeflow.flow import Catalog, Retry, Surface
from latticeflow.plan import Plan, lower_graph


def flaky_halves(x: int) -> int:
    if x % 2:
        raise ValueError("odd")
    return x // 2


def everything() -> Plan:
    inner = graph(
        [
            node("input", "std.input"),
            node("half", "halves", retry=Retry(max_attempts=2, initial_interval_ms=5)),
            node("inc", "add_one"),
        ],
        [edge("input -> half.x", select="/item"), edge("half -> inc.x")],
        output="inc",
        inputs=("item",),
    )
    flow = graph(
        [
            node("input", "std.trigger.manual"),
            node("each_1", "f.each_1", subflow_ir=inner),
            node("count", "size"),
            node("big", "is_big"),
            node("a", "add_one"),
            node("m", "std.merge"),
        ],
        [
            edge("input -> each_1.items", select="/items"),
            edge("each_1 -> count.x"),
            edge("count -> big.x"),
            edge("count -> a.x"),
            edge("big -> a"),
            edge("a -> m.value"),
            edge("count -> m.value"),
        ],
        output="m",
        inputs=("items",),
        surfaces=[
            Surface(
                id="s",
                kind="for_each",
                config={
                    "v": 1,
                    "source": "input",
                    "body_entry": "each_1",
                    "concurrency": 2,
                    "on_error": "skip",
                },
            ),
            Surface(
                id="i",
                kind="if",
                targets=["big", "a"],
                config={"v": 1, "source": "big", "then": "a"},
            ),
        ],
    )
    catalog = Catalog(
        [
            component("halves", flaky_halves),
            component("add_one", lambda x: x + 1),
            component("size", len),
            component("is_big", lambda x: x > 2),
        ]
    )
    return lower_graph(flow, catalog)


def drive(plan: Plan, items: list[int], *, keep: bool) -> tuple[Outcome, int]:
    """Run to the end by hand; with `keep`, through JSON and back after every single event."""
    stepper = Stepper(plan, {"items": items})
    stepper.begin(0)
    events = 0
    while stepper.outcome is None:
        if keep:
            state = msgspec.json.decode(msgspec.json.encode(snapshot(stepper)))
            stepper = restore(plan, state)
        events += 1
        start = stepper.take()
        if start is None:
            due = stepper.next_timer()
            assert due is not None, "nothing to do and nothing to wait for"
            stepper.tick(due)
            continue
        frame, index = start
        step = frame.plan.steps[index]
        arguments, named = call_arguments(frame, step, {}, {})
        stepper.launched(frame, index)
        try:
            value: Any = step.call(*arguments, **named)  # type: ignore[misc]
        except ValueError as exc:
            stepper.fail(frame, index, failure_of(exc))
        else:
            stepper.complete(frame, index, value)
    return stepper.outcome, events


@pytest.mark.parametrize("items", [[], [2, 4], [2, 3, 4, 6], [2, 4, 6, 8, 10], [1, 3]])
def test_a_run_kept_after_every_event_ends_the_same(items: list[int]) -> None:
    straight, _ = drive(everything(), items, keep=False)
    kept, events = drive(everything(), items, keep=True)
    assert kept == straight
    assert straight.value == (even + 1 if (even := sum(not x % 2 for x in items)) > 2 else even)
    assert events >= len(items)


def test_a_snapshot_of_another_plan_is_refused() -> None:
    stepper = Stepper(everything(), {"items": []})
    stepper.begin(0)
    other = lower_graph(graph([node("input", "std.trigger.manual")], []), Catalog())
    with pytest.raises(ValueError, match="another plan"):
        restore(other, snapshot(stepper))
