"""Going on with a run: what its history says is believed, and nothing else begins."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from latticeflow import Client, Kv, NonRetryable, flow, granted, node, parallel, retry, timeout
from latticeflow.diagnostics import UsageError
from latticeflow.engine import type_name
from latticeflow.hosts.local import judge, read_target
from latticeflow.hosts.local.embedding import prepare_flow
from latticeflow.hosts.local.running import make_run, wall_ms
from latticeflow.providers.run_store import MemoryRunStore
from latticeflow.runs import Event, EventKind, Run, RunError, RunStatus

RUN = "r"


class Outside:
    """Keys and values; what is asked of them tells which steps ran."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    async def get(self, key: str) -> bytes | None:
        self.calls.append(key)
        return None

    async def put(self, key: str, value: bytes, **_: Any) -> int:
        self.calls.append(key)
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


@pytest.fixture
def outside() -> Outside:
    return Outside()


def client_on(store: MemoryRunStore, outside: Outside) -> Client:
    return Client(store, grants={"kv": outside})


async def left_behind(
    function: Any, arguments: dict[str, Any], events: Sequence[Event], **fields: Any
) -> MemoryRunStore:
    """Return a store with a run of `function` whose process is gone, with this history."""
    store = MemoryRunStore()
    await store.open()
    run = make_run(prepare_flow(function), arguments, run_id=RUN)
    for name, value in fields.items():
        setattr(run, name, value)
    await store.create(run)
    began = Event(kind=EventKind.RUN_STARTED, at_ms=wall_ms())
    await store.append(RUN, [began, *events], fence=0)
    return store


def event(kind: EventKind, position: str, attempt: int = 1, **fields: Any) -> Event:
    return Event(
        kind=kind,
        at_ms=fields.pop("at_ms", wall_ms()),
        position=position,
        attempt=attempt,
        **fields,
    )


def error(kind: type[BaseException]) -> RunError:
    bases = tuple(type_name(base) for base in kind.__mro__[1:-1])
    return RunError(type=type_name(kind), message="recorded", bases=bases)


def kinds(events: Sequence[Event], position: str) -> list[EventKind]:
    return [each.kind for each in events if each.position == position]


@node(retry=5)
async def look(x: int, *, kv: Kv.Read = granted) -> int:
    """Look something up."""
    await kv.get("look")
    return x + 1


@flow
async def looking(x: int) -> int:
    """Look once."""
    return await look(x)


async def test_what_failed_for_good_is_not_tried_again(outside: Outside) -> None:
    failed = event(EventKind.STEP_FAILED, "look", error=error(NonRetryable))
    store = await left_behind(looking, {"x": 1}, [failed])
    async with client_on(store, outside) as client:
        result = await (await client.resume(RUN, flow=looking)).wait()
        events = await store.history(RUN)
    assert (result.status, outside.calls) == (RunStatus.FAILED, [])
    assert result.error is not None
    assert result.error.message == "recorded"
    assert kinds(events, "look") == [EventKind.STEP_FAILED], "what is known is not written again"


@pytest.mark.parametrize(("ago_ms", "is_at_once"), [(100_000, True), (0, False)])
async def test_the_delay_before_the_next_attempt_goes_on(
    outside: Outside, ago_ms: int, *, is_at_once: bool
) -> None:
    failed = event(
        EventKind.STEP_RETRYING,
        "look",
        attempt=2,
        at_ms=wall_ms() - ago_ms,
        error=error(ConnectionError),
        data={"delay_ms": 60_000},
    )
    first = event(
        EventKind.STEP_RETRYING, "look", at_ms=0, error=error(OSError), data={"delay_ms": 1}
    )
    store = await left_behind(looking, {"x": 1}, [first, failed])
    async with client_on(store, outside) as client:
        handle = await client.resume(RUN, flow=looking)
        if is_at_once:
            assert await handle.result() == 2
            done = [each for each in await store.history(RUN) if each.value is not None]
            assert [each.attempt for each in done] == [3]
        else:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(handle.wait(), 0.1)
            assert outside.calls == []


@node
async def write(x: int, *, kv: Kv.Read = granted) -> int:
    """Look at what cannot be known."""
    await kv.get("write")
    return x


@flow
async def writing(x: int) -> int:
    """Write in good time, or again."""
    with retry(2, backoff="1ms"), timeout("1m"):
        return await write(x)


async def test_an_attempt_of_a_body_that_failed_is_not_opened_again(outside: Outside) -> None:
    body = next(step.alias for step in prepare_flow(writing).plan.steps if step.body is not None)
    begun = event(EventKind.STEP_STARTED, f"{body}/write")
    failed = event(EventKind.STEP_RETRYING, body, error=error(TimeoutError), data={"delay_ms": 1})
    store = await left_behind(writing, {"x": 1}, [begun, failed])
    async with client_on(store, outside) as client:
        assert await (await client.resume(RUN, flow=writing)).result() == 1
        positions = {each.position for each in await store.history(RUN) if each.value is not None}
    assert outside.calls == ["write"]
    assert {position.partition("/")[0] for position in positions} >= {f"{body}~2"}


