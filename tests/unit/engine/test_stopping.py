"""What the stepper does with steps that end although, or because, nobody wants them any more."""

from __future__ import annotations

import asyncio
import math
from typing import Any

import msgspec
import pytest
from tests.unit.engine.graphs import component, edge, graph, node, run_graph

from latticeflow.engine import Stepper, failure_of, restore, snapshot
from latticeflow.flow import Catalog, Retry, Surface
from latticeflow.plan import Plan, lower_graph

START = node("input", "std.trigger.manual")


def one(x: int) -> int:
    return x


async def never(x: int) -> int:
    await asyncio.Event().wait()
    return x


FUNCTIONS = Catalog([component("one", one), component("never", never)])


def side_by_side(**second: Any) -> Plan:
    """`a` and `b` run at once, `after` follows `b`."""
    return lower_graph(
        graph(
            [START, node("a", "one"), node("b", "never", **second), node("after", "one")],
            [
                edge("input -> a.x", select="/x"),
                edge("input -> b.x", select="/x"),
                edge("b -> after.x"),
            ],
            output="after",
        ),
        FUNCTIONS,
    )


def begun(plan: Plan, **options: Any) -> Stepper:
    stepper = Stepper(plan, {"x": 1}, **options)
    stepper.begin(0)
    while stepper.ready:
        stepper.launched(*stepper.ready.popleft())
    return stepper


def put_away(stepper: Stepper) -> Stepper:
    return restore(stepper.plan, msgspec.json.decode(msgspec.json.encode(snapshot(stepper))))


def aliases(starts: Any) -> list[str]:
    return [frame.position(index) for frame, index in starts]


def index_of(stepper: Stepper, alias: str) -> int:
    return stepper.plan.index_of[alias]


def test_what_completes_in_spite_of_its_cancellation_starts_nothing() -> None:
    stepper = begun(side_by_side())
    stepper.cancel("asked")
    stepper.complete(stepper.root, index_of(stepper, "b"), 1)
    assert aliases(stepper.ready) == []
    stepper.cancelled(stepper.root, index_of(stepper, "a"))
    assert stepper.outcome is not None
    assert stepper.outcome.status == "cancelled"
    assert not stepper.ready


def test_a_step_is_told_once_to_end() -> None:
    stepper = begun(side_by_side(timeout_ms=10))
    stepper.tick(10)
    assert aliases(stepper.cancels) == ["b"]
    stepper.fail(stepper.root, index_of(stepper, "a"), failure_of(ValueError("no")))
    stepper.cancel("asked")
    assert aliases(stepper.cancels) == ["b"]


def test_a_step_that_fails_while_it_is_cancelled_is_not_tried_again() -> None:
    stepper = begun(side_by_side(retry=Retry(max_attempts=5)))
    stepper.fail(stepper.root, index_of(stepper, "a"), failure_of(ValueError("first")))
    stepper.fail(stepper.root, index_of(stepper, "b"), failure_of(ValueError("second")))
    assert stepper.next_timer() is None
    assert stepper.outcome is not None
    assert stepper.outcome.failure is not None
    assert stepper.outcome.failure.error.message == "first"


def test_a_step_cancelled_from_within_fails_and_is_not_tried_again() -> None:
    stepper = begun(side_by_side(retry=Retry(max_attempts=5)))
    stepper.cancelled(stepper.root, index_of(stepper, "b"))
    stepper.complete(stepper.root, index_of(stepper, "a"), 1)
    assert stepper.outcome is not None
    assert stepper.outcome.failure is not None
    assert stepper.outcome.failure.error.type.endswith("CancelledError")


async def test_a_node_that_awaits_something_cancelled_does_not_hang_the_run() -> None:
    async def waits(x: int) -> int:
        other = asyncio.ensure_future(asyncio.sleep(60))
        other.cancel()
        await other
        return x

    flow = graph(
        [START, node("a", "waits")], [edge("input -> a.x", select="/x")], output="a", inputs=("x",)
    )
    outcome = await asyncio.wait_for(run_graph(flow, {"waits": waits}, {"x": 1}), 10)
    assert outcome.failure is not None
    assert isinstance(outcome.failure.exception, asyncio.CancelledError)


def test_the_thousandth_delay_is_the_longest() -> None:
    plan = side_by_side(
        retry=Retry(max_attempts=5000, initial_interval_ms=1, max_interval_ms=7, jitter=0.0)
    )
    stepper = begun(plan)
    stepper.root.attempts[index_of(stepper, "b")] = 4000
    assert math.isinf(2.0**1023 * 2)
    stepper.fail(stepper.root, index_of(stepper, "b"), failure_of(ValueError("no")))
    assert stepper.next_timer() == 7


