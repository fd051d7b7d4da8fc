"""Other processes' locks, full disks, and logs that must not grow for ever."""

from __future__ import annotations

import asyncio

import apsw
import pytest

from latticeflow.providers.run_store.sqlite import SqliteRunStore
from latticeflow.providers.run_store.sqlite.patience import Patience
from latticeflow.runs import RunStatus, StoreError
from latticeflow.testing.contracts.run_store import a_run, completed


@pytest.fixture
async def store(tmp_path):
    store = SqliteRunStore(tmp_path / "runs.db")
    await store.open()
    await store.create(a_run())
    yield store
    await store.close()


@pytest.fixture
def other(store):
    """Another process's hold on the file."""
    connection = apsw.Connection(str(store.path))
    connection.execute("BEGIN IMMEDIATE")
    yield connection
    connection.close()


async def test_the_loop_goes_on_while_the_file_is_locked(store, other):
    writing = asyncio.ensure_future(store.append("run-1", [completed(0)], fence=0))
    for _ in range(200):
        await asyncio.sleep(0)
    assert await store.history("run-1") == []  # readers go on, too
    assert not writing.done()
    other.execute("ROLLBACK")
    await asyncio.wait_for(writing, 10)
    assert len(await store.history("run-1")) == 1


async def test_a_lock_that_stays_too_long_has_a_code(tmp_path):
    store = SqliteRunStore(tmp_path / "runs.db", busy_ms=30)
    await store.open()
    await store.create(a_run())
    other = apsw.Connection(str(store.path))
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError) as failed:
        await store.append("run-1", [completed(0)], fence=0)
    assert failed.value.code == "STORE004"
    other.execute("ROLLBACK")
    other.close()
    with pytest.raises(StoreError):  # nothing follows a write that failed
        await store.append("run-1", [completed(1)], fence=0)
    with pytest.raises(StoreError):
        await store.close()
    await store.close()


async def test_a_full_disk_fails_every_later_write(tmp_path):
    store = SqliteRunStore(tmp_path / "runs.db")
    await store.open()
    await store.create(a_run())
    await store.append("run-1", [completed(0)], fence=0)
    store._ledger.connection.execute("PRAGMA max_page_count = 1")  # SQLite's own full disk
    large = store.append("run-1", [completed(1, b"x" * 300_000)], fence=0)
    behind = store.append("run-1", [completed(2)], fence=0)
    for writing in (large, behind, store.append("run-1", [completed(3)], fence=0)):
        with pytest.raises(StoreError) as failed:
            await writing
        assert failed.value.code == "STORE005"
    with pytest.raises(StoreError):
        await store.append("run-1", [completed(4)], fence=0)
    assert [event.value for event in await store.history("run-1")] == [b"0"]
    with pytest.raises(StoreError):
        await store.close()


async def test_the_log_in_front_of_the_database_stays_small(store):
    for number in range(400):
        await store.append("run-1", [completed(number, b"x" * 20_000)], fence=0)
    log = store.path.with_name("runs.db-wal")
    assert log.stat().st_size < 4 * 1024 * 1024  # 8 MB were written
    assert store.path.stat().st_size > 4 * 1024 * 1024


async def test_a_reader_does_not_stop_the_writer(store):
    reader = apsw.Connection(str(store.path))
    reader.execute("BEGIN")
    before = reader.execute("SELECT count(*) FROM event").get
    for number in range(300):
        await store.append("run-1", [completed(number, b"x" * 20_000)], fence=0)
    assert reader.execute("SELECT count(*) FROM event").get == before
    reader.close()
    assert len(await store.history("run-1")) == 300


async def test_deleting_gives_room_back_to_the_disk(tmp_path):
    store = SqliteRunStore(tmp_path / "runs.db")
    await store.open()
    for number in range(8):
        await store.create(a_run(f"run-{number}", status=RunStatus.FAILED))
        large = completed(0, b"x" * 400_000)
        await asyncio.gather(
            *(store.append(f"run-{number}", [large, large], fence=0) for _ in range(3))
        )
    await store.close()
    before = store.path.stat().st_size
    await store.open()
    await store.delete([f"run-{number}" for number in range(7)])
    assert len(await store.history("run-7")) == 6
    await store.close()
    assert store.path.stat().st_size < before / 4


async def test_two_hundred_runs_share_commits(store):
    counted = 0

    def count(connection, name, pages):
        nonlocal counted
        counted += 1
        return apsw.SQLITE_OK

    names = [f"run-{number}" for number in range(2, 202)]
    await asyncio.gather(*(store.create(a_run(name)) for name in names))
    store._ledger.connection.set_wal_hook(count)

    async def drive(name):
        for number in range(10):
            await store.append(name, [completed(number)], fence=0)

    await asyncio.gather(*map(drive, names))
    assert counted <= 40  # of 2,000 appends


def test_patience_ends():
    patience = Patience()
    assert not patience(0)  # no time, no try
    patience.seconds = 0.1
    tries = 0
    while patience(tries):
        tries += 1
        assert tries < 100_000
    assert tries > 1
