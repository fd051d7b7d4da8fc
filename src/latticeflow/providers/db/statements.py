"""Run one statement of a user on a SQLite connection."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from latticeflow.capabilities import DbError, DbReadOnlyError, SqlParameters, SqlRow
from latticeflow.diagnostics import report

if TYPE_CHECKING:
    import apsw

_NOTHING: Final = re.compile(r"(?:\s|;|--[^\n]*(?:\n|$)|/\*.*?(?:\*/|$))*", re.DOTALL)
_READING_PRAGMAS: Final = frozenset(
    {
        "foreign_key_list",
        "index_info",
        "index_list",
        "index_xinfo",
        "table_info",
        "table_list",
        "table_xinfo",
    }
)
_SHOWN_CHARACTERS: Final = 80


class Statements:
    """What users may say on one connection.

    Transactions, other files and settings of the connection are not theirs: those would undo what
    the port promises.
    """

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self._own = False
        self._only = _OneStatement()
        connection.authorizer = self._authorize

    def query(self, sql: str, parameters: SqlParameters) -> list[SqlRow]:
        """Return the rows of a statement that reads."""
        import apsw

        rows: list[SqlRow] = []
        cursor = self._cursor(sql)
        try:
            names: list[str] | None = None
            for row in cursor.execute(sql, _bindings(parameters)):
                if names is None:
                    names = [column[0] for column in cursor.get_description()]
                rows.append(dict(zip(names, row, strict=True)))
        except apsw.ReadOnlyError as error:
            raise DbReadOnlyError(diagnostics=(report("CAP231", sql=_shown(sql)),)) from error
        except (apsw.BusyError, apsw.LockedError):
            raise
        except _mistakes() as error:
            raise failed(sql, error) from error
        return rows

    def execute_many(self, sql: str, rows: Iterable[SqlParameters]) -> int:
        """Run a statement for each row, all or none; return how many rows of tables changed."""
        import apsw

        connection = self._connection
        changed = 0
        with self._undone_if_it_fails():
            cursor = self._cursor(sql)
            try:
                for parameters in rows:
                    self._only.begin(sql)
                    before = connection.total_changes()
                    cursor.execute(sql, _bindings(parameters)).fetchall()
                    # What defines tables leaves the count of the statement before.
                    if connection.total_changes() != before:
                        changed += connection.changes()
            except (apsw.BusyError, apsw.LockedError):
                raise
            except _mistakes() as error:
                raise failed(sql, error) from error
        return changed

    @contextmanager
    def _undone_if_it_fails(self) -> Iterator[None]:
        """Undo what the block did if it raises; a transaction around it goes on."""
        self._control("SAVEPOINT flows")
        try:
            yield
        except BaseException:
            if self._connection.in_transaction:  # else SQLite has undone all of it
                self._control("ROLLBACK TO flows")
                self._control("RELEASE flows")
            raise
        self._control("RELEASE flows")

    def _control(self, statement: str) -> None:
        self._own = True
        try:
            # Not cached: what is cached is not asked for again when a user says it.
            self._connection.execute(statement, can_cache=False)
        finally:
            self._own = False

    def _authorize(
        self, action: int, first: str | None, _second: str | None, _db: str | None, _by: str | None
    ) -> int:
        import apsw

        forbidden = action in (
            apsw.SQLITE_TRANSACTION,
            apsw.SQLITE_SAVEPOINT,
            apsw.SQLITE_ATTACH,
            apsw.SQLITE_DETACH,
        )
        if action == apsw.SQLITE_PRAGMA:
            forbidden = (first or "").lower() not in _READING_PRAGMAS
        return apsw.SQLITE_DENY if forbidden and not self._own else apsw.SQLITE_OK

    def _cursor(self, sql: str) -> apsw.Cursor:
        cursor = self._connection.cursor()
        cursor.exec_trace = self._only.trace
        self._only.begin(sql)
        return cursor


class _OneStatement:
    """Refuses the second statement of a text; SQLite would run them all."""

    def __init__(self) -> None:
        self._sql = ""
        self._seen = False

    def begin(self, sql: str) -> None:
        self._sql, self._seen = sql, False

    def trace(self, _cursor: apsw.Cursor, statement: str, _bindings: object) -> bool:
        if not _NOTHING.fullmatch(statement):
            if self._seen:
                raise failed(self._sql, ValueError("it is more than one statement"))
            self._seen = True
        return True


def failed(sql: str, error: Exception) -> DbError:
    """Return the error of a statement that the database refused (CAP230)."""
    return DbError(diagnostics=(report("CAP230", sql=_shown(sql), why=_why(error)),))


def _why(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"there is no value for the parameter `{error.args[0]}`"
    return str(error)


def _bindings(parameters: SqlParameters) -> SqlParameters:
    return parameters if isinstance(parameters, dict | tuple | list) else _copied(parameters)


def _copied(parameters: SqlParameters) -> SqlParameters:
    try:
        return dict(parameters)  # type: ignore[arg-type]  # a mapping, or the error below
    except (TypeError, ValueError):
        return tuple(parameters)


def _shown(sql: str) -> str:
    text = " ".join(sql.split())
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[: _SHOWN_CHARACTERS - 1]}…"


def _mistakes() -> tuple[type[Exception], ...]:
    import apsw

    # The last three are how parameters fail that no column can hold.
    return (apsw.Error, KeyError, TypeError, OverflowError)