# -- the same across a restart ---------------------------------------------------------------------


def test_a_restored_run_does_not_start_what_was_being_cancelled() -> None:
    stepper = begun(side_by_side())
    stepper.fail(stepper.root, index_of(stepper, "a"), failure_of(ValueError("no")))
    assert stepper.outcome is None
    again = put_away(stepper)
    assert not again.ready
    assert again.busy == 0
    assert again.outcome is not None
    assert again.outcome.failure is not None
    assert again.outcome.failure.error.message == "no"


def test_a_restored_step_whose_time_is_over_fails_for_that() -> None:
    stepper = begun(side_by_side(timeout_ms=10, on_error="continue", fallback=7))
    stepper.tick(10)
    again = put_away(stepper)
    assert aliases(again.ready) == ["a", "after"]
    assert again.root.values[index_of(again, "b")] == 7


def test_a_restored_cancelled_run_has_ended() -> None:
    stepper = begun(side_by_side())
    stepper.cancel("asked")
    again = put_away(stepper)
    assert again.outcome is not None
    assert again.outcome.reason == "asked"


def test_an_ended_run_is_restored_as_ended() -> None:
    stepper = begun(side_by_side())
    for alias in ("a", "b"):
        stepper.complete(stepper.root, index_of(stepper, alias), 3)
    stepper.complete(*stepper.ready.popleft(), 4)
    assert stepper.outcome is not None
    assert put_away(stepper).outcome == stepper.outcome


def test_a_value_like_any_mark_stays_a_value() -> None:
    stepper = begun(side_by_side())
    stepper.complete(stepper.root, index_of(stepper, "a"), {"$skipped": True})
    assert put_away(stepper).root.values[index_of(stepper, "a")] == {"$skipped": True}


def test_a_restored_run_waits_for_its_next_attempt() -> None:
    retry = Retry(max_attempts=3, initial_interval_ms=100, jitter=0.0)
    stepper = begun(side_by_side(retry=retry))
    stepper.fail(stepper.root, index_of(stepper, "b"), failure_of(ValueError("no")))
    again = put_away(stepper)
    assert aliases(again.ready) == ["a"]
    assert again.next_timer() == 100
    again.tick(100)
    assert again.root.attempts[index_of(again, "b")] == 2


def test_rounds_that_may_be_ended_by_the_one_before_run_in_turn() -> None:
    inner = graph(
        [node("input", "std.input"), node("body", "one")],
        [edge("input -> body.x", select="/item")],
        output="body",
        inputs=("item",),
    )
    flow = graph(
        [START, node("each_1", "f.each_1", subflow_ir=inner)],
        [edge("input -> each_1.items", select="/x")],
        output="each_1",
        surfaces=[
            Surface(
                id="s",
                kind="for_each",
                config={
                    "v": 1,
                    "source": "input",
                    "body_entry": "each_1",
                    "concurrency": 5,
                    "stop": "=value > 2",
                },
            )
        ],
    )
    stepper = Stepper(lower_graph(flow, FUNCTIONS), {"x": [1, 2, 3, 4, 5]})
    stepper.begin(0)
    assert aliases(stepper.ready) == ["each_1[0]/body"]
    while stepper.ready:
        frame, index = stepper.ready.popleft()
        stepper.complete(frame, index, frame.arguments["item"])
    assert stepper.outcome is not None
    assert stepper.outcome.value == {"items": [1, 2, 3], "broke": True}


@pytest.mark.parametrize("when", ["before", "after"])
def test_the_order_of_bodies_cancelled_is_that_of_their_opening(when: str) -> None:
    inner = graph(
        [node("input", "std.input"), node("body", "never")],
        [edge("input -> body.x", select="/item")],
        output="body",
        inputs=("item",),
    )
    flow = graph(
        [START, node("each_1", "f.each_1", subflow_ir=inner)],
        [edge("input -> each_1.items", select="/x")],
        surfaces=[
            Surface(
                id="s",
                kind="for_each",
                config={"v": 1, "source": "input", "body_entry": "each_1", "concurrency": 20},
            )
        ],
    )
    stepper = Stepper(lower_graph(flow, FUNCTIONS), {"x": list(range(20))})
    stepper.begin(0)
    if when == "after":
        stepper = put_away(stepper)
    while stepper.ready:
        stepper.launched(*stepper.ready.popleft())
    stepper.cancel("asked")
    assert aliases(stepper.cancels) == [f"each_1[{number}]/body" for number in range(20)]
