"""The loop around the stepper: turns, ends that nobody asked for, a journal that breaks."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Awaitable, Sequence
from typing import Any

import pytest
from tests.unit.engine.graphs import edge, graph, node, run_graph

from latticeflow import Client, Kv, flow, granted
from latticeflow import node as a_node
from latticeflow.flow import Retry
from latticeflow.providers.run_store import MemoryRunStore
from latticeflow.runs import Event, EventKind, Run, RunStatus, StoreError


def wide(count: int) -> Any:
    nodes = [node("input", "std.trigger.manual"), *(node(f"n{i}", "busy") for i in range(count))]
    return graph(nodes, [edge(f"input -> n{i}.x", select="/x") for i in range(count)])


@pytest.mark.parametrize("bound", [None, 8])
async def test_steps_that_never_wait_let_others_go_on(bound: int | None) -> None:
    def busy(x: int) -> int:
        until = time.perf_counter() + 0.001
        while time.perf_counter() < until:
            pass
        return x

    turns = 0
    running = asyncio.create_task(
        run_graph(wide(400), {"busy": busy}, {"x": 1}, max_parallel=bound)
    )
    while not running.done():
        await asyncio.sleep(0)
        turns += 1
    assert (await running).status == "succeeded"
    assert turns > 8, "400 ms of steps in less than a turn each 50 ms"


async def test_a_deadline_holds_for_steps_that_never_wait() -> None:
    def busy(x: int) -> int:
        until = time.perf_counter() + 0.001
        while time.perf_counter() < until:
            pass
        return x

    now = int(asyncio.get_running_loop().time() * 1000)
    outcome = await run_graph(wide(3000), {"busy": busy}, {"x": 1}, deadline_ms=now + 50)
    assert (outcome.status, outcome.reason) == ("cancelled", "deadline")


async def test_many_that_wait_for_room_are_started_in_order() -> None:
    order: list[int] = []

    async def note(x: int) -> int:
        order.append(x)
        await asyncio.sleep(0)
        return x

    count = 3000
    nodes = [node("input", "std.trigger.manual"), *(node(f"n{i}", "note") for i in range(count))]
    edges = [edge(f"input -> n{i}.x", select=f"/{i}") for i in range(count)]
    flow_ = graph(nodes, edges, inputs=tuple(str(i) for i in range(count)))
    arguments = {str(i): i for i in range(count)}
    await run_graph(flow_, {"note": note}, arguments, max_parallel=4)
    assert order == list(range(count))


@pytest.mark.parametrize("waits", [False, True])
async def test_a_node_that_exits_fails_and_is_not_tried_again(*, waits: bool) -> None:
    tries = []

    async def leave(x: int) -> int:
        tries.append(x)
        if waits:
            await asyncio.sleep(0)
        raise SystemExit(3)

    def leave_at_once(x: int) -> int:
        tries.append(x)
        raise SystemExit(3)

    retry = Retry(max_attempts=3, initial_interval_ms=1) if waits else None
    outcome = await run_graph(
        graph(
            [node("input", "std.trigger.manual"), node("a", "leave", retry=retry)],
            [edge("input -> a.x", select="/x")],
        ),
        {"leave": leave if waits else leave_at_once},
        {"x": 1},
    )
    assert outcome.failure is not None
    assert isinstance(outcome.failure.exception, SystemExit)
    assert tries == [1]


async def test_a_node_whose_wait_was_cancelled_by_itself_fails() -> None:
    async def gives_up(x: int) -> int:
        inner = asyncio.ensure_future(asyncio.Event().wait())
        asyncio.get_running_loop().call_soon(inner.cancel)
        await inner
        return x

    outcome = await asyncio.wait_for(
        run_graph(
            graph(
                [node("input", "std.trigger.manual"), node("a", "gives_up")],
                [edge("input -> a.x", select="/x")],
            ),
            {"gives_up": gives_up},
            {"x": 1},
        ),
        10,
    )
    assert outcome.failure is not None
    assert outcome.failure.error.type == "asyncio.exceptions:CancelledError"


class BrokenStore(MemoryRunStore):
    """A store whose disk is full after so many writes."""

    def __init__(self, writes: int) -> None:
        super().__init__()
        self.left = writes

    def append(
        self, run_id: str, events: Sequence[Event], *, fence: int, state: Run | None = None
    ) -> Awaitable[None]:
        self.left -= 1
        if self.left >= 0:
            return super().append(run_id, events, fence=fence, state=state)
        refused: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        refused.set_exception(StoreError("STORE005", "the disk is full"))
        refused.exception()
        return refused


class Outside:
    """Keys and values; what is put is counted."""

    def __init__(self) -> None:
        self.effects: list[str] = []

    async def get(self, key: str) -> bytes | None:
        del key
        await asyncio.sleep(0)
        return None

    async def put(self, key: str, value: bytes, **_: Any) -> int:
        self.effects.append(key)
        return len(value)

    async def delete(self, key: str, **_: Any) -> bool:
        del key
        return False

    async def get_entry(self, key: str) -> None:
        del key

    async def list(self, prefix: str = "", **_: Any) -> None:
        del prefix

    def info(self) -> None:
        """Say nothing."""


@a_node
async def look(x: int, *, kv: Kv.Read = granted) -> int:
    """Look."""
    await kv.get("look")
    return x


@a_node(idempotency="x")
async def put(x: int, *, kv: Kv.Write = granted) -> int:
    """Put."""
    await kv.put(f"put {x}", b"")
    return x


@flow
async def stubborn(x: int) -> int:
    """Put something, whatever happens."""
    seen = await look(x)
    try:
        done = await put(seen)
    except Exception:  # noqa: BLE001  (what the test is about)
        done = await put(seen + 100)
    return await put(done + 1)


async def test_a_store_that_breaks_ends_the_run_with_its_error_wherever_that_is() -> None:
    loop = asyncio.get_running_loop()
    noticed: list[Any] = []
    loop.set_exception_handler(lambda _, context: noticed.append(context))
    writes = 0
    while True:
        outside = Outside()
        store = BrokenStore(writes)
        client = Client(store, grants={"kv": outside})
        handle = await client.start(stubborn, 1)
        try:
            result = await asyncio.wait_for(handle.wait(), 10)
        except StoreError as error:
            assert error.code == "STORE005"  # noqa: PT017  (not every round of the loop raises)
            # No handler of the flow mistakes the store's error for its step's.
            assert "put 101" not in outside.effects
            # What was not recorded as begun has not been begun.
            assert len(outside.effects) <= max(0, writes - 2)
        else:
            assert result.status is RunStatus.SUCCEEDED
            break
        finally:
            await client.close()
        assert [task for task in asyncio.all_tasks() if task is not asyncio.current_task()] == []
        writes += 1
    assert writes > 5
    del handle, result
    gc.collect()
    await asyncio.sleep(0)
    assert noticed == []


@a_node(effects="read_only", determinism="best_effort", retry=5)
async def opaque(x: int) -> object:
    """Return what has no JSON form."""
    await asyncio.sleep(0)
    return lambda: x


@flow
async def unkept(x: int) -> object:
    """Return what cannot be kept."""
    return await opaque(x)


@pytest.mark.parametrize("durability", ["strong", "partial", "off"])
async def test_what_cannot_be_recorded_fails_the_run_with_a_code(durability: Any) -> None:
    async with Client("memory:", durability=durability) as client:
        handle = await client.start(unkept, 1)
        result = await handle.wait()
        events = await client.store.history(handle.run_id)
    assert result.status is RunStatus.FAILED
    assert result.error is not None
    assert result.error.code == "STEP006"
    assert ("unkept" if durability == "off" else "opaque") in result.error.message
    assert EventKind.STEP_RETRYING not in {each.kind for each in events}


class SlowStore(MemoryRunStore):
    """A store whose commits take a while."""

    def append(
        self, run_id: str, events: Sequence[Event], *, fence: int, state: Run | None = None
    ) -> Awaitable[None]:
        written = super().append(run_id, events, fence=fence, state=state)

        async def slowly() -> None:
            await asyncio.sleep(0.08)
            await written

        return asyncio.ensure_future(slowly())


@a_node(timeout="30ms", effects="read_only", determinism="best_effort")
async def quick(x: int) -> int:
    """Take no time."""
    await asyncio.sleep(0)
    return x


@flow
async def in_time(x: int) -> int:
    """Be in time, whatever the disk does."""
    return await quick(x)


async def test_the_time_of_a_step_ends_when_it_does_not_when_that_is_recorded() -> None:
    async with Client(SlowStore()) as client:
        assert await (await client.start(in_time, 1)).result() == 1
