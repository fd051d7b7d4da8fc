"""A relational database, spoken to in SQL."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol, TypeAlias

from latticeflow.capabilities.marking import capability

SqlValue: TypeAlias = int | float | str | bytes | None
SqlRow: TypeAlias = dict[str, SqlValue]
SqlParameters: TypeAlias = Sequence[SqlValue] | Mapping[str, SqlValue]


class Db:
    """SQL with parameters: `?` by position, `:name` by name. Values are never spliced into text.

    One call takes one statement; a second one in the text is refused with `DbError`.
    """

    @capability("db.read")
    class Read(Protocol):
        """Reading."""

        async def query(self, sql: str, parameters: SqlParameters = ()) -> list[SqlRow]:
            """Return the rows, each by column name; all of one committed state.

            Raises:
                DbReadOnlyError: The statement would write.
                DbError: The statement is wrong, or the database failed.
            """
            ...

        def dialect(self) -> str:
            """Return the kind of SQL: `sqlite` or `postgres`."""
            ...

    class Transaction(Protocol):
        """What can be done inside a transaction; `query` sees what was executed before it."""

        async def query(self, sql: str, parameters: SqlParameters = ()) -> list[SqlRow]:
            """Return the rows, each by column name."""
            ...

        async def execute(self, sql: str, parameters: SqlParameters = ()) -> int:
            """Run a statement; return the number of rows it changed."""
            ...

        async def execute_many(self, sql: str, rows: Iterable[SqlParameters]) -> int:
            """Run a statement once per row; return the number of rows changed in all."""
            ...

    @capability("db.write")
    class Write(Read, Protocol):
        """Reading and writing. Outside `transaction`, each call is a transaction of its own.

        When a call that writes returns, a durable database has it synced.
        """

        async def execute(self, sql: str, parameters: SqlParameters = ()) -> int:
            """Run a statement; return the number of rows it changed.

            Raises:
                DbError: It is wrong, a constraint stood against it, or the database failed.
            """
            ...

        async def execute_many(self, sql: str, rows: Iterable[SqlParameters]) -> int:
            """Run a statement once per row, all or none; return the number of rows changed."""
            ...

        def transaction(self) -> AbstractAsyncContextManager[Db.Transaction]:
            """Open a transaction: committed at the end of the block, undone if it raises.

            Transactions of one database follow each other; none sees another's half.

            Cancellation: undone, unless the commit had begun.
            """
            ...
