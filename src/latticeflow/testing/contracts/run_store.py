"""What every run store does. Subclass `RunStoreContract` and give it a `make_store` fixture.

    class TestMyStore(RunStoreContract):
        @pytest.fixture
        def make_store(self, tmp_path):
            return partial(MyStore, tmp_path / "runs")

Each call of `make_store()` makes a store, not open, of the same place. A store that several
processes may share passes `latticeflow.testing.contracts.run_store_shared` as well. For readable
failures register the module with `pytest.register_assert_rewrite` before importing it.
"""

# ruff: noqa: S101, D102 - these are tests: they assert, and their names are their sentences

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import msgspec
import pytest

from latticeflow.providers.run_store import this_process
from latticeflow.runs import (
    Event,
    EventKind,
    FencedError,
    LogLine,
    Owner,
    Run,
    RunError,
    RunFilter,
    RunStatus,
    RunStore,
    StoreError,
)

MakeStore = Callable[[], RunStore]

# No process of any machine: what a run looks like whose owner was killed.
DEAD = Owner(boot_id="gone", pid=2**22 + 1, process_started="0", host="gone")


def a_run(run_id: str = "run-1", **fields: Any) -> Run:
    """Return a run of a small flow."""
    given = {
        "flow_name": "checkout",
        "flow_version": "0.0.0",
        "flow_digest": "digest-1",
        "flow_ir": b'{"name":"checkout"}',
        "arguments": b'{"order":1}',
        "created_at_ms": 1_000,
    }
    return Run(run_id=run_id, **{**given, **fields})


def completed(number: int, value: bytes | None = None) -> Event:
    """Return the event of a step that completed with its number, or `value`."""
    return Event(
        kind=EventKind.STEP_COMPLETED,
        at_ms=2_000 + number,
        position=f"each_1[{number}]/price",
        attempt=1,
        value=str(number).encode() if value is None else value,
    )


def a_line(text: str) -> LogLine:
    """Return a line that a step wrote."""
    return LogLine(position="price", attempt=1, stream="stdout", text=text, at_ms=3_000)


