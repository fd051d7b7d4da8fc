"""The schema: built, brought up to date, refused when it is newer or somebody else's."""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path

import apsw
import pytest

from latticeflow.providers.run_store.sqlite import SqliteRunStore
from latticeflow.providers.run_store.sqlite.schema import connect, migrate, scripts
from latticeflow.runs import Event, EventKind, LogLine, Owner, RunError, RunStatus, StoreError

VERSION_1 = (Path(__file__).parent / "v1.sql").read_text()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "runs.db"


def opened(path):
    return connect(path, url="u", busy_ms=5_000)


def write(path, text):
    connection = apsw.Connection(str(path))
    connection.execute(text)
    connection.close()


def layout(connection):
    names = "SELECT type, name FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'"
    tables = "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name"
    columns = [
        (table, list(connection.execute(f"PRAGMA table_info({table})")))
        for (table,) in list(connection.execute(tables))
    ]
    return set(connection.execute(names)), columns


async def test_a_store_of_version_1_is_read_and_goes_on(path):
    write(path, VERSION_1)
    blob = path.with_name("runs.db.blobs") / "2c"
    blob.mkdir(parents=True)
    digest = hashlib.sha256(b"foo").hexdigest()
    (blob / digest[2:]).write_bytes(b"foo")

    store = SqliteRunStore(path)
    await store.open()
    run = await store.get("run-1")
    assert run.flow_ir == b'{"name":"checkout"}'
    assert (run.status, run.result, run.options) == (RunStatus.FAILED, b"null", {"parallel": 3})
    assert run.error == RunError(type="x.E", message="m", bases=("B",), position="p", attempt=2)
    assert (run.target, run.durability, run.seed) == ("flow.py:checkout", "partial", 7)
    assert (run.actor, run.cancel_requested) == ("ada", True)
    owner = Owner(boot_id="b", pid=4194305, process_started="1", host="h", fence=3)
    assert run.owner == owner
    history = await store.history("run-1")
    assert history[2:] == [
        Event(
            kind=EventKind.STEP_COMPLETED,
            at_ms=1002,
            position="each_1[3]/price",
            attempt=1,
            value=b"12",
            seq=3,
        ),
        Event(
            kind=EventKind.STEP_FAILED,
            at_ms=1002,
            position="charge",
            attempt=1,
            error=RunError(type="x.E", message="m"),
            data={"delay_ms": 5},
            seq=4,
        ),
        Event(kind=EventKind.RUN_FAILED, at_ms=1002, value=b"foo", seq=5),
    ]
    line = LogLine(position="charge", attempt=1, stream="stderr", text="no", at_ms=1002, seq=1)
    assert await store.logs("run-1") == [line]
    await store.append("run-1", [Event(kind=EventKind.RUN_RESUMED, at_ms=9)], fence=3)
    assert (await store.history("run-1", after=5))[0].seq == 6
    await store.close()


def test_a_store_of_version_1_ends_up_like_a_new_one(tmp_path):
    write(tmp_path / "old.db", VERSION_1)
    old, new = opened(tmp_path / "old.db"), opened(tmp_path / "new.db")
    for connection in (old, new):
        migrate(connection, scripts(), url="u")
        assert connection.execute("PRAGMA user_version").get == len(scripts())
    names = [{(kind, name) for kind, name in layout(connection)[0]} for connection in (old, new)]
    assert names[0] == names[1]
    assert layout(old)[1] == layout(new)[1]
    old.close()
    new.close()


def test_later_steps_are_applied_once_and_in_order(path):
    steps = [
        *scripts(),
        "CREATE TABLE later (x); INSERT INTO later VALUES (2);",
        "UPDATE later SET x = x * 10; ALTER TABLE run ADD COLUMN note TEXT;",
    ]
    write(path, VERSION_1)
    connection = opened(path)
    migrate(connection, steps, url="u")
    migrate(connection, steps, url="u")
    assert connection.execute("PRAGMA user_version").get == 3
    assert connection.execute("SELECT x FROM later").get == 20
    assert connection.execute("SELECT run_id, note FROM run").get == ("run-1", None)
    connection.close()


def test_a_step_that_fails_leaves_the_version_before_it(path):
    steps = [*scripts(), "CREATE TABLE later (x); SELECT nonsense;"]
    connection = opened(path)
    with pytest.raises(apsw.SQLError):
        migrate(connection, steps, url="u")
    assert connection.execute("PRAGMA user_version").get == 1
    assert not connection.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'later'").get
    connection.close()


def test_many_who_open_a_new_store_build_it_once(path):
    steps = [*scripts(), "CREATE TABLE later (x)"]
    errors = []
    together = threading.Barrier(8)

    def build():
        try:
            together.wait()
            connection = opened(path)
            migrate(connection, steps, url="u", busy_ms=5_000)
            connection.close()
        except (StoreError, apsw.Error) as error:
            errors.append(error)

    threads = [threading.Thread(target=build) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


@pytest.mark.parametrize(
    "content, code",
    [
        (VERSION_1 + "PRAGMA user_version = 99;", "STORE002"),
        ("CREATE TABLE songs (title)", "STORE001"),
        ("PRAGMA application_id = 7", "STORE001"),
        ("PRAGMA user_version = 1", "STORE001"),
    ],
    ids=["newer", "of another program", "marked by another program", "of an unknown program"],
)
async def test_what_this_version_cannot_know_is_refused(path, content, code):
    write(path, content)
    before = path.read_bytes()
    with pytest.raises(StoreError) as refused:
        await SqliteRunStore(path).open()
    assert refused.value.code == code
    assert code == "STORE002" or path.read_bytes() == before


async def test_what_is_no_database_is_refused(path):
    path.write_bytes(b"these are not the bytes you are looking for" * 100)
    with pytest.raises(StoreError) as refused:
        await SqliteRunStore(path).open()
    assert refused.value.code == "STORE003"


async def test_a_place_that_cannot_be_used_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file" / "runs.db", tmp_path):
        with pytest.raises(StoreError) as refused:
            await SqliteRunStore(path).open()
        assert refused.value.code == "STORE001"
