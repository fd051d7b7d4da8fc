"""SQL on a SQLite database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from latticeflow.capabilities import DbError, SqlParameters, SqlRow
from latticeflow.providers.db.statements import Statements, failed
from latticeflow.providers.sqlite import DEFAULT_WAIT, Database

if TYPE_CHECKING:
    import apsw


class SqliteDb:
    """A SQLite database, in a file or in memory.

    Args:
        file: The database; made when it is first used. None is a new one in memory.
        wait: How long another process's lock is waited for.
    """

    def __init__(self, file: Path | None = None, *, wait: timedelta = DEFAULT_WAIT) -> None:
        self._database = Database(file, error=DbError, wait=wait)
        self._statements: dict[int, Statements] = {}
        self._inside: ContextVar[bool] = ContextVar("inside", default=False)

    async def query(self, sql: str, parameters: SqlParameters = ()) -> list[SqlRow]:
        return await self._database.read(
            lambda connection: self._on(connection).query(sql, parameters)
        )

    async def execute(self, sql: str, parameters: SqlParameters = ()) -> int:
        return await self.execute_many(sql, (parameters,))

    async def execute_many(self, sql: str, rows: Iterable[SqlParameters]) -> int:
        if self._inside.get():
            raise failed(sql, ValueError("use the transaction that is open here, or end it first"))
        given = list(rows)
        return await self._database.write(
            lambda connection: self._on(connection).execute_many(sql, given)
        )

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[SqliteTransaction]:
        if self._inside.get():
            raise failed("transaction", ValueError("one is open here already"))
        await self._database.begin()
        inside = self._inside.set(True)
        transaction = SqliteTransaction(self)
        try:
            yield transaction
        except BaseException:
            await self._database.end(commit=False)
            raise
        else:
            await self._database.end(commit=True)
        finally:
            transaction.is_open = False
            self._inside.reset(inside)

    def dialect(self) -> str:
        return "sqlite"

    def close(self) -> None:
        """Close the database; one in memory is gone then."""
        self._database.close()
        self._statements.clear()

    def _on(self, connection: apsw.Connection) -> Statements:
        found = self._statements.get(id(connection))
        if found is None:
            found = self._statements[id(connection)] = Statements(connection)
        return found


class SqliteTransaction:
    """An open transaction of a `SqliteDb`."""

    def __init__(self, db: SqliteDb) -> None:
        self._db = db
        self.is_open = True

    async def query(self, sql: str, parameters: SqlParameters = ()) -> list[SqlRow]:
        self._check(sql)
        # On the writing connection, so that it sees what was executed before.
        return await self._db._database.work(  # noqa: SLF001 - two halves of one adapter
            lambda connection: self._db._on(connection).query(sql, parameters)  # noqa: SLF001
        )

    async def execute(self, sql: str, parameters: SqlParameters = ()) -> int:
        return await self.execute_many(sql, (parameters,))

    async def execute_many(self, sql: str, rows: Iterable[SqlParameters]) -> int:
        self._check(sql)
        given = list(rows)
        return await self._db._database.work(  # noqa: SLF001 - the same
            lambda connection: self._db._on(connection).execute_many(sql, given)  # noqa: SLF001
        )

    def _check(self, sql: str) -> None:
        if not self.is_open:
            raise failed(sql, ValueError("its transaction has ended"))