async def test_what_was_to_be_cancelled_begins_nothing_more(outside: Outside) -> None:
    store = await left_behind(looking, {"x": 1}, [])
    assert await store.request_cancel(RUN)
    async with client_on(store, outside) as client:
        result = await (await client.resume(RUN, flow=looking)).wait()
    assert (result.status, outside.calls) == (RunStatus.CANCELLED, [])


class Overtaken(MemoryRunStore):
    """A store in which another process ends the run just before it is claimed."""

    async def claim(self, run_id: str, owner: Any) -> Run | None:
        run = self._runs[run_id]
        run.status = RunStatus.SUCCEEDED
        return await super().claim(run_id, owner)


async def test_a_run_that_another_process_ended_meanwhile_is_not_driven(outside: Outside) -> None:
    left = await left_behind(looking, {"x": 1}, [])
    store = Overtaken()
    store.__dict__.update(left.__dict__)
    async with client_on(store, outside) as client:
        with pytest.raises(UsageError, match="has ended"):
            await client.resume(RUN, flow=looking)
        known = await store.get(RUN)
    assert known is not None
    assert (known.owner, outside.calls) == (None, [])


@node(idempotency="x")
async def send(x: int, *, kv: Kv.Write = granted) -> int:
    """Send under a key that no ledger keeps."""
    await kv.put(f"send {x}", b"sent")
    return x


@node
async def later(x: int, y: int) -> int:
    """Add."""
    return x + y


@flow
async def sending(x: int) -> int:
    """Send two things, at once."""
    a, b = await parallel(send(x), send(x + 1))
    return await later(a, b)


def doubts(events: Sequence[Event]) -> set[str]:
    return {each.position for each in events if each.kind is EventKind.STEP_IN_DOUBT}


def begun(position: str) -> Event:
    return event(EventKind.STEP_STARTED, position)


async def test_all_steps_in_doubt_are_found_at_once_and_decided_together(outside: Outside) -> None:
    store = await left_behind(sending, {"x": 1}, [begun("send"), begun("send_2")])
    async with client_on(store, outside) as client:
        assert (await (await client.resume(RUN, flow=sending)).wait()).status is RunStatus.PARKED
        assert doubts(await store.history(RUN)) == {"send", "send_2"}
        # The same client goes on: a run that is parked belongs to nobody.
        again = await client.resume(RUN, flow=sending, assume="retry")
        assert await again.result() == 3
    assert sorted(outside.calls) == ["send 1", "send 2"]


async def test_what_runs_beside_a_step_in_doubt_ends_and_is_kept(outside: Outside) -> None:
    store = await left_behind(sending, {"x": 1}, [begun("send")])
    async with client_on(store, outside) as client:
        assert (await (await client.resume(RUN, flow=sending)).wait()).status is RunStatus.PARKED
        assert kinds(await store.history(RUN), "send_2")[-1] is EventKind.STEP_COMPLETED
        again = await client.resume(RUN, flow=sending, assume="retry")
        assert await again.result() == 3
    assert sorted(outside.calls) == ["send 1", "send 2"]


async def test_a_step_that_was_decided_on_can_be_in_doubt_again(outside: Outside) -> None:
    decided = event(EventKind.STEP_ASSUMED, "send", data={"assume": "retry"})
    doubt = event(EventKind.STEP_IN_DOUBT, "send")
    past = [begun("send"), doubt, decided, begun("send"), doubt]
    store = await left_behind(sending, {"x": 1}, past, status=RunStatus.PARKED)
    async with client_on(store, outside) as client:
        again = await client.resume(RUN, flow=sending, assume="retry")
        assert await again.result() == 3


async def test_of_a_deadline_what_is_left_runs_on(outside: Outside) -> None:
    latest = event(EventKind.STEP_STARTED, "look", at_ms=wall_ms() + 6_000)
    store = await left_behind(looking, {"x": 1}, [latest], options={"deadline": 5.0})
    async with client_on(store, outside) as client:
        result = await (await client.resume(RUN, flow=looking)).wait()
    assert result.error is not None
    assert result.error.code == "RUN102"


WORKFLOW = """\
id = "exits"

[steps.fails]
run = "printf 'what was said'; exit 3"
on_error = "continue"

[steps.after]
needs = ["fails"]
when = "steps.fails.status == 'failed' && steps.fails.exit_code == 3"
run = "printf '%s' ${{ steps.fails.stdout }}"

[outputs]
said = "${{ steps.after.stdout }}"
"""


async def test_what_a_failed_command_has_given_is_known_after_resuming(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "workflow.toml"
    file.write_text(WORKFLOW)
    prepared = judge(read_target(str(file)), target=str(file)).prepared
    assert prepared is not None
    async with Client("memory:") as client:
        first = await client.start(prepared)
        assert await first.result() == {"said": "what was said"}
        events = await client.store.history(first.run_id)
    known = [each for each in events if each.position == "fails"]
    assert EventKind.STEP_FAILED in [each.kind for each in known]
    store = await left_behind(prepared, {}, known)
    async with Client(store) as client:
        assert await (await client.resume(RUN, flow=prepared)).result() == {"said": "what was said"}
        assert len(kinds(await store.history(RUN), "fails")) == len(known), "it ran again"
