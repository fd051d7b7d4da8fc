import asyncio
from datetime import timedelta

import apsw
import pytest

from latticeflow.capabilities import KvError
from latticeflow.providers.db import SqliteDb
from latticeflow.providers.kv import SqliteKv
from latticeflow.providers.sqlite import Database


async def test_nothing_is_made_before_it_is_used(tmp_path):
    database = Database(tmp_path / "deep" / "x.db")
    assert list(tmp_path.iterdir()) == []
    database.close()


async def test_database_is_synced_at_every_commit(tmp_path):
    database = Database(tmp_path / "x.db")

    def settings(connection):
        return [
            connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous")
        ]

    assert await database.write(settings) == ["wal", 2]
    database.close()


async def test_newer_schema_is_refused_and_left_alone(tmp_path):
    file = tmp_path / "kv.db"
    connection = apsw.Connection(str(file))
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    kv = SqliteKv(file)
    with pytest.raises(KvError) as caught:
        await kv.get("a")
    (finding,) = caught.value.diagnostics
    assert finding.code == "CAP232"
    assert "schema 99; this version knows up to 1" in finding.message
    kv.close()


async def test_file_that_is_no_database_is_told(tmp_path):
    file = tmp_path / "kv.db"
    file.write_text("not a database at all, but long enough to be read as one" * 50)
    kv = SqliteKv(file)
    with pytest.raises(KvError, match="CAP232"):
        await kv.put("a", b"")
    kv.close()


async def test_lock_of_another_process_is_waited_for_but_not_for_ever(tmp_path):
    db = SqliteDb(tmp_path / "x.db", wait=timedelta(milliseconds=50))
    await db.execute("CREATE TABLE t (a)")
    other = apsw.Connection(str(tmp_path / "x.db"))
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Exception, match="CAP232") as caught:
        await db.execute("INSERT INTO t VALUES (1)")
    assert caught.value.retryable
    other.execute("ROLLBACK")
    assert await db.execute("INSERT INTO t VALUES (1)") == 1
    other.close()
    db.close()


async def test_temporary_database_leaves_nothing(tmp_path, monkeypatch):
    import tempfile

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    db = SqliteDb()
    await db.execute("CREATE TABLE t (a)")
    assert len(list(tmp_path.iterdir())) == 1
    db.close()
    assert list(tmp_path.iterdir()) == []
    forgotten = SqliteDb()
    await forgotten.execute("CREATE TABLE t (a)")
    del forgotten
    import gc

    gc.collect()
    assert list(tmp_path.iterdir()) == []


async def test_many_tasks_at_once(tmp_path):
    kv = SqliteKv(tmp_path / "kv.db")
    await asyncio.gather(*(kv.put(f"k{n}", b"%d" % n) for n in range(100)))
    values = await asyncio.gather(*(kv.get(f"k{n}") for n in range(100)))
    assert values == [b"%d" % n for n in range(100)]
    kv.close()


def test_one_provider_serves_one_loop_after_another(tmp_path):
    kv = SqliteKv(tmp_path / "kv.db")
    asyncio.run(kv.put("a", b"1"))
    assert asyncio.run(kv.get("a")) == b"1"
    kv.close()


async def test_cancelling_the_wait_does_not_break_the_next_one(tmp_path):
    db = SqliteDb(tmp_path / "x.db")
    await db.execute("CREATE TABLE t (a INTEGER)")
    for _ in range(30):
        tasks = [asyncio.ensure_future(db.execute("INSERT INTO t VALUES (1)")) for _ in range(5)]
        await asyncio.sleep(0)
        for task in tasks[:3]:
            task.cancel()
        await asyncio.wait(tasks)
        assert [task.exception() for task in tasks[3:]] == [None, None]

        async def inside():
            async with db.transaction() as transaction:
                await transaction.execute("INSERT INTO t VALUES (-1)")
                await asyncio.Event().wait()

        opened = asyncio.ensure_future(inside())
        for _ in range(3):
            await asyncio.sleep(0)
        opened.cancel()
        await asyncio.wait([opened])
    assert await db.query("SELECT count(*) AS n FROM t WHERE a < 0") == [{"n": 0}]
    assert await db.execute("INSERT INTO t VALUES (2)") == 1
    db.close()
