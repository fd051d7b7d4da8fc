"""What happens inside the transaction for everything but events and log lines.

Each function refuses with a `StoreError` before it writes, or does all it has to.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import apsw
import msgspec

from latticeflow.providers.run_store.errors import store_error
from latticeflow.providers.run_store.sqlite import statements as sql
from latticeflow.providers.run_store.sqlite.ledger import Ledger
from latticeflow.providers.run_store.sqlite.liveness import OwnerLocks
from latticeflow.providers.run_store.sqlite.rows import (
    origin_bytes,
    owner_bytes,
    read_owner,
    read_run,
    state_row,
)
from latticeflow.providers.run_store.text import require_text
from latticeflow.runs import TERMINAL, Owner, Run

DEVELOPMENT_VERSION = "0.0.0"  # may change as it likes; any other name and version is one digest
_ENDED = frozenset(status.value for status in TERMINAL)


class NewRun:
    """A run as it goes into its rows, taken from `run` at the time of asking."""

    def __init__(self, run: Run, owner: Owner | None) -> None:
        require_text(run.run_id, run.flow_name, run.flow_version, run.flow_digest)
        fence = 0 if owner is None else 1
        owned = None if owner is None else msgspec.structs.replace(owner, fence=fence)
        self.run = msgspec.structs.replace(
            run,
            owner=owned,
            cancel_requested=False,
            code_digests=dict(run.code_digests),
            options=dict(run.options),
        )
        self.fence = fence
        self.owner = None if owner is None else owner_bytes(owner)
        self.origin = origin_bytes(run)
        self.state = state_row(run)
        self.arguments: bytes | str | None = run.arguments
        self.spilled: dict[str, bytes] = {}

    def spill(self, ledger: Ledger) -> None:
        """Put large values aside."""
        self.arguments = ledger.spill(self.run.arguments, self.spilled)
        state = self.state
        self.state = (*state[:3], ledger.spill(state[3], self.spilled), *state[4:])

    def add(self, ledger: Ledger) -> tuple[Run, bool]:
        """Add the run unless its id exists; return what is stored, and whether this was added."""
        run, execute = self.run, ledger.connection.execute
        known = execute(sql.GET, (run.run_id,)).fetchone()
        if known is not None:
            return read_run(known, ledger.blobs.get), False
        if run.flow_version != DEVELOPMENT_VERSION:
            digest = execute(sql.PUBLISHED, (run.flow_name, run.flow_version)).get
            if digest is None:
                execute(sql.PUBLISH, (run.flow_name, run.flow_version, run.flow_digest))
            elif digest != run.flow_digest:
                raise store_error("STORE010", flow=run.flow_name, version=run.flow_version)
        status, *state = self.state
        row = execute(
            sql.ADD_RUN,
            (
                run.run_id,
                run.flow_name,
                run.flow_version,
                run.flow_digest,
                _keep_document(ledger.connection, run.flow_ir),
                self.arguments,
                run.created_at_ms,
                status,
                *state,
                self.origin,
                self.owner,
                self.fence,
            ),
        ).get
        ledger.use(int(row), self.spilled)
        return run, True


def _keep_document(connection: apsw.Connection, body: bytes) -> int:
    sha256 = hashlib.sha256(body).digest()
    known = connection.execute(sql.DOCUMENT, (sha256,)).get
    return int(known or connection.execute(sql.ADD_DOCUMENT, (sha256, body)).get)


def claim(ledger: Ledger, locks: OwnerLocks, run_id: str, owner: Owner) -> Run | None:
    """Give the run to `owner`, unless its owner lives."""
    execute = ledger.connection.execute
    row: Any = execute(sql.OWNER, (run_id,)).fetchone()
    if row is None:
        return None
    run, status, current, fence = row
    if current is not None and locks.is_live(read_owner(current, fence)):
        return None
    # A run that has ended and is driven again was asked to cancel in its former life.
    keep_request = status not in _ENDED
    execute(sql.TAKE, (owner_bytes(owner), fence + 1, keep_request, run))
    ledger.forget(run_id)
    taken: Any = execute(sql.GET, (run_id,)).fetchone()
    return read_run(taken, ledger.blobs.get)


def release(ledger: Ledger, run_id: str, fence: int) -> None:
    """Take the run from its owner if `fence` is current."""
    ledger.connection.execute(sql.RELEASE, (run_id, fence))
    ledger.forget(run_id)


def request_cancel(ledger: Ledger, run_id: str) -> bool:
    """Leave word for the owner; return whether the run has not ended."""
    row: Any = ledger.connection.execute(sql.OWNER, (run_id,)).fetchone()
    if row is None or row[1] in _ENDED:
        return False
    ledger.connection.execute(sql.REQUEST_CANCEL, (row[0],))
    return True


def delete(ledger: Ledger, run_ids: Sequence[str]) -> int:
    """Remove those of the runs that have ended; return how many."""
    execute, removed = ledger.connection.execute, 0
    for run_id in run_ids:
        row: Any = execute(sql.OWNER, (run_id,)).fetchone()
        if row is None or row[1] not in _ENDED:
            continue
        for statement in sql.DELETE_RUN:
            execute(statement, (row[0],))
        ledger.forget(run_id)
        removed += 1
    if removed:
        execute(sql.DELETE_DOCUMENTS)
    return removed


def remove_unused(ledger: Ledger, digests: Sequence[str]) -> None:
    """Remove those of the large values that no run uses."""
    for digest in digests:
        if not ledger.connection.execute(sql.BLOB_USED, (digest,)).get:
            ledger.blobs.remove(digest)


def give_back(ledger: Ledger) -> bool:
    """Give some of the room that deleted rows left back to the disk; return whether there is more.

    Some at a time, because other writers wait for the end of this.
    """
    execute = ledger.connection.execute
    before = execute(sql.FREE_PAGES).get
    execute(sql.GIVE_BACK).fetchall()  # frees a page with each row it returns
    after = execute(sql.FREE_PAGES).get
    return bool(0 < after < before)
