"""What a run store does that several processes share, some of which are killed.

Subclass `SharedRunStoreContract` and give it a `make_store` fixture: a callable that pickles and
makes a store, not open, of one place. Child processes are spawned, never forked, and what they
were told is kept outside the store: in a pipe that outlives them.
"""

# ruff: noqa: S101, D102 - these are tests: they assert, and their names are their sentences

from __future__ import annotations

import asyncio
import multiprocessing
import os
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from multiprocessing.connection import Connection
from typing import Any, cast

import pytest

from latticeflow.providers.run_store import this_process
from latticeflow.runs import Event, FencedError, RunFilter, RunStatus, RunStore
from latticeflow.testing.contracts.run_store import DEAD, MakeStore, a_line, a_run, completed

_SPAWN = multiprocessing.get_context("spawn")
_RUNS = 3


class Child:
    """A process that works on the store and tells what it was told.

    Args:
        work: What it does; a module's function, for it is pickled.
        make_store: Makes its store.
        arguments: Further arguments of `work`.
    """

    def __init__(
        self,
        work: Callable[..., Awaitable[None]],
        make_store: MakeStore,
        *arguments: object,
    ) -> None:
        self._mine, theirs = _SPAWN.Pipe()
        self._process = _SPAWN.Process(
            target=_run_child, args=(work, make_store, theirs, arguments), daemon=True
        )
        self._process.start()
        theirs.close()

    def receive(self) -> Any:  # noqa: ANN401 - whatever it sent
        """Return the next thing it told."""
        return self._mine.recv()

    def send(self, value: object) -> None:
        """Tell it something."""
        self._mine.send(value)

    def rest(self) -> list[Any]:
        """Return all it told until its end."""
        told = []
        while True:
            try:
                told.append(self._mine.recv())
            except (EOFError, OSError):  # the end; the last thing may be cut short
                return told

    def kill(self) -> None:
        """Kill it as `kill -9` does, and wait until it is gone."""
        self._process.kill()
        self._process.join()

    def close(self) -> None:
        """Kill it if it lives; free everything."""
        self.kill()
        self._mine.close()
        self._process.close()


@contextmanager
def children(
    count: int, work: Callable[..., Awaitable[None]], make_store: MakeStore, *arguments: object
) -> Iterator[list[Child]]:
    """Start `count` children and wait until each has opened its store."""
    started = [Child(work, make_store, *arguments) for _ in range(count)]
    try:
        for child in started:
            assert child.receive() == "open"
        yield started
    finally:
        for child in started:
            child.close()


def _run_child(
    work: Callable[..., Awaitable[None]],
    make_store: MakeStore,
    pipe: Connection,
    arguments: Sequence[object],
) -> None:
    async def run() -> None:
        store = make_store()
        await store.open()
        pipe.send("open")
        await work(store, pipe, *arguments)
        await store.close()

    asyncio.run(run())


# ------------------------------------------------------------------------------- what children do


async def append_forever(store: RunStore, pipe: Connection, prefix: str) -> None:
    """Append to a few runs at once; tell each event once the store has acknowledged it."""

    async def drive(run_id: str) -> None:
        await store.create(a_run(run_id, status=RunStatus.RUNNING), this_process())
        number = 0
        while True:
            await store.append(run_id, [completed(number)], fence=1)
            # At once, by this thread: told means told, whatever happens next.
            pipe.send((run_id, number))
            number += 1

    await asyncio.gather(*(drive(f"{prefix}-{n}") for n in range(_RUNS)))


async def append_some(store: RunStore, pipe: Connection, prefix: str, events: int) -> None:
    """Wait for the start, append to runs of its own, tell how it went."""
    await asyncio.to_thread(pipe.recv)

    async def drive(run_id: str) -> None:
        await store.create(a_run(run_id), this_process())
        for number in range(events):
            await store.append(run_id, [completed(number)], fence=1)

    try:
        await asyncio.gather(*(drive(f"{prefix}-{os.getpid()}-{n}") for n in range(_RUNS)))
    except Exception as error:  # noqa: BLE001 - the parent shows it
        pipe.send(repr(error))
    else:
        pipe.send("done")


