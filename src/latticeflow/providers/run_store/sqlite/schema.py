"""Open connections; bring the file's schema to the one this version knows."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import apsw

from latticeflow.providers.run_store.errors import store_error
from latticeflow.runs import StoreError

_T = TypeVar("_T")

APPLICATION_ID = 0x4C465255  # "LFRU"
_FOLDER = Path(__file__).parent / "sql"
DEFAULT_BUSY_MS = 60_000
_TICK = 0.0005
# One statement, so that it is of one moment: another process may be building the schema.
_IDENTITY = (
    "SELECT (SELECT user_version FROM pragma_user_version),"
    " (SELECT application_id FROM pragma_application_id),"
    " NOT EXISTS (SELECT 1 FROM sqlite_schema)"
)


def scripts() -> list[str]:
    """Return the texts that build the schema, one per version, from version 1."""
    return [path.read_text(encoding="utf-8") for path in sorted(_FOLDER.glob("[0-9]*.sql"))]


def connect(path: Path, *, url: str, busy_ms: int, vfs: str | None = None) -> apsw.Connection:
    """Open a connection with the settings that every connection needs.

    Raises:
        StoreError: The place cannot be used (STORE001), is no run store (STORE001, STORE003), or
            stayed locked for `busy_ms` (STORE004).
    """
    try:
        connection = apsw.Connection(os.fspath(path), vfs=vfs)
    except (apsw.Error, OSError) as error:
        raise store_error("STORE001", url=url, why=_why(error)) from error
    connection.set_busy_timeout(busy_ms)
    try:
        _retry_busy(lambda: _settle(connection, url), url=url, busy_ms=busy_ms)
    except (apsw.Error, StoreError) as error:
        connection.close()
        raise mapped(error, url, busy_ms) from error
    return connection


def _settle(connection: apsw.Connection, url: str) -> None:
    _version(connection, url)  # first of all: another program's file is left as it is
    if connection.execute("PRAGMA page_count").get == 0:  # later it would need the writer's lock
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")  # deleting gives room back
    mode = connection.execute("PRAGMA journal_mode = WAL").get
    if mode != "wal":
        why = f"its file system cannot share memory (journal mode {mode})"
        raise store_error("STORE001", url=url, why=why)
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA fullfsync = ON")  # macOS: past the drive's cache; elsewhere nothing
    # The writer checkpoints when nobody waits for it; a commit never does.
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    connection.execute("PRAGMA journal_size_limit = 67108864")


def migrate(
    connection: apsw.Connection, steps: Sequence[str], *, url: str, busy_ms: int = DEFAULT_BUSY_MS
) -> None:
    """Bring the schema to version `len(steps)`, each step in a transaction of its own.

    Another process may do the same at the same time; each step happens once.

    Raises:
        StoreError: The schema is newer (STORE002), or the file is another program's (STORE001).
    """
    while True:
        version = _version(connection, url)
        if version > len(steps):
            raise store_error("STORE002", url=url, given=version, known=len(steps))
        if version == len(steps):
            return
        _retry_busy(lambda: _step(connection, steps, url), url=url, busy_ms=busy_ms)


def _step(connection: apsw.Connection, steps: Sequence[str], url: str) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        version = _version(connection, url)
        if version < len(steps):
            connection.execute(steps[version])
            connection.execute(f"PRAGMA user_version = {version + 1}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _version(connection: apsw.Connection, url: str) -> int:
    row: Any = connection.execute(_IDENTITY).fetchone()
    version, program, empty = row
    if program != APPLICATION_ID and not (version == 0 and program == 0 and empty):
        raise store_error("STORE001", url=url, why="it is a database of another program")
    return int(version)


def _retry_busy(action: Callable[[], _T], *, url: str, busy_ms: int) -> _T:
    # SQLite does not wait while another process turns a new file into WAL mode or recovers it.
    until = time.monotonic() + busy_ms / 1000
    while True:
        try:
            return action()
        except (apsw.BusyError, apsw.LockedError) as error:
            if time.monotonic() > until:
                raise store_error("STORE004", url=url, waited_ms=busy_ms) from error
            time.sleep(_TICK * (1 + random.random()))  # noqa: S311 - spreads the waiting ones


def mapped(error: BaseException, url: str, busy_ms: int = DEFAULT_BUSY_MS) -> StoreError:
    """Return the coded form of an error of SQLite or of the file system."""
    if isinstance(error, StoreError):
        return error
    if isinstance(error, (apsw.CorruptError, apsw.NotADBError)):
        return store_error("STORE003", url=url, why=_why(error))
    if isinstance(error, (apsw.BusyError, apsw.LockedError)):
        return store_error("STORE004", url=url, waited_ms=busy_ms)
    if isinstance(error, apsw.CantOpenError):
        return store_error("STORE001", url=url, why=_why(error))
    return store_error("STORE005", url=url, why=_why(error))


def _why(error: BaseException) -> str:
    return str(error).removeprefix(f"{type(error).__name__}: ") or type(error).__name__
