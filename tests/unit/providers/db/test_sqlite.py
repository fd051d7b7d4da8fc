import pytest

from latticeflow.capabilities import DbError
from latticeflow.providers.db import SqliteDb


@pytest.fixture
def db(tmp_path):
    db = SqliteDb(tmp_path / "data.db")
    yield db
    db.close()


@pytest.mark.parametrize(
    "sql",
    [
        "ATTACH 'other.db' AS other",
        "PRAGMA synchronous = OFF",
        "PRAGMA journal_mode = DELETE",
        "RELEASE flows",
        "ROLLBACK TO flows",
        "END",
        "VACUUM INTO 'copy.db'",
    ],
)
async def test_promises_of_the_port_cannot_be_undone(db, sql, tmp_path):
    await db.execute("CREATE TABLE t (a)")
    for _ in range(2):
        with pytest.raises(DbError):
            await db.execute(sql)
        with pytest.raises(DbError):
            await db.query(sql)
    assert await db.execute("INSERT INTO t VALUES (1)") == 1
    assert sorted(path.name for path in tmp_path.iterdir() if "-" not in path.name) == ["data.db"]


async def test_tables_can_be_described(db):
    await db.execute("CREATE TABLE t (a INTEGER, b TEXT)")
    rows = await db.query("PRAGMA table_info(t)")
    assert [row["name"] for row in rows] == ["a", "b"]


async def test_foreign_keys_hold(db):
    await db.execute("CREATE TABLE a (id INTEGER PRIMARY KEY)")
    await db.execute("CREATE TABLE b (a INTEGER REFERENCES a)")
    with pytest.raises(DbError, match="FOREIGN KEY"):
        await db.execute("INSERT INTO b VALUES (1)")


async def test_long_statements_are_shown_short(db):
    with pytest.raises(DbError) as caught:
        await db.query("SELECT " + ",\n   ".join(["missing"] * 100))
    message = caught.value.diagnostics[0].message
    assert len(message) < 200
    assert "\n" not in message


async def test_rows_are_there_for_the_next_process(tmp_path):
    for expected in (0, 1, 2):
        db = SqliteDb(tmp_path / "x.db")
        await db.execute("CREATE TABLE IF NOT EXISTS t (a)")
        assert len(await db.query("SELECT * FROM t")) == expected
        await db.execute("INSERT INTO t VALUES (1)")
        db.close()