async def claim_all(store: RunStore, pipe: Connection, names: Sequence[str]) -> None:
    """Wait for the start, claim every run, tell which were got."""
    await asyncio.to_thread(pipe.recv)
    got = await asyncio.gather(*(store.claim(name, this_process()) for name in names))
    pipe.send([run.run_id for run in got if run is not None])
    await asyncio.to_thread(pipe.recv)  # lives on, so that what it got stays its own


async def hold(store: RunStore, pipe: Connection, run_id: str) -> None:
    """Own a run until told to go."""
    await store.create(a_run(run_id, status=RunStatus.RUNNING), this_process())
    pipe.send("held")
    await asyncio.to_thread(pipe.recv)


# ----------------------------------------------------------------------------------- the controls


class LazyStore:
    """A store that acknowledges first and writes later: what must never pass for durable.

    It shows that the tests with killed processes can fail.
    """

    _HELD_BACK = 40

    def __init__(self, make_store: MakeStore) -> None:
        self._store = make_store()
        self._held: list[tuple[str, Sequence[Event], int]] = []

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - all else is the store's
        return getattr(self._store, name)

    async def append(self, run_id: str, events: Sequence[Event], *, fence: int) -> None:
        """Say that it is done."""
        self._held.append((run_id, events, fence))
        if len(self._held) >= self._HELD_BACK:
            held, self._held = self._held, []
            await asyncio.gather(*(self._store.append(r, e, fence=f) for r, e, f in held))


def lazy(make_store: MakeStore) -> RunStore:
    """Make a store that acknowledges too early."""
    return cast("RunStore", LazyStore(make_store))  # the rest of it comes through __getattr__


async def acknowledged_but_lost(
    store: RunStore, make_child_store: MakeStore, prefix: str, kill_after: int
) -> set[tuple[str, int]]:
    """Kill a child after `kill_after` acknowledgements; return those that `store` does not have.

    Also asserts that what is there has no gaps, and that the child is known to be dead at once.
    """
    with children(1, append_forever, make_child_store, prefix) as (child,):
        told = [child.receive() for _ in range(kill_after)]
        child.kill()
        told += child.rest()
        missing = set(told)
        for run_id in {run_id for run_id, _ in told}:
            history = await store.history(run_id)
            numbers = [int(event.value or b"-1") for event in history]
            assert numbers == list(range(len(numbers)))
            assert [event.seq for event in history] == list(range(1, len(history) + 1))
            missing -= {(run_id, number) for number in numbers}
            run = await store.get(run_id)
            assert run is not None
            assert not await store.is_live(run)
            assert await store.claim(run_id, this_process()) is not None
    return missing


