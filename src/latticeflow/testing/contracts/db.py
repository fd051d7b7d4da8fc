"""What every database does. Subclass `DbContract` and give it a `db` fixture: an empty database.

The SQL is what the dialects have in common.
"""

# ruff: noqa: S101, D102 - these are tests: they assert, their names are their sentences

from __future__ import annotations

import asyncio

import pytest

from latticeflow.capabilities import Db, DbError, DbReadOnlyError

TABLE = "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT NOT NULL)"
INSERT = "INSERT INTO t VALUES (?, ?)"
ALL = "SELECT id, name FROM t ORDER BY id"


def code_of(error: pytest.ExceptionInfo[DbError]) -> str:
    """Return the code of the only finding of an error."""
    (finding,) = error.value.diagnostics
    return finding.code


class DbContract:
    """The promises of `Db.Write`."""

    async def test_rows_come_by_name(self, db: Db.Write) -> None:
        assert await db.execute(TABLE) == 0
        assert await db.execute(INSERT, (1, "ada")) == 1
        assert await db.query("SELECT name AS who, id FROM t") == [{"who": "ada", "id": 1}]
        assert await db.query("SELECT * FROM t WHERE id = 2") == []

    async def test_parameters_are_values_and_never_text(self, db: Db.Write) -> None:
        await db.execute(TABLE)
        evil = "x'); DROP TABLE t; --"
        await db.execute(INSERT, [1, evil])
        await db.execute("INSERT INTO t VALUES (:id, :name)", {"id": 2, "name": "é☃"})
        assert await db.query("SELECT id FROM t WHERE name = ?", (evil,)) == [{"id": 1}]
        assert await db.query("SELECT name FROM t WHERE id = :id", {"id": 2}) == [{"name": "é☃"}]

    async def test_every_kind_of_value_comes_back(self, db: Db.Write) -> None:
        row = (await db.query("SELECT ? AS a, ? AS b, ? AS c, ? AS d, ? AS e", VALUES))[0]
        assert tuple(row.values()) == VALUES
        assert [type(value) for value in row.values()] == [type(value) for value in VALUES]

    async def test_changed_rows_are_counted(self, db: Db.Write) -> None:
        await db.execute(TABLE)
        assert await db.execute_many(INSERT, [(n, "x") for n in range(10)]) == 10
        assert await db.execute("UPDATE t SET name = 'y' WHERE id < 3") == 3
        assert await db.execute("CREATE TABLE u (a INTEGER)") == 0
        assert await db.execute("DELETE FROM t WHERE id > 100") == 0
        assert await db.execute_many(INSERT, []) == 0

    async def test_many_are_all_or_none(self, db: Db.Write) -> None:
        await db.execute(TABLE)
        with pytest.raises(DbError) as caught:
            await db.execute_many(INSERT, [(1, "a"), (2, "b"), (1, "again")])
        assert code_of(caught) == "CAP230"
        assert await db.query(ALL) == []

    @pytest.mark.parametrize(
        ("sql", "parameters"),
        [
            ("SELEC 1", ()),
            ("SELECT * FROM missing", ()),
            ("SELECT ?", ()),
            ("SELECT ?", (1, 2)),
            ("SELECT :a", {"b": 1}),
            ("SELECT ?", (object(),)),
            ("SELECT ?", (2**70,)),
        ],
    )
    async def test_mistakes_are_told(
        self, db: Db.Write, sql: str, parameters: tuple[int, ...]
    ) -> None:
        for run in (db.query, db.execute):
            with pytest.raises(DbError) as caught:
                await run(sql, parameters)
            assert code_of(caught) == "CAP230"
            assert sql in caught.value.diagnostics[0].message

    async def test_second_statement_is_refused_and_the_first_undone(self, db: Db.Write) -> None:
        await db.execute(TABLE)
        for run in (db.query, db.execute):
            with pytest.raises(DbError):
                await run("SELECT 1; DELETE FROM t")
        with pytest.raises(DbError):
            await db.execute("INSERT INTO t VALUES (1, 'a'); INSERT INTO t VALUES (2, 'b')")
        assert await db.query(ALL) == []
        assert await db.query("SELECT 1 AS one; -- and nothing more\n /* at all */ ;") == [
            {"one": 1}
        ]

    async def test_querying_never_writes(self, db: Db.Write) -> None:
        await db.execute(TABLE)
        await db.execute(INSERT, (1, "a"))
        for sql in ("DELETE FROM t", "INSERT INTO t VALUES (2, 'b') RETURNING id", "DROP TABLE t"):
            with pytest.raises(DbReadOnlyError) as caught:
                await db.query(sql)
            assert code_of(caught) == "CAP231"
        assert await db.query(ALL) == [{"id": 1, "name": "a"}]

    @pytest.mark.parametrize("sql", ["BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT s"])
    async def test_transactions_are_not_made_by_hand(self, db: Db.Write, sql: str) -> None:
        with pytest.raises(DbError):
            await db.execute(sql)
        async with db.transaction() as transaction:
            with pytest.raises(DbError):
                await transaction.execute(sql)

    async def test_transaction_is_committed_at_its_end(self, db: Db.Write) -> None:
        await db.execute(TABLE)
        async with db.transaction() as transaction:
            assert await transaction.execute(INSERT, (1, "a")) == 1
            assert await transaction.query(ALL) == [{"id": 1, "name": "a"}]
            assert await db.query(ALL) == [], "others see what is committed"
            await transaction.execute_many(INSERT, [(2, "b"), (3, "c")])
        assert len(await db.query(ALL)) == 3

    async def test_transaction_is_undone_by_an_error(self, db: Db.Write) -> None:
        await db.execute(TABLE)

        async def fail() -> None:
            async with db.transaction() as transaction:
                await transaction.execute(INSERT, (1, "a"))
                raise KeyError

        with pytest.raises(KeyError):
            await fail()
        assert await db.query(ALL) == []

    async def test_failed_statement_undoes_itself_alone(self, db: Db.Write) -> None:
        await db.execute(TABLE)
        async with db.transaction() as transaction:
            await transaction.execute(INSERT, (1, "a"))
            with pytest.raises(DbError):
                await transaction.execute_many(INSERT, [(2, "b"), (1, "again")])
            await transaction.execute(INSERT, (3, "c"))
        assert [row["id"] for row in await db.query(ALL)] == [1, 3]

    async def test_transactions_follow_each_other(self, db: Db.Write) -> None:
        await db.execute("CREATE TABLE n (value INTEGER)")
        await db.execute("INSERT INTO n VALUES (0)")

        async def add() -> None:
            async with db.transaction() as transaction:
                (row,) = await transaction.query("SELECT value FROM n")
                await asyncio.sleep(0)
                await transaction.execute("UPDATE n SET value = ?", (int(str(row["value"])) + 1,))

        await asyncio.gather(*(add() for _ in range(10)))
        assert await db.query("SELECT value FROM n") == [{"value": 10}]

    async def test_cancelled_transaction_is_undone_and_the_next_goes_on(self, db: Db.Write) -> None:
        await db.execute(TABLE)
        inside = asyncio.Event()

        async def stay() -> None:
            async with db.transaction() as transaction:
                await transaction.execute(INSERT, (1, "a"))
                inside.set()
                await asyncio.Event().wait()

        task = asyncio.ensure_future(stay())
        await inside.wait()
        waiting = [asyncio.ensure_future(db.execute(INSERT, (n, "b"))) for n in (2, 3, 4)]
        await asyncio.sleep(0)
        waiting[0].cancel()
        task.cancel()
        await asyncio.wait([task, *waiting])
        assert task.cancelled()
        assert [row["id"] for row in await db.query(ALL)] == [3, 4]

    async def test_writing_beside_the_open_transaction_is_refused_and_does_not_hang(
        self, db: Db.Write
    ) -> None:
        await db.execute(TABLE)
        async with db.transaction():
            with pytest.raises(DbError):
                await db.execute(INSERT, (1, "a"))
            with pytest.raises(DbError):
                async with db.transaction():
                    pass

    async def test_transaction_is_over_after_its_block(self, db: Db.Write) -> None:
        async with db.transaction() as transaction:
            pass
        with pytest.raises(DbError):
            await transaction.query("SELECT 1")

    def test_dialect_is_told(self, db: Db.Write) -> None:
        assert db.dialect() in ("sqlite", "postgres")


VALUES = (None, 2**62, -1.5, "é\0☃", b"\0\xff")
