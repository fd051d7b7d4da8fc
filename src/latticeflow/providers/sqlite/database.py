"""A SQLite database off the event loop: one thread writes, one reads."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import weakref
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from latticeflow.capabilities import CapabilityError
from latticeflow.diagnostics import report
from latticeflow.providers.sqlite.opening import open_reader, open_writer, prepare_schema
from latticeflow.providers.sqlite.turns import Turns

if TYPE_CHECKING:
    import apsw

T = TypeVar("T")
Work = Callable[["apsw.Connection"], T]

DEFAULT_WAIT = timedelta(seconds=30)


class Database:
    """A database that several tasks, threads and processes may use at once.

    It is opened on first use. A transaction that writes has the database for itself from its
    beginning; in this process they are served in order, other processes are waited for.

    Args:
        place: The file; None is a new database that is gone with this object.
        schema: Statements that make the tables, if the tables are the product's own.
        version: The version of that schema.
        error: What is raised when the database itself fails (CAP232).
        wait: How long another process's lock is waited for.
    """

    def __init__(
        self,
        place: Path | None,
        *,
        schema: Sequence[str] = (),
        version: int = 1,
        error: type[CapabilityError] = CapabilityError,
        wait: timedelta = DEFAULT_WAIT,
    ) -> None:
        self._place = place
        self._is_durable = place is not None
        self._schema = tuple(schema)
        self._version = version
        self._error = error
        self._wait = wait
        self._turns = Turns()
        self._writing = ThreadPoolExecutor(1, thread_name_prefix="flows-sqlite-write")
        self._reading = ThreadPoolExecutor(1, thread_name_prefix="flows-sqlite-read")
        self._writer: apsw.Connection | None = None
        self._reader: apsw.Connection | None = None
        self._removal: weakref.finalize[..., Database] | None = None

    @property
    def is_durable(self) -> bool:
        """Whether it is in a file."""
        return self._is_durable

    async def read(self, work: Work[T]) -> T:
        """Run `work` on a connection that cannot write; what it reads is one committed state."""
        if self._writer is None:
            # The writer makes the file, recovers it and prepares its tables.
            await asyncio.wrap_future(self._writing.submit(self._open_writer))
        return await asyncio.wrap_future(self._reading.submit(self._read, work))

    async def write(self, work: Work[T]) -> T:
        """Run `work` in a transaction: committed when it returns, undone when it raises.

        Cancellation: the transaction may still be committed, whole.
        """
        await self._turns.take()
        done = self._writing.submit(self._transact, work)
        # The turn ends with the work and not with the waiting for it.
        done.add_done_callback(lambda _: self._turns.give_back())
        return await asyncio.wrap_future(done)

    async def begin(self) -> None:
        """Open a transaction that stays open until `end`; the caller has the turn until then."""
        await self._turns.take()
        begun = self._writing.submit(self._begin)
        try:
            await asyncio.wrap_future(begun)
        except BaseException:
            if begun.cancelled() or (begun.done() and begun.exception() is not None):
                self._turns.give_back()
            else:
                self._end(commit=False)
            raise

    async def work(self, work: Work[T]) -> T:
        """Run `work` inside the transaction that `begin` opened."""
        return await asyncio.wrap_future(self._writing.submit(self._on_writer, work))

    async def end(self, *, commit: bool) -> None:
        """End the transaction that `begin` opened.

        Cancellation: it is ended all the same.
        """
        await asyncio.shield(asyncio.wrap_future(self._end(commit=commit)))

    def close(self) -> None:
        """Close the connections, once what was begun has ended. It cannot be used any more."""
        for executor, connection in ((self._reading, "_reader"), (self._writing, "_writer")):
            executor.shutdown(wait=True)
            opened: apsw.Connection | None = getattr(self, connection)
            if opened is not None:
                opened.close()
                setattr(self, connection, None)
        if self._removal is not None:
            self._removal()

    # What follows runs in the threads.

    def _file(self) -> Path:
        if self._place is None:
            # Not SQLite's own databases in memory: in those, who reads waits for who writes.
            folder = tempfile.mkdtemp(prefix="flows-db-")
            self._removal = weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
            self._place = Path(folder, "data.db")
        return self._place

    def _open_writer(self) -> apsw.Connection:
        import apsw

        if self._writer is None:
            try:
                connection = open_writer(self._file(), wait=self._wait, durable=self._is_durable)
                if self._schema:
                    prepare_schema(connection, self._schema, version=self._version)
            except (apsw.Error, OSError, ValueError) as error:
                raise self._failed(error) from error
            self._writer = connection
        return self._writer

    def _read(self, work: Work[T]) -> T:
        import apsw

        try:
            if self._reader is None:
                self._reader = open_reader(self._file(), wait=self._wait)
            return work(self._reader)
        except apsw.Error as error:
            raise self._failed(error) from error

    def _transact(self, work: Work[T]) -> T:
        self._begin()
        try:
            value = self._on_writer(work)
        except BaseException:
            self._finish(commit=False)
            raise
        self._finish(commit=True)
        return value

    def _begin(self) -> None:
        self._control(self._open_writer(), "BEGIN IMMEDIATE")

    def _on_writer(self, work: Work[T]) -> T:
        import apsw

        try:
            return work(self._open_writer())
        except apsw.Error as error:
            raise self._failed(error) from error

    def _end(self, *, commit: bool) -> Future[None]:
        done = self._writing.submit(self._finish, commit=commit)
        done.add_done_callback(lambda _: self._turns.give_back())
        return done

    def _finish(self, *, commit: bool) -> None:
        connection = self._open_writer()
        if not connection.in_transaction:  # SQLite has undone it: no room on the disk, say
            if commit:
                raise self._failed(OSError("the transaction was undone"))
            return
        try:
            self._control(connection, "COMMIT" if commit else "ROLLBACK")
        except CapabilityError:
            if commit and connection.in_transaction:
                self._control(connection, "ROLLBACK")
            raise

    def _control(self, connection: apsw.Connection, statement: str) -> None:
        import apsw

        guard, connection.authorizer = connection.authorizer, None
        try:
            connection.execute(statement, can_cache=False)
        except apsw.Error as error:
            raise self._failed(error) from error
        finally:
            connection.authorizer = guard

    def _failed(self, error: Exception) -> CapabilityError:
        import apsw

        retryable = isinstance(error, apsw.BusyError | apsw.LockedError)
        finding = report("CAP232", name=self._place, why=str(error))
        return self._error(diagnostics=(finding,), retryable=retryable)