class SharedRunStoreContract:
    """The port's promises between stores of one place, in one process and in many."""

    KILLS = 4
    WRITERS = 4

    async def test_a_history_outlives_its_store(self, make_store: MakeStore) -> None:
        first = make_store()
        await first.open()
        await first.create(a_run(), this_process())
        for number in range(3):
            _ = first.append("run-1", [completed(number, b"x" * 700_000)], fence=1)
        _ = first.log("run-1", [a_line("a")])
        await first.close()
        second = make_store()
        await second.open()
        assert [event.seq for event in await second.history("run-1")] == [1, 2, 3]
        assert len(await second.logs("run-1")) == 1
        run = await second.get("run-1")
        assert run is not None
        assert run.owner is None  # given up by closing
        taken = await second.claim("run-1", this_process())
        assert taken is not None
        assert taken.owner is not None
        assert taken.owner.fence == 2
        await second.close()

    async def test_two_stores_see_each_other(self, make_store: MakeStore) -> None:
        first, second = make_store(), make_store()
        await first.open()
        await second.open()
        await first.create(a_run(), DEAD)
        for number in range(10):
            await (first, second)[number % 2].append("run-1", [completed(number)], fence=1)
        for store in (first, second):
            history = await store.history("run-1")
            assert [event.value for event in history] == [b"%d" % n for n in range(10)]
        await second.request_cancel("run-1")
        assert await first.cancel_requested(["run-1"]) == {"run-1"}
        await first.close()
        await second.close()

    async def test_a_fence_holds_between_stores(self, make_store: MakeStore) -> None:
        first, second = make_store(), make_store()
        await first.open()
        await second.open()
        await first.create(a_run(), DEAD)
        await first.append("run-1", [completed(0)], fence=1)
        await second.claim("run-1", this_process())
        with pytest.raises(FencedError):
            await first.append("run-1", [completed(1)], fence=1)
        await second.append("run-1", [completed(2)], fence=2)
        assert [event.value for event in await first.history("run-1")] == [b"0", b"2"]
        await first.close()
        await second.close()

    async def test_closing_one_store_leaves_the_process_alive(self, make_store: MakeStore) -> None:
        first, second = make_store(), make_store()
        await first.open()
        await second.open()
        run, _ = await first.create(a_run(), this_process())
        await second.close()
        third = make_store()
        await third.open()
        assert await third.is_live(run)
        assert await third.claim("run-1", this_process()) is None
        await first.close()
        assert await third.claim("run-1", this_process()) is not None
        await third.close()

    async def test_a_live_run_is_not_taken_and_a_dead_one_at_once(
        self, make_store: MakeStore
    ) -> None:
        store = make_store()
        await store.open()
        with children(1, hold, make_store, "run-1") as (child,):
            assert child.receive() == "held"
            run = await store.get("run-1")
            assert run is not None
            assert await store.is_live(run)
            assert await store.claim("run-1", this_process()) is None
            child.kill()
            assert not await store.is_live(run)
            taken = await store.claim("run-1", this_process())
            assert taken is not None
            assert taken.owner is not None
            assert taken.owner.fence == 2
        await store.close()

    async def test_each_dead_run_gets_one_new_owner(self, make_store: MakeStore) -> None:
        store = make_store()
        await store.open()
        names = [f"run-{number}" for number in range(60)]
        for name in names:
            await store.create(a_run(name), DEAD)
        with children(3, claim_all, make_store, names) as claimers:
            for child in claimers:
                child.send("go")
            got = Counter(name for child in claimers for name in child.receive())
            assert got == Counter(names)
            fences = {run.owner and run.owner.fence for run in await store.find(_all_runs())}
            assert fences == {2}
        await store.close()

    async def test_processes_write_at_once(self, make_store: MakeStore) -> None:
        store = make_store()
        await store.open()
        with children(self.WRITERS, append_some, make_store, "run", 40) as writers:
            for child in writers:
                child.send("go")
            assert [child.receive() for child in writers] == ["done"] * self.WRITERS
        runs = await store.find(_all_runs())
        assert len(runs) == self.WRITERS * _RUNS
        for run in runs:
            history = await store.history(run.run_id)
            assert [event.value for event in history] == [b"%d" % n for n in range(40)]
        await store.close()

    async def test_what_was_acknowledged_survives_a_kill(self, make_store: MakeStore) -> None:
        store = make_store()
        await store.open()
        for number in range(self.KILLS):
            lost = await acknowledged_but_lost(store, make_store, f"run-{number}", 5 + 37 * number)
            assert lost == set()
        await store.close()

    async def test_a_store_that_acknowledges_too_early_is_caught(
        self, make_store: MakeStore
    ) -> None:
        store = make_store()
        await store.open()
        too_early = partial(lazy, make_store)
        assert await acknowledged_but_lost(store, too_early, "run", 10) != set()
        await store.close()


def _all_runs() -> RunFilter:
    return RunFilter(limit=10_000)
