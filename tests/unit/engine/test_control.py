"""Routing, skipping, merging, rounds, errors as values: what the stepper decides."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from tests.unit.engine.graphs import edge, graph, node, run_graph

from latticeflow.engine.surroundings import Surroundings
from latticeflow.engine.workers import RemoteTraceback
from latticeflow.flow import Retry, Surface


def add_one(x: int) -> int:
    return x + 1


def double(x: int) -> int:
    return x * 2


def is_big(x: int) -> bool:
    return x > 10


def boom(x: int) -> int:
    msg = f"boom {x}"
    raise ValueError(msg)


def branch() -> Any:
    return graph(
        [
            node("input", "std.trigger.manual"),
            node("cond", "is_big"),
            node("a", "add_one"),
            node("b", "double"),
            node("m", "std.merge"),
            node("after", "add_one"),
        ],
        [
            edge("input -> cond.x", select="/x"),
            edge("input -> a.x", select="/x"),
            edge("input -> b.x", select="/x"),
            edge("cond -> a"),
            edge("cond -> b"),
            edge("a -> m.value"),
            edge("b -> m.value"),
            edge("m -> after.x"),
        ],
        output="after",
        surfaces=[
            Surface(
                id="if:cond:0",
                kind="if",
                targets=["cond", "a", "b"],
                config={"v": 1, "source": "cond", "then": "a", "else": "b"},
            )
        ],
    )


@pytest.mark.parametrize(("x", "expected"), [(20, 22), (3, 7)])
async def test_a_branch_takes_one_side_and_merges(x: int, expected: int) -> None:
    functions = {"is_big": is_big, "add_one": add_one, "double": double}
    outcome = await run_graph(branch(), functions, {"x": x})
    assert (outcome.status, outcome.value) == ("succeeded", expected)


def body(*, fails: bool = False) -> Any:
    return graph(
        [node("input", "std.input"), node("step", "boom" if fails else "add_one")],
        [edge("input -> step.x", select="/item")],
        output="step",
        inputs=("item",),
    )


def loop_over(concurrency: int, *, fails: bool = False, on_error: str = "fail") -> Any:
    config = {
        "v": 1,
        "source": "input",
        "items_pointer": "/x",
        "body_entry": "each_1",
        "concurrency": concurrency,
        "on_error": on_error,
    }
    return graph(
        [
            node("input", "std.trigger.manual"),
            node("each_1", "f.each_1", subflow_ir=body(fails=fails)),
        ],
        [edge("input -> each_1.items", select="/x")],
        output="each_1",
        surfaces=[Surface(id="s", kind="for_each", targets=["input", "each_1"], config=config)],
    )


@pytest.mark.parametrize("concurrency", [1, 3, 100])
async def test_results_of_rounds_keep_the_order_of_items(concurrency: int) -> None:
    async def add_slowly(x: int) -> int:
        for _ in range(10 - x):
            await asyncio.sleep(0)
        return x + 1

    outcome = await run_graph(
        loop_over(concurrency), {"add_one": add_slowly}, {"x": list(range(10))}
    )
    assert outcome.value == list(range(1, 11))


async def test_the_first_failing_round_wins_whatever_ends_first() -> None:
    async def fails_late_first(x: int) -> int:
        for _ in range(10 - x):
            await asyncio.sleep(0)
        msg = f"boom {x}"
        raise ValueError(msg)

    outcome = await run_graph(
        loop_over(5, fails=True), {"boom": fails_late_first}, {"x": [0, 1, 2, 3, 4]}
    )
    assert outcome.failure is not None
    assert outcome.failure.error.message == "boom 0"
    assert outcome.failure.error.position == "each_1[0]/step"


async def test_failed_rounds_are_dropped_or_kept_as_asked() -> None:
    def picky(x: int) -> int:
        if x % 2:
            raise ValueError("odd")
        return x

    dropped = await run_graph(
        loop_over(2, on_error="skip"), {"add_one": picky}, {"x": [0, 1, 2, 3]}
    )
    assert dropped.value == [0, 2]
    kept = await run_graph(loop_over(2, on_error="collect"), {"add_one": picky}, {"x": [0, 1]})
    assert kept.value == [0, {"error": {"type": "builtins:ValueError", "message": "odd"}}]


async def test_an_empty_list_gives_an_empty_list() -> None:
    outcome = await run_graph(loop_over(1), {"add_one": add_one}, {"x": []})
    assert outcome.value == []


async def test_the_first_failure_in_program_order_wins() -> None:
    async def slow_boom(x: int) -> int:
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        raise KeyError("first")

    flow = graph(
        [
            node("input", "std.trigger.manual"),
            node("a", "slow_boom"),
            node("b", "boom"),
        ],
        [edge("input -> a.x", select="/x"), edge("input -> b.x", select="/x")],
        output="b",
    )
    outcome = await run_graph(flow, {"slow_boom": slow_boom, "boom": boom}, {"x": 1})
    assert outcome.failure is not None
    assert isinstance(outcome.failure.exception, KeyError)


async def test_what_is_later_than_a_failure_is_cancelled_and_cleans_up() -> None:
    log: list[str] = []

    async def later(x: int) -> int:
        try:
            await asyncio.Event().wait()
        finally:
            log.append("cleaned")
        return x

    flow = graph(
        [node("input", "std.trigger.manual"), node("a", "boom"), node("b", "later")],
        [edge("input -> a.x", select="/x"), edge("input -> b.x", select="/x")],
    )

    async def boom_soon(x: int) -> int:
        await asyncio.sleep(0)
        return boom(x)

    outcome = await run_graph(flow, {"boom": boom_soon, "later": later}, {"x": 1})
    assert outcome.status == "failed"
    assert log == ["cleaned"]


async def test_a_caught_error_is_a_value() -> None:
    flow = graph(
        [
            node("input", "std.trigger.manual"),
            node("try_1", "f.try_1", subflow_ir=body(fails=True)),
        ],
        [edge("input -> try_1.item", select="/x")],
        output="try_1",
        surfaces=[
            Surface(
                id="h",
                kind="error_handler",
                targets=["try_1"],
                config={
                    "v": 1,
                    "scope": {"nodes": ["try_1"]},
                    "strategy": "catch",
                    "catch": [{"on": ["builtins:ValueError"], "label": "0"}],
                },
            )
        ],
    )
    outcome = await run_graph(flow, {"boom": boom}, {"x": 1})
    assert outcome.value == {
        "case": "0",
        "error": {"type": "builtins:ValueError", "message": "boom 1"},
    }


async def test_a_step_is_tried_again_until_it_works() -> None:
    tries: list[int] = []

    def flaky(x: int) -> int:
        tries.append(x)
        if len(tries) < 3:
            raise ConnectionError("again")
        return x

    flow = graph(
        [
            node("input", "std.trigger.manual"),
            node("a", "flaky", retry=Retry(max_attempts=3, initial_interval_ms=1)),
        ],
        [edge("input -> a.x", select="/x")],
        output="a",
    )
    outcome = await run_graph(flow, {"flaky": flaky}, {"x": 1})
    assert (outcome.value, len(tries)) == (1, 3)


async def test_a_timeout_fails_the_step_with_a_code() -> None:
    async def forever(x: int) -> int:
        await asyncio.Event().wait()
        return x

    flow = graph(
        [node("input", "std.trigger.manual"), node("a", "forever", timeout_ms=5)],
        [edge("input -> a.x", select="/x")],
        output="a",
    )
    outcome = await run_graph(flow, {"forever": forever}, {"x": 1})
    assert outcome.failure is not None
    assert outcome.failure.error.code == "TIME015"
    assert isinstance(outcome.failure.exception, TimeoutError)


class Workers:
    """Keeps a call waiting for longer than its step may take, then does as it is told."""

    def __init__(self, error: Exception | None = None) -> None:
        self.timeouts: list[float | None] = []
        self._error = error

    async def run(
        self,
        function: Callable[..., Any],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
        *,
        timeout: float | None = None,
    ) -> Any:
        self.timeouts.append(timeout)
        loop = asyncio.get_running_loop()
        free = loop.create_future()
        loop.call_later(0.02, free.set_result, None)
        await free
        if self._error is not None:
            raise self._error
        return function(*args, **(kwargs or {}))


async def test_waiting_for_a_worker_is_not_part_of_a_steps_time() -> None:
    flow = graph(
        [node("input", "std.trigger.manual"), node("a", "add_one", timeout_ms=5)],
        [edge("input -> a.x", select="/x")],
        output="a",
    )
    workers = Workers()
    outcome = await run_graph(
        flow, {"add_one": add_one}, {"x": 1}, surroundings=Surroundings(workers=workers)
    )
    assert (outcome.value, workers.timeouts) == (2, [0.005])


async def test_a_worker_that_ran_out_of_time_fails_the_step_as_any_timeout_does() -> None:
    flow = graph(
        [node("input", "std.trigger.manual"), node("a", "add_one", timeout_ms=5)],
        [edge("input -> a.x", select="/x")],
        output="a",
    )
    own = TimeoutError("of the function")
    own.__cause__ = RemoteTraceback("there")
    for error, code in ((TimeoutError(), "TIME015"), (own, None)):
        outcome = await run_graph(
            flow, {"add_one": add_one}, {"x": 1}, surroundings=Surroundings(workers=Workers(error))
        )
        assert outcome.failure is not None
        assert outcome.failure.error.code == code
        assert isinstance(outcome.failure.exception, TimeoutError)


async def test_a_deadline_cancels_the_run() -> None:
    async def forever(x: int) -> int:
        await asyncio.Event().wait()
        return x

    flow = graph(
        [node("input", "std.trigger.manual"), node("a", "forever")],
        [edge("input -> a.x", select="/x")],
    )
    loop = asyncio.get_running_loop()
    outcome = await run_graph(
        flow, {"forever": forever}, {"x": 1}, deadline_ms=int(loop.time() * 1000) + 5
    )
    assert (outcome.status, outcome.reason) == ("cancelled", "deadline")


async def test_a_long_chain_of_skips_needs_no_stack() -> None:
    count = 5000
    nodes = [node("input", "std.trigger.manual"), node("cond", "is_big")]
    nodes += [node(f"n{i}", "add_one") for i in range(count)]
    edges = [edge("input -> cond.x", select="/x"), edge("cond -> n0")]
    edges += [edge("input -> n0.x", select="/x")]
    edges += [edge(f"n{i} -> n{i + 1}.x") for i in range(count - 1)]
    flow = graph(
        nodes,
        edges,
        output=f"n{count - 1}",
        surfaces=[
            Surface(
                id="i",
                kind="if",
                targets=["cond", "n0"],
                config={"v": 1, "source": "cond", "then": "n0", "else": None},
            )
        ],
    )
    outcome = await run_graph(flow, {"is_big": is_big, "add_one": add_one}, {"x": 1})
    assert (outcome.status, outcome.value) == ("succeeded", None)
    outcome = await run_graph(flow, {"is_big": is_big, "add_one": add_one}, {"x": 11})
    assert outcome.value == 11 + count


async def test_a_failed_step_that_continues_skips_what_needs_it() -> None:
    flow = graph(
        [
            node("input", "std.trigger.manual"),
            node("a", "boom", on_error="continue"),
            node("b", "add_one"),
            node("c", "add_one"),
        ],
        [
            edge("input -> a.x", select="/x"),
            edge("a -> b.x"),
            edge("input -> c.x", select="/x"),
        ],
        output="c",
    )
    outcome = await run_graph(flow, {"boom": boom, "add_one": add_one}, {"x": 1})
    assert (outcome.status, outcome.value) == ("succeeded", 2)


async def test_a_fallback_stands_in_for_a_failed_step() -> None:
    flow = graph(
        [
            node("input", "std.trigger.manual"),
            node("a", "boom", on_error="continue", fallback=41),
            node("b", "add_one"),
        ],
        [edge("input -> a.x", select="/x"), edge("a -> b.x")],
        output="b",
    )
    outcome = await run_graph(flow, {"boom": boom, "add_one": add_one}, {"x": 1})
    assert outcome.value == 42


async def test_max_parallel_bounds_what_runs_at_once() -> None:
    running = peak = 0

    async def busy(x: int) -> int:
        nonlocal running, peak
        running += 1
        peak = max(peak, running)
        await asyncio.sleep(0)
        running -= 1
        return x

    nodes = [node("input", "std.trigger.manual"), *(node(f"n{i}", "busy") for i in range(20))]
    edges = [edge(f"input -> n{i}.x", select="/x") for i in range(20)]
    for bound in (1, 3):
        peak = 0
        await run_graph(graph(nodes, edges), {"busy": busy}, {"x": 1}, max_parallel=bound)
        assert peak == bound
