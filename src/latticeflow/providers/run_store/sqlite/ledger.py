"""One transaction: a batch of operations, applied in the order they were asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import apsw

from latticeflow.providers.run_store.errors import fenced, unknown_run
from latticeflow.providers.run_store.sqlite import statements as sql
from latticeflow.providers.run_store.sqlite.blobs import BlobFolder
from latticeflow.providers.run_store.sqlite.operations import Append, Log, Operation
from latticeflow.providers.run_store.sqlite.patience import Patience
from latticeflow.providers.run_store.sqlite.rows import Row
from latticeflow.runs import StoreError

_REMEMBERED = 10_000
# Early, for the log is written faster once it overwrites itself than while its file grows
# (measured: 190 us a commit against 350).
_CHECKPOINT_PAGES = 256
_RESTART_SECONDS = 0.25


class Change(Operation):
    """Do `action` inside the transaction and answer with what it returns.

    A `StoreError` of `action` is a refusal: it must be raised before anything is written.
    """

    __slots__ = ("action", "prepare")

    def __init__(
        self,
        future: asyncio.Future[Any],
        action: Callable[[Ledger], Any],
        *,
        prepare: Callable[[Ledger], None] | None = None,
        heavy: bool = False,
    ) -> None:
        super().__init__(future, heavy=heavy)
        self.action = action
        self.prepare = prepare


class _Head:
    """Where a run's history ends, and who may add to it."""

    __slots__ = ("fence", "id", "seq")

    def __init__(self, id: int, fence: int, seq: int) -> None:
        self.id = id
        self.fence = fence
        self.seq = seq


