"""Cancelling a run ends what it started, and leaves nothing behind: no task, file, process."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.unit.engine.graphs import component, edge, graph, node, run_graph

from latticeflow.components import STANDARD
from latticeflow.components.shell import ShellSteps
from latticeflow.engine import Journal, Loop, Outcome, Stepper, Surroundings
from latticeflow.engine.workers import WorkerPool
from latticeflow.flow import Catalog, Effects, Flow, Retry, Surface
from latticeflow.plan import Plan, lower_graph
from latticeflow.providers.run_store import MemoryRunStore, this_process
from latticeflow.runs import Run
from latticeflow.testing import VirtualTime

START = node("input", "std.trigger.manual")


async def never(x: Any) -> Any:
    await asyncio.Event().wait()
    return x


def chain(*nodes: Any, **fields: Any) -> Flow:
    """Return a graph in which every node takes the value of the one before it."""
    first, *rest = nodes
    edges = [edge(f"input -> {first.alias}.x", select="/x")]
    edges += [edge(f"{a.alias} -> {b.alias}.x") for a, b in zip(nodes, rest, strict=False)]
    return graph([START, *nodes], edges, output=nodes[-1].alias, **fields)


def open_files() -> set[str]:
    found = set()
    for link in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            found.add(str(link.readlink()))
    return found


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


async def until(condition: Any) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.005)


def others() -> set[asyncio.Task[Any]]:
    return asyncio.all_tasks() - {asyncio.current_task()}


def each_of(inner: Flow, **config: Any) -> tuple[list[Any], list[Any], list[Surface]]:
    body = node("each_1", "f.each_1", subflow_ir=inner)
    settings = {"v": 1, "source": "input", "body_entry": "each_1", "concurrency": 4, **config}
    surface = Surface(id="s", kind="for_each", config=settings)
    return [START, body], [edge("input -> each_1.items", select="/items")], [surface]


INNER = graph(
    [node("input", "std.input"), node("body", "never")],
    [edge("input -> body.x", select="/item")],
    output="body",
    inputs=("item",),
)


def nested(depth: int) -> Flow:
    """Return `depth` bodies in each other, each with four rounds, around a step that hangs."""
    flow = INNER
    for _ in range(depth):
        nodes, edges, surfaces = each_of(flow)
        nodes[0] = node("input", "std.input")
        edges = [edge("input -> each_1.items", select="/item")]
        flow = graph(nodes, edges, output="each_1", surfaces=surfaces, inputs=("item",))
    return flow


NEVER = Catalog([component("never", never)])


async def test_a_thousand_cancelled_runs_leave_no_task_and_no_file() -> None:
    nodes, edges, surfaces = each_of(INNER)
    plan = lower_graph(
        graph([*nodes, node("b", "never")], [*edges, edge("input -> b.x")], surfaces=surfaces),
        NEVER,
    )

    async def one() -> Outcome:
        loop = Loop(Stepper(plan, {"items": [1, 2, 3]}), Surroundings())
        running = asyncio.create_task(loop.run())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        loop.cancel("asked")
        return await running

    await one()
    gc.collect()
    tasks, files = len(others()), open_files()
    steppers = sum(isinstance(each, Stepper) for each in gc.get_objects())
    outcomes = await asyncio.gather(*(one() for _ in range(1000)))
    assert {outcome.status for outcome in outcomes} == {"cancelled"}
    del outcomes
    gc.collect()
    assert len(others()) == tasks
    assert open_files() <= files
    assert sum(isinstance(each, Stepper) for each in gc.get_objects()) <= steppers


async def test_cancelling_the_caller_cancels_the_run_and_waits_for_its_steps() -> None:
    ended: list[int] = []

    async def tidies(x: int) -> int:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.01)
            ended.append(x)
        return x

    flow = chain(node("a", "tidies"))
    running = asyncio.create_task(run_graph(flow, {"tidies": tidies}, {"x": 1}))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert ended == [1]
    assert not others()


async def test_a_second_reason_to_stop_does_not_break_off_the_tidying() -> None:
    tidied = asyncio.Event()
    began = asyncio.Event()

    async def tidies(x: int) -> int:
        try:
            await asyncio.Event().wait()
        finally:
            began.set()
            await asyncio.sleep(0.02)
            tidied.set()
        return x

    async def fails(x: int) -> int:
        await began.wait()
        raise ValueError("no")

    flow = graph(
        [START, node("a", "fails"), node("b", "tidies", timeout_ms=1)],
        [edge("input -> a.x", select="/x"), edge("input -> b.x", select="/x")],
    )
    outcome = await run_graph(flow, {"tidies": tidies, "fails": fails}, {"x": 1}, deadline_ms=None)
    assert outcome.failure is not None
    assert outcome.failure.error.message == "no"
    assert tidied.is_set()


@pytest.mark.parametrize("depth", [1, 3])
async def test_bodies_in_bodies_are_cancelled_to_the_last_step(depth: int) -> None:
    flow = nested(depth)
    items: Any = 1
    for _ in range(depth):
        items = [items] * 4
    stepper = Stepper(
        lower_graph(
            graph(
                [START, node("all", "f.all", subflow_ir=flow)],
                [edge("input -> all.item", select="/x")],
            ),
            NEVER,
        ),
        {"x": items},
    )
    loop = Loop(stepper, Surroundings())
    running = asyncio.create_task(loop.run())
    await until(lambda: len(others()) == 4**depth + 1)
    loop.cancel("asked")
    assert (await running).status == "cancelled"
    assert not others()


def shell_node(alias: str, run: str, **fields: Any) -> Any:
    return node(alias, "std.shell", config={"run": run}, effects=Effects.EFFECTFUL, **fields)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at processes in /proc")
async def test_a_cancelled_command_dies_with_its_children(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    script = f"sleep 100 & echo $! > {pids}.child; trap '' TERM; echo $$ > {pids}; wait; sleep 100"
    flow = graph([START, shell_node("a", script)], [edge("input -> a")])
    runner = ShellSteps(tmp_path, grace=timedelta(milliseconds=50))
    loop = Loop(Stepper(lower_graph(flow, STANDARD), {}), Surroundings(shell=runner))
    running = asyncio.create_task(loop.run())
    await until(lambda: pids.exists() and pids.read_text().strip())
    found = [int(pids.read_text()), int(Path(f"{pids}.child").read_text())]
    assert all(alive(pid) for pid in found)
    loop.cancel("asked")
    assert (await running).status == "cancelled"
    assert not any(alive(pid) for pid in found)
    assert not others()


async def test_a_cancelled_worker_is_killed_and_the_pool_goes_on() -> None:
    pool = WorkerPool()
    try:
        flow = chain(node("a", "sleep", timeout_ms=60_000))
        sleeps = component("sleep", time.sleep)
        plan = lower_graph(flow, Catalog([sleeps]))
        loop = Loop(Stepper(plan, {"x": 60}), Surroundings(workers=pool))
        running = asyncio.create_task(loop.run())
        await until(lambda: pool.pids)
        began = time.monotonic()
        loop.cancel("asked")
        assert (await running).status == "cancelled"
        assert time.monotonic() - began < 10
        assert await pool.run(abs, (-3,)) == 3
    finally:
        await pool.close()
    assert not others()


async def test_a_deadline_that_passes_while_a_step_waits_for_its_next_attempt() -> None:
    attempts = []

    def fails(x: int) -> int:
        attempts.append(x)
        raise ValueError("no")

    clock = VirtualTime()
    retry = Retry(max_attempts=10, initial_interval_ms=60_000, max_interval_ms=60_000, jitter=0.0)
    with clock.on(asyncio.get_running_loop()):
        outcome = await run_graph(
            chain(node("a", "fails", retry=retry)),
            {"fails": fails},
            {"x": 1},
            surroundings=Surroundings(clock_ms=clock.now_ms),
            deadline_ms=clock.now_ms() + 150_000,
        )
    assert outcome.reason == "deadline"
    assert len(attempts) == 3
    assert clock.elapsed.total_seconds() == 150
    assert not others()


class SlowStore(MemoryRunStore):
    """Keeps what it is given once it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()
        self.asked = 0

    async def _commit(self, *arguments: Any, **named: Any) -> None:
        self.asked += 1
        await self.gate.wait()
        await super().append(*arguments, **named)

    def append(self, *arguments: Any, **named: Any) -> Any:
        return asyncio.ensure_future(self._commit(*arguments, **named))