class RunStoreContract:
    """The port's promises, one test each."""

    @pytest.fixture
    async def store(self, make_store: MakeStore) -> AsyncIterator[RunStore]:
        store = make_store()
        await store.open()
        yield store
        await store.close()

    # ------------------------------------------------------------------------------- runs

    async def test_a_run_comes_back_as_it_was_given(self, store: RunStore) -> None:
        run = a_run(
            status=RunStatus.FAILED,
            target="flow.py:checkout",
            durability="partial",
            code_digests={"price": "abc"},
            seed=7,
            actor="ada",
            host="here",
            product_version="0.1.0",
            options={"parallel": 3, "tags": ["a", "b"], "none": None},
            started_at_ms=1_001,
            finished_at_ms=1_002,
            result=b"null",
            error=RunError(type="x.E", message="é\n", bases=("B",), position="p", attempt=2),
            parent_run_id="run-0",
        )
        stored, added = await store.create(run)
        assert added
        assert stored == run
        assert await store.get("run-1") == run

    async def test_an_unknown_run_is_none(self, store: RunStore) -> None:
        assert await store.get("run-1") is None
        assert await store.history("run-1") == []
        assert await store.logs("run-1") == []

    async def test_a_second_run_of_an_id_is_the_first(self, store: RunStore) -> None:
        await store.create(a_run(arguments=b"1"), this_process())
        stored, added = await store.create(a_run(arguments=b"2"), DEAD)
        assert not added
        assert stored.arguments == b"1"
        assert stored.owner == msgspec.structs.replace(this_process(), fence=1)

    async def test_of_many_who_create_an_id_one_does(self, store: RunStore) -> None:
        made = await asyncio.gather(*(store.create(a_run(seed=n)) for n in range(20)))
        assert sorted(added for _, added in made) == [False] * 19 + [True]
        assert len({run.seed for run, _ in made}) == 1

    async def test_a_published_version_is_one_digest(self, store: RunStore) -> None:
        await store.create(a_run("run-1", flow_version="1.0.0"))
        with pytest.raises(StoreError) as refused:
            await store.create(a_run("run-2", flow_version="1.0.0", flow_digest="digest-2"))
        assert refused.value.code == "STORE010"
        assert await store.get("run-2") is None
        _, again = await store.create(a_run("run-3", flow_version="1.0.0"))
        _, newer = await store.create(a_run("run-4", flow_version="1.0.1", flow_digest="digest-2"))
        assert (again, newer) == (True, True)

    async def test_the_development_version_changes_freely(self, store: RunStore) -> None:
        await store.create(a_run("run-1"))
        _, added = await store.create(a_run("run-2", flow_digest="digest-2", flow_ir=b"{}"))
        assert added

    async def test_what_is_stored_is_a_copy(self, store: RunStore) -> None:
        run = a_run(options={"parallel": 1})
        stored, _ = await store.create(run)
        for mine in (run, stored):
            mine.status = RunStatus.FAILED
            mine.options["parallel"] = 9
        kept = await store.get("run-1")
        assert kept is not None
        assert (kept.status, kept.options) == (RunStatus.PENDING, {"parallel": 1})

    async def test_runs_are_found_newest_first(self, store: RunStore) -> None:
        for number in range(6):
            status = RunStatus.FAILED if number % 2 else RunStatus.SUCCEEDED
            name = "checkout" if number < 4 else "refund"
            run = a_run(f"run-{number}", created_at_ms=number, status=status, flow_name=name)
            await store.create(run)

        async def find(**which: Any) -> list[str]:
            return [run.run_id[-1:] for run in await store.find(RunFilter(**which))]

        assert await find() == ["5", "4", "3", "2", "1", "0"]
        assert await find(limit=2) == ["5", "4"]
        assert await find(flow_name="checkout") == ["3", "2", "1", "0"]
        assert await find(statuses=frozenset({RunStatus.FAILED})) == ["5", "3", "1"]
        assert await find(created_after_ms=1, created_before_ms=4) == ["3", "2"]
        both = frozenset({RunStatus.FAILED, RunStatus.SUCCEEDED})
        assert await find(statuses=both, flow_name="refund", limit=1) == ["5"]

    async def test_of_runs_made_at_once_the_last_is_the_newest(self, store: RunStore) -> None:
        for number in range(3):
            await store.create(a_run(f"run-{number}"))
        found = await store.find(RunFilter())
        assert [run.run_id for run in found] == ["run-2", "run-1", "run-0"]

    # ---------------------------------------------------------------------------- history

    async def test_events_come_back_as_they_were_given(self, store: RunStore) -> None:
        await store.create(a_run())
        events = [
            Event(kind=EventKind.RUN_STARTED, at_ms=1),
            Event(kind=EventKind.STEP_COMPLETED, at_ms=2, position="a/b[3]", value=b""),
            Event(
                kind=EventKind.STEP_FAILED,
                at_ms=3,
                position="é",
                attempt=4,
                error=RunError(type="E", message="m", code="STEP001", details="d"),
                data={"delay_ms": 5, "nested": {"a": [1, None]}},
            ),
            *(Event(kind=kind, at_ms=4) for kind in EventKind),
        ]
        await store.append("run-1", events, fence=0)
        stored = await store.history("run-1")
        assert [event.seq for event in stored] == list(range(1, len(events) + 1))
        assert [msgspec.structs.replace(event, seq=0) for event in stored] == events

    async def test_a_history_goes_on_where_it_ended(self, store: RunStore) -> None:
        await store.create(a_run())
        for number in range(5):
            await store.append("run-1", [completed(number)], fence=0)
        rest = await store.history("run-1", after=3)
        assert [(event.seq, event.value) for event in rest] == [(4, b"3"), (5, b"4")]
        assert await store.history("run-1", after=5) == []

    async def test_waiting_for_the_last_write_is_waiting_for_all(self, store: RunStore) -> None:
        await store.create(a_run())
        for number in range(99):
            _ = store.append("run-1", [completed(number)], fence=0)
        await store.append("run-1", [completed(99)], fence=0)
        values = [event.value for event in await store.history("run-1")]
        assert values == [b"%d" % number for number in range(100)]

    async def test_writes_of_all_methods_keep_their_order(self, store: RunStore) -> None:
        creating = asyncio.ensure_future(store.create(a_run()))
        await asyncio.sleep(0)  # asked for, not waited for
        _ = store.append("run-1", [completed(0)], fence=0)
        _ = store.log("run-1", [a_line("a")])
        claimed = await store.claim("run-1", this_process())
        assert claimed is not None
        with pytest.raises(FencedError):
            await store.append("run-1", [completed(1)], fence=0)
        assert (await creating)[1]
        assert len(await store.history("run-1")) == 1

    async def test_many_runs_at_once_do_not_mix(self, store: RunStore) -> None:
        async def drive(run_id: str) -> None:
            await store.create(a_run(run_id), this_process())
            for number in range(10):
                value = f"{run_id}:{number}".encode()
                await store.append(run_id, [completed(number, value)], fence=1)

        names = [f"run-{number}" for number in range(40)]
        await asyncio.gather(*map(drive, names))
        for name in names:
            kept = [(event.seq, event.value) for event in await store.history(name)]
            assert kept == [(n + 1, f"{name}:{n}".encode()) for n in range(10)]

    async def test_a_large_value_comes_back_whole(self, store: RunStore) -> None:
        large = bytes(range(256)) * 8192
        await store.create(a_run(arguments=large))
        state = a_run(result=large[::-1])
        await store.append("run-1", [completed(0, large), completed(1)], fence=0, state=state)
        run = await store.get("run-1")
        assert run is not None
        assert (run.arguments, run.result) == (large, large[::-1])
        assert [event.value for event in await store.history("run-1")] == [large, b"1"]

    async def test_a_state_is_stored_with_its_events(self, store: RunStore) -> None:
        await store.create(a_run())
        state = a_run(
            flow_name="another",
            arguments=b"another",
            status=RunStatus.FAILED,
            started_at_ms=5,
            finished_at_ms=6,
            result=b"1",
            error=RunError(type="E", message="m"),
            options={"a": 1},
        )
        writing = store.append("run-1", [completed(0)], fence=0, state=state)
        state.status, state.options["a"] = RunStatus.CANCELLED, 2  # too late to matter
        await writing
        run = await store.get("run-1")
        assert run is not None
        assert (run.flow_name, run.arguments) == ("checkout", b'{"order":1}')
        assert (run.status, run.started_at_ms, run.finished_at_ms) == (RunStatus.FAILED, 5, 6)
        assert (run.result, run.error) == (b"1", RunError(type="E", message="m"))
        assert run.options == {"a": 1}

    async def test_an_unknown_run_cannot_be_written(self, store: RunStore) -> None:
        for writing in (
            store.append("run-1", [completed(0)], fence=0),
            store.log("run-1", [a_line("a")]),
        ):
            with pytest.raises(StoreError) as refused:
                await writing
            assert refused.value.code == "RUN104"

    async def test_what_cannot_be_kept_is_refused_at_once(self, store: RunStore) -> None:
        await store.create(a_run())
        for event in (
            Event(kind=EventKind.STEP_STARTED, at_ms=1, position="\udce9"),
            Event(kind=EventKind.STEP_STARTED, at_ms=1, data={"a": object()}),
        ):
            with pytest.raises((TypeError, ValueError)):
                _ = store.append("run-1", [completed(0), event], fence=0)
        await store.append("run-1", [completed(1)], fence=0)  # nobody else suffers
        assert [event.value for event in await store.history("run-1")] == [b"1"]

    async def test_an_error_that_quotes_no_text_is_kept_readable(self, store: RunStore) -> None:
        await store.create(a_run())
        error = RunError(type="E", message="no caf\udce9", details="é\udce9")
        failed = Event(kind=EventKind.STEP_FAILED, at_ms=1, error=error)
        await store.append("run-1", [failed], fence=0, state=a_run(error=error))
        kept = RunError(type="E", message="no caf?", details="é?")
        run = await store.get("run-1")
        assert run is not None
        assert run.error == kept
        assert [event.error for event in await store.history("run-1")] == [kept]

    # -------------------------------------------------------------------------- ownership

    async def test_who_creates_a_run_owns_it(self, store: RunStore) -> None:
        run, _ = await store.create(a_run(), this_process())
        assert run.owner == msgspec.structs.replace(this_process(), fence=1)
        assert await store.is_live(run)
        assert await store.claim("run-1", this_process()) is None

    async def test_a_run_of_nobody_is_taken(self, store: RunStore) -> None:
        run, _ = await store.create(a_run())
        assert run.owner is None
        assert not await store.is_live(run)
        taken = await store.claim("run-1", this_process())
        assert taken is not None
        assert taken.owner == msgspec.structs.replace(this_process(), fence=1)

    async def test_a_run_of_a_dead_process_is_taken(self, store: RunStore) -> None:
        run, _ = await store.create(a_run(), DEAD)
        assert not await store.is_live(run)
        taken = await store.claim("run-1", this_process())
        assert taken is not None
        assert taken.owner is not None
        assert taken.owner.fence == 2
        assert await store.is_live(taken)
        assert await store.claim("run-1", this_process()) is None

    async def test_an_unknown_run_is_not_taken(self, store: RunStore) -> None:
        assert await store.claim("run-1", this_process()) is None

    async def test_of_many_who_claim_one_succeeds(self, store: RunStore) -> None:
        await store.create(a_run(), DEAD)
        taken = await asyncio.gather(*(store.claim("run-1", this_process()) for _ in range(9)))
        assert [run is None for run in taken].count(False) == 1

    async def test_a_former_owner_writes_nothing(self, store: RunStore) -> None:
        await store.create(a_run("run-1"), DEAD)
        await store.create(a_run("run-2"), DEAD)
        await store.append("run-1", [completed(0)], fence=1)
        await store.claim("run-1", this_process())
        late = store.append("run-1", [completed(1)], fence=1, state=a_run(status=RunStatus.FAILED))
        other = store.append("run-2", [completed(2)], fence=1)
        current = store.append("run-1", [completed(3)], fence=2)
        with pytest.raises(FencedError) as refused:
            await late
        assert refused.value.code == "STORE009"
        await other
        await current
        run = await store.get("run-1")
        assert run is not None
        assert run.status is RunStatus.PENDING
        assert [event.value for event in await store.history("run-1")] == [b"0", b"3"]
        assert [event.value for event in await store.history("run-2")] == [b"2"]

    async def test_a_released_run_can_be_taken(self, store: RunStore) -> None:
        await store.create(a_run(), this_process())
        await store.release("run-1", 7)  # not the fence: nothing happens
        assert await store.claim("run-1", this_process()) is None
        await store.release("run-1", 1)
        taken = await store.claim("run-1", this_process())
        assert taken is not None
        assert taken.owner is not None
        assert taken.owner.fence == 2

    # ------------------------------------------------------------------------ cancellation

    async def test_a_request_to_cancel_is_seen(self, store: RunStore) -> None:
        for name in ("run-1", "run-2"):
            await store.create(a_run(name), this_process())
        assert await store.request_cancel("run-2")
        assert await store.cancel_requested(["run-1", "run-2", "run-3"]) == {"run-2"}
        run = await store.get("run-2")
        assert run is not None
        assert run.cancel_requested

    async def test_what_has_ended_is_not_cancelled(self, store: RunStore) -> None:
        await store.create(a_run(status=RunStatus.SUCCEEDED))
        assert not await store.request_cancel("run-1")
        assert not await store.request_cancel("run-2")
        assert await store.cancel_requested(["run-1", "run-2"]) == set()

    async def test_a_request_reaches_the_next_owner(self, store: RunStore) -> None:
        await store.create(a_run(), DEAD)
        await store.request_cancel("run-1")
        taken = await store.claim("run-1", this_process())
        assert taken is not None
        assert taken.cancel_requested

    async def test_a_request_ends_with_the_run(self, store: RunStore) -> None:
        await store.create(a_run(), DEAD)
        await store.request_cancel("run-1")
        await store.append("run-1", [], fence=1, state=a_run(status=RunStatus.CANCELLED))
        taken = await store.claim("run-1", this_process())  # to try again
        assert taken is not None
        assert not taken.cancel_requested
        assert await store.cancel_requested(["run-1"]) == set()

    # -------------------------------------------------------------------------- log lines

    async def test_log_lines_keep_their_order(self, store: RunStore) -> None:
        await store.create(a_run("run-1"))
        await store.create(a_run("run-2"))
        for number in range(0, 10, 2):
            _ = store.log("run-1", [a_line(f"é{number}"), a_line(f"é{number + 1}")])
            _ = store.log("run-2", [a_line("other")])
        await store.log("run-1", [])
        lines = await store.logs("run-1")
        assert [line.text for line in lines] == [f"é{number}" for number in range(10)]
        assert [line.seq for line in lines] == sorted({line.seq for line in lines})
        assert msgspec.structs.replace(lines[0], seq=0) == a_line("é0")

    async def test_output_that_is_no_text_is_kept_readable(self, store: RunStore) -> None:
        await store.create(a_run())
        undecodable = b"caf\xe9 \xc3\xa9\0".decode("utf-8", "surrogateescape")
        await store.log("run-1", [a_line(undecodable)])
        assert [line.text for line in await store.logs("run-1")] == ["caf? é\0"]

    async def test_log_lines_are_followed_by_their_numbers(self, store: RunStore) -> None:
        await store.create(a_run())
        await store.log("run-1", [a_line(str(number)) for number in range(10)])
        seen, after = [], 0
        while page := await store.logs("run-1", after=after, limit=3):
            assert len(page) <= 3
            seen += [line.text for line in page]
            after = page[-1].seq
        assert seen == [str(number) for number in range(10)]

    # ----------------------------------------------------------------------------- removal

    async def test_only_what_has_ended_is_deleted(self, store: RunStore) -> None:
        large = b"x" * 2_000_000
        for number, status in enumerate(RunStatus):
            name = f"run-{number}"
            await store.create(a_run(name))
            await store.log(name, [a_line("a")])
            event = completed(0, large)
            await store.append(name, [event], fence=0, state=a_run(status=status))
        names = [f"run-{number}" for number in range(len(RunStatus))]
        assert await store.delete([*names, *names, "run-99"]) == 3
        left = await store.find(RunFilter())
        ended = {RunStatus.SUCCEEDED, RunStatus.FAILED, RunStatus.CANCELLED}
        assert {run.status for run in left} == set(RunStatus) - ended
        for name in names:
            kept = name in {run.run_id for run in left}
            history = await store.history(name)
            assert [event.value for event in history] == ([large] if kept else [])
            assert len(await store.logs(name)) == (1 if kept else 0)

    async def test_a_deleted_id_can_be_used_again(self, store: RunStore) -> None:
        await store.create(a_run(status=RunStatus.FAILED))
        await store.append("run-1", [completed(0)], fence=0)
        assert await store.delete(["run-1"]) == 1
        _, added = await store.create(a_run())
        assert added
        assert await store.history("run-1") == []
        await store.append("run-1", [completed(1)], fence=0)
        assert [event.seq for event in await store.history("run-1")] == [1]

    # ------------------------------------------------------------------------------ closing

    async def test_a_closed_store_refuses(self, make_store: MakeStore) -> None:
        store = make_store()
        await store.open()
        await store.create(a_run())
        await store.close()
        await store.close()
        for asked in (
            store.append("run-1", [completed(0)], fence=0),
            store.log("run-1", [a_line("a")]),
            store.get("run-1"),
            store.create(a_run("run-2")),
            store.find(RunFilter()),
        ):
            with pytest.raises(StoreError) as refused:
                await asked
            assert refused.value.code == "STORE001"