class Ledger:
    """The writer's side of the database. One thread at a time may use it.

    What it remembers of runs (row, fence, end of the history) holds as long as no other connection
    has committed, which SQLite tells for the price of one statement a transaction. So a fence is
    checked inside the transaction that it guards, and costs nothing a run.

    Args:
        connection: The writer's own.
        blobs: Where large values go.
        threshold: A value of more bytes than this is large.
        busy_ms: How long to wait for the lock of another process.
    """

    def __init__(
        self, connection: apsw.Connection, blobs: BlobFolder, *, threshold: int, busy_ms: int
    ) -> None:
        self.connection = connection
        self.blobs = blobs
        self.threshold = threshold
        self._heads: dict[str, _Head] = {}
        self._version = -1
        self._events: list[Row] = []
        self._states: list[Row] = []
        self._logs: list[Row] = []
        self._busy_seconds = busy_ms / 1000
        self._patience = Patience()
        self._wal_pages = 0
        self._tidy_at = _CHECKPOINT_PAGES
        connection.set_busy_handler(self._patience)
        connection.set_wal_hook(self._note_wal)

    def commit(self, batch: Sequence[Operation], *, wait: bool) -> None:
        """Apply `batch` in one synced transaction.

        Each operation has its result or its refusal afterwards. If this raises, nothing of the
        batch has happened, as far as anyone was told.

        Args:
            batch: What to do.
            wait: Wait for the lock while another process holds it.

        Raises:
            apsw.BusyError: Another process holds the lock (for too long); nothing was tried.
            apsw.Error: The database failed.
            OSError: A large value could not be kept.
        """
        for operation in batch:
            if operation.heavy:
                self._prepare(operation)
        self._patience.seconds = self._busy_seconds if wait else 0.0
        execute = self.connection.execute
        execute(sql.BEGIN)
        try:
            version = execute(sql.DATA_VERSION).get
            if version != self._version or len(self._heads) > _REMEMBERED:
                self._heads.clear()
                self._version = version
            for operation in batch:
                if type(operation) is Append:
                    self._append(operation)
                elif type(operation) is Change:
                    self._flush()
                    self._change(operation)
                elif type(operation) is Log:
                    self._log(operation)
            self._flush()
            execute(sql.COMMIT)
        except BaseException:
            self._events, self._states, self._logs = [], [], []
            self._heads.clear()
            if self.connection.in_transaction:
                execute(sql.ROLLBACK)
            raise

    def is_untidy(self) -> bool:
        """Tell whether the log in front of the database has grown enough to be worked in."""
        return self._wal_pages >= self._tidy_at

    def tidy(self) -> None:
        """Work the log into the database, so that it starts again from its beginning.

        Raises:
            apsw.Error: The database failed; it must not be written any more, for a sync that
                failed once is not reported twice.
        """
        # Usually nobody is made to wait. Under many writers that is never enough to start again,
        # and a log without bounds would be worse than a moment's wait.
        much = self._wal_pages >= _CHECKPOINT_PAGES * 16
        self._patience.seconds = _RESTART_SECONDS if much else 0.0
        mode = apsw.SQLITE_CHECKPOINT_RESTART if much else apsw.SQLITE_CHECKPOINT_PASSIVE
        pages, done = self._wal_pages, 0
        with suppress(apsw.BusyError, apsw.LockedError):
            pages, done = self.connection.wal_checkpoint(mode=mode)
        # Held up by a reader or by another process: let it grow before the next try.
        self._tidy_at = _CHECKPOINT_PAGES if done >= pages else pages + _CHECKPOINT_PAGES // 2
        self._wal_pages = 0

    def forget(self, run_id: str) -> None:
        """Read the run's fence and end again before the next use."""
        self._heads.pop(run_id, None)

    def spill(self, value: bytes | None, spilled: dict[str, bytes]) -> bytes | str | None:
        """Keep a large value as a file; return what the row holds instead."""
        if value is None or len(value) <= self.threshold:
            return value
        digest = self.blobs.put(value)
        spilled[digest] = value
        return digest

    def use(self, run: int, spilled: dict[str, bytes]) -> None:
        """Record that a run needs the files of `spilled`."""
        for digest, value in spilled.items():
            # Inside the transaction: a file can only have been removed before, not from here on.
            if not self.blobs.has(digest):
                self.blobs.put(value)
            self.connection.execute(sql.USE_BLOB, (digest, run))

    def _prepare(self, operation: Operation) -> None:
        if type(operation) is Change:
            if operation.prepare is not None:
                operation.prepare(self)
        elif type(operation) is Append:
            spilled = operation.spilled
            operation.events = [
                (*row[:4], self.spill(row[4], spilled), row[5]) for row in operation.events
            ]
            if operation.state is not None:
                state = operation.state
                operation.state = (*state[:3], self.spill(state[3], spilled), *state[4:])

    def _append(self, operation: Append) -> None:
        head = self._heads.get(operation.run_id) or self._read_head(operation.run_id)
        if head is None:
            operation.error = unknown_run(operation.run_id)
            return
        if head.fence != operation.fence:
            operation.error = fenced(operation.run_id, operation.fence, head.fence)
            return
        run, seq, rows = head.id, head.seq, self._events
        for row in operation.events:
            seq += 1
            rows.append((run, seq, *row))
        head.seq = seq
        if operation.state is not None:
            self._states.append((*operation.state, run))
        if operation.spilled:
            self.use(run, operation.spilled)

    def _log(self, operation: Log) -> None:
        head = self._heads.get(operation.run_id) or self._read_head(operation.run_id)
        if head is None:
            operation.error = unknown_run(operation.run_id)
            return
        run = head.id
        self._logs.extend((run, *row) for row in operation.lines)

    def _change(self, operation: Change) -> None:
        try:
            operation.result = operation.action(self)
        except StoreError as refusal:
            operation.error = refusal

    def _note_wal(self, _connection: apsw.Connection, _name: str, pages: int) -> int:
        self._wal_pages = pages
        return apsw.SQLITE_OK

    def _flush(self) -> None:
        many = self.connection.executemany
        if self._events:
            many(sql.ADD_EVENT, self._events)
            self._events = []
        if self._states:
            many(sql.SET_STATE, self._states)
            self._states = []
        if self._logs:
            many(sql.ADD_LOG, self._logs)
            self._logs = []

    def _read_head(self, run_id: str) -> _Head | None:
        row: Any = self.connection.execute(sql.HEAD, (run_id,)).fetchone()
        if row is None:
            return None
        head = self._heads[run_id] = _Head(*row)
        return head
