"""The run store in one SQLite file."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import apsw
import msgspec

from latticeflow.providers.run_store.errors import not_open, store_error
from latticeflow.providers.run_store.identity import this_process
from latticeflow.providers.run_store.sqlite import changes
from latticeflow.providers.run_store.sqlite import statements as sql
from latticeflow.providers.run_store.sqlite.blobs import BlobFolder, make_folder
from latticeflow.providers.run_store.sqlite.ledger import Change, Ledger
from latticeflow.providers.run_store.sqlite.liveness import OwnerLocks
from latticeflow.providers.run_store.sqlite.operations import Append, Log, Operation
from latticeflow.providers.run_store.sqlite.reader import Readers
from latticeflow.providers.run_store.sqlite.rows import (
    event_row,
    log_row,
    read_event,
    read_log,
    read_run,
    state_row,
)
from latticeflow.providers.run_store.sqlite.schema import (
    DEFAULT_BUSY_MS,
    connect,
    migrate,
    scripts,
)
from latticeflow.providers.run_store.sqlite.writer import GroupCommit
from latticeflow.runs import Event, LogLine, Owner, Run, RunFilter

_T = TypeVar("_T")

DEFAULT_BLOB_THRESHOLD = 512 * 1024
_DELETED_AT_ONCE = 20


class SqliteRunStore:
    """Keeps runs in a SQLite file (WAL, `synchronous=FULL`), shared by processes of one machine.

    What was acknowledged survives a killed process and a power cut. Writes of all runs in this
    process share commits. Waiting for another process's lock is bounded, and no user sees it.

    Args:
        path: The file; it and its folder are made by `open`.
        blob_threshold: A value of more bytes than this is kept as a file of its own, next to the
            database, named by its SHA-256 and checked at every read.
        busy_ms: How long to wait for another process's lock before the store fails (STORE004).
        vfs: The name of a SQLite VFS to use instead of the system's, for tests of faults.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        blob_threshold: int = DEFAULT_BLOB_THRESHOLD,
        busy_ms: int = DEFAULT_BUSY_MS,
        vfs: str | None = None,
    ) -> None:
        # Real, so that two names of one file mean one set of locks.
        self.path = Path(path).resolve()
        self.url = f"sqlite:///{self.path}"
        self._threshold = blob_threshold
        self._busy_ms = busy_ms
        self._vfs = vfs
        self._blobs = BlobFolder(self._beside(".blobs"))
        self._locks = OwnerLocks(self._beside(".owners"), self.url)
        self._owned: dict[str, int] = {}
        self._ledger: Ledger | None = None
        self._writer: GroupCommit | None = None
        self._readers: Readers | None = None

    async def open(self) -> None:
        if self._writer is not None:
            return
        readers = Readers(self._connect, self.url)
        try:
            ledger = await readers.run(self._prepare)
        except BaseException:
            readers.close()
            raise
        self._ledger, self._readers = ledger, readers
        self._writer = GroupCommit(ledger, url=self.url, busy_ms=self._busy_ms)

    async def close(self) -> None:
        writer, ledger, readers = self._writer, self._ledger, self._readers
        if writer is None or ledger is None or readers is None:
            return
        owned, self._owned = self._owned, {}
        given_up = self._change(lambda ledger: _release_all(ledger, owned.items()))
        self._writer = None
        try:
            await given_up
        finally:
            # The last connection to close works the log into the database: not for the loop.
            await readers.run(lambda: _end(writer, ledger))
            self._locks.drop()
            readers.close()
            self._ledger = self._readers = None

    async def create(self, run: Run, owner: Owner | None = None) -> tuple[Run, bool]:
        if owner is not None:
            self._locks.hold(owner)
        new = changes.NewRun(run, owner)
        large = max(len(run.arguments), len(run.result or b"")) > self._threshold
        stored, added = await self._change(
            new.add, prepare=new.spill if large else None, heavy=large
        )
        if added and stored.owner is not None:
            self._owned[run.run_id] = stored.owner.fence
        return stored, added

    async def get(self, run_id: str) -> Run | None:
        def read(connection: apsw.Connection) -> Run | None:
            row: Any = connection.execute(sql.GET, (run_id,)).fetchone()
            return None if row is None else read_run(row, self._blobs.get)

        return await self._read(read)

    async def find(self, which: RunFilter) -> list[Run]:
        statuses = None
        if which.statuses:
            statuses = msgspec.json.encode([status.value for status in which.statuses]).decode()
        wanted = (
            which.flow_name,
            statuses,
            which.created_after_ms,
            which.created_before_ms,
            max(which.limit, 0),
        )
        return await self._read(
            lambda connection: [
                read_run(row, self._blobs.get) for row in connection.execute(sql.FIND, wanted)
            ]
        )

    def append(
        self,
        run_id: str,
        events: Sequence[Event],
        *,
        fence: int,
        state: Run | None = None,
    ) -> Awaitable[None]:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        # Encoded here and now: the caller may change what it gave as soon as this returns.
        rows = [event_row(event) for event in events]
        heavy = False
        threshold = self._threshold
        for row in rows:
            if row[4] is not None and len(row[4]) > threshold:
                heavy = True
        changed = None
        if state is not None:
            changed = state_row(state)
            heavy = heavy or len(state.result or b"") > threshold
        self._submit(Append(future, run_id, fence, rows, changed, heavy=heavy), loop)
        return future

    async def history(self, run_id: str, after: int = 0) -> list[Event]:
        return await self._read(
            lambda connection: [
                read_event(row, self._blobs.get)
                for row in connection.execute(sql.HISTORY, (run_id, after))
            ]
        )

    def log(self, run_id: str, lines: Sequence[LogLine]) -> Awaitable[None]:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        self._submit(Log(future, run_id, [log_row(line) for line in lines]), loop)
        return future

    async def logs(self, run_id: str, after: int = 0, limit: int = 1000) -> list[LogLine]:
        return await self._read(
            lambda connection: [
                read_log(row)
                for row in connection.execute(sql.LOGS, (run_id, after, max(limit, 0)))
            ]
        )

    async def claim(self, run_id: str, owner: Owner) -> Run | None:
        self._locks.hold(owner)
        run = await self._change(lambda ledger: changes.claim(ledger, self._locks, run_id, owner))
        if run is not None and run.owner is not None:
            self._owned[run_id] = run.owner.fence
        return run

    async def release(self, run_id: str, fence: int) -> None:
        if self._owned.get(run_id) == fence:
            del self._owned[run_id]
        await self._change(lambda ledger: changes.release(ledger, run_id, fence))

    async def request_cancel(self, run_id: str) -> bool:
        return await self._change(lambda ledger: changes.request_cancel(ledger, run_id))

    async def cancel_requested(self, run_ids: Sequence[str]) -> set[str]:
        return await self._read(
            lambda connection: {
                run_id
                for run_id in run_ids
                if connection.execute(sql.CANCEL_REQUESTED, (run_id,)).get
            }
        )

    async def is_live(self, run: Run) -> bool:
        return run.owner is not None and self._locks.is_live(run.owner)

    async def delete(self, run_ids: Sequence[str]) -> int:
        removed, unique = 0, iter(dict.fromkeys(run_ids))
        # Some at a time: other writers need not wait for the end of a big cleaning.
        while some := tuple(itertools.islice(unique, _DELETED_AT_ONCE)):
            removed += await self._change(partial(changes.delete, run_ids=some), heavy=True)
        unused = await self._read(self._unused_blobs)
        if unused:
            await self._change(lambda ledger: changes.remove_unused(ledger, unused), heavy=True)
        while removed and await self._change(changes.give_back, heavy=True):
            pass
        return removed

    def _beside(self, suffix: str) -> Path:
        return self.path.with_name(self.path.name + suffix)

    def _connect(self) -> apsw.Connection:
        return connect(self.path, url=self.url, busy_ms=self._busy_ms, vfs=self._vfs)

    def _prepare(self) -> Ledger:
        try:
            make_folder(self.path.parent)
        except OSError as error:
            raise store_error("STORE001", url=self.url, why=str(error)) from error
        connection = self._connect()
        try:
            migrate(connection, scripts(), url=self.url, busy_ms=self._busy_ms)
            self._locks.sweep()
            self._locks.hold(this_process())
        except BaseException:
            connection.close()
            raise
        return Ledger(connection, self._blobs, threshold=self._threshold, busy_ms=self._busy_ms)

    def _submit(self, operation: Operation, loop: asyncio.AbstractEventLoop) -> None:
        if self._writer is None:
            operation.future.set_exception(not_open(self.url))
            operation.future.exception()  # who drops an awaitable does not want to hear of it
        else:
            self._writer.submit(operation, loop)

    def _change(
        self,
        action: Callable[[Ledger], _T],
        *,
        prepare: Callable[[Ledger], None] | None = None,
        heavy: bool = False,
    ) -> asyncio.Future[_T]:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[_T] = loop.create_future()
        self._submit(Change(future, action, prepare=prepare, heavy=heavy), loop)
        return future

    async def _read(self, action: Callable[[apsw.Connection], _T]) -> _T:
        if self._writer is None or self._readers is None:
            raise not_open(self.url)
        return await self._readers.read(action)

    def _unused_blobs(self, connection: apsw.Connection) -> list[str]:
        self._blobs.remove_left_overs()
        return [
            digest
            for digest in self._blobs.names()
            if not connection.execute(sql.BLOB_USED, (digest,)).get
        ]


def _release_all(ledger: Ledger, owned: Iterable[tuple[str, int]]) -> None:
    for run_id, fence in owned:
        changes.release(ledger, run_id, fence)


def _end(writer: GroupCommit, ledger: Ledger) -> None:
    writer.close()
    ledger.connection.close()
