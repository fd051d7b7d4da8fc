"""Open SQLite databases the way everything here needs them: durable, shared, bounded waiting."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import apsw

_RETRY_SECONDS = 0.01


def open_writer(file: Path, *, wait: timedelta, durable: bool) -> apsw.Connection:
    """Open a database for writing, making the file and its directory if needed.

    Args:
        file: The file.
        wait: How long a statement waits for another process's lock.
        durable: Whether a commit is synced.

    Raises:
        apsw.Error: It cannot be opened.
    """
    import apsw

    file.parent.mkdir(parents=True, exist_ok=True)
    connection = apsw.Connection(str(file))
    connection.set_busy_timeout(int(wait.total_seconds() * 1000))
    # Changing the mode is the one thing that does not wait by itself.
    _patiently(lambda: connection.execute("PRAGMA journal_mode = WAL").fetchall(), wait)
    connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'OFF'}")
    connection.execute("PRAGMA foreign_keys = ON")
    return connection


def open_reader(file: Path, *, wait: timedelta) -> apsw.Connection:
    """Open a database, which is there, so that nothing can be written through it."""
    import apsw

    connection = apsw.Connection(str(file), flags=apsw.SQLITE_OPEN_READWRITE)
    connection.set_busy_timeout(int(wait.total_seconds() * 1000))
    # Rather than opening it read-only, which cannot recover the log of a process that died.
    connection.execute("PRAGMA query_only = ON")
    return connection


def prepare_schema(connection: apsw.Connection, statements: Sequence[str], *, version: int) -> None:
    """Make the tables of a schema, once.

    Raises:
        ValueError: The database has a newer schema.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        found = connection.execute("PRAGMA user_version").fetchone()
        present = int(str(found[0])) if found else 0
        if present > version:
            raise ValueError(f"it has schema {present}; this version knows up to {version}")
        if present < version:
            for statement in statements:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {version:d}")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _patiently(work: Callable[[], object], wait: timedelta) -> None:
    import apsw

    deadline = time.monotonic() + wait.total_seconds()
    while True:
        try:
            work()
        except (apsw.BusyError, apsw.LockedError):
            if time.monotonic() > deadline:
                raise
            time.sleep(_RETRY_SECONDS)
        else:
            return