def reading(call: Any) -> tuple[Plan, Catalog]:
    catalog = Catalog([component("read", call)])
    flow = chain(
        node("a", "read", effects=Effects.READ_ONLY), node("b", "read", effects=Effects.READ_ONLY)
    )
    return lower_graph(flow, catalog), catalog


async def begin_slowly(call: Any) -> tuple[SlowStore, Loop, asyncio.Task[Outcome]]:
    store = SlowStore()
    await store.open()
    run = Run(
        run_id="r",
        flow_name="f",
        flow_version="0.0.0",
        flow_digest="d",
        flow_ir=b"{}",
        arguments=b"{}",
        created_at_ms=0,
    )
    stored, _ = await store.create(run, this_process())
    plan, _ = reading(call)
    journal = Journal(store, stored, clock=lambda: 0)
    loop = Loop(Stepper(plan, {"x": 1}), Surroundings(), journal=journal, durability="strong")
    running = asyncio.create_task(loop.run())
    await until(lambda: store.asked)
    return store, loop, running


async def test_a_run_cancelled_while_a_commit_is_under_way_waits_for_it() -> None:
    calls = []

    def read(x: int) -> int:
        calls.append(x)
        return x + 1

    store, loop, running = await begin_slowly(read)
    loop.cancel("asked")
    await asyncio.sleep(0.01)
    assert not running.done()
    store.gate.set()
    assert (await running).status == "cancelled"
    assert calls == [1]
    history = await store.history("r")
    assert [event.position for event in history if event.value is not None] == ["a"]
    await until(lambda: not others())


async def test_what_depends_on_a_commit_does_not_begin_before_it() -> None:
    calls = []

    def read(x: int) -> int:
        calls.append(x)
        return x + 1

    store, _, running = await begin_slowly(read)
    await asyncio.sleep(0.01)
    assert calls == [1]
    store.gate.set()
    assert (await running).value == 3
    assert calls == [1, 2]
