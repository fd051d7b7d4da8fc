"""A ledger of keys in a SQLite file, shared by the processes of a machine."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from latticeflow.capabilities import DEFAULT_LEASE, Claim, Clock, DedupeError, New
from latticeflow.providers.clock import SystemClock
from latticeflow.providers.dedupe.claims import Row, answer, held, may_take_over, pending
from latticeflow.providers.sqlite import Database

if TYPE_CHECKING:
    import apsw

# The counter outlives the keys: a token is never given twice, so a late holder stays out.
_SCHEMA: Final = (
    """
    CREATE TABLE claims (
        key TEXT PRIMARY KEY,
        state TEXT NOT NULL CHECK (state IN ('pending', 'done')),
        owner TEXT NOT NULL,
        token INTEGER NOT NULL,
        lease_until_us INTEGER NOT NULL,
        result BLOB,
        expires_at_us INTEGER
    ) STRICT
    """,
    "CREATE INDEX expiring ON claims (expires_at_us) WHERE expires_at_us IS NOT NULL",
    "CREATE TABLE counter (token INTEGER NOT NULL) STRICT",
    "INSERT INTO counter VALUES (0)",
)
_SWEEP_EVERY: Final = 256
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class SqliteDedupe:
    """A ledger in a file. What it has answered survives a power loss.

    Args:
        file: The database; made when it is first used.
        clock: What leases and times to live go by.
    """

    def __init__(self, file: Path, *, clock: Clock | None = None) -> None:
        self._database = Database(file, schema=_SCHEMA, error=DedupeError)
        self._clock = clock or SystemClock()

    async def begin(self, key: str, *, owner: str, lease: timedelta = DEFAULT_LEASE) -> Claim:
        def work(connection: apsw.Connection) -> Claim:
            now = self._clock.now()
            found = answer(_find(connection, key), now)
            return _claim(connection, key, owner, now, lease) if found is None else found

        return await self._database.write(work)

    async def take_over(self, key: str, *, owner: str, lease: timedelta = DEFAULT_LEASE) -> Claim:
        def work(connection: apsw.Connection) -> Claim:
            now = self._clock.now()
            found = answer(_find(connection, key), now)
            if found is None or may_take_over(found, owner):
                return _claim(connection, key, owner, now, lease)
            return found

        return await self._database.write(work)

    async def renew(self, key: str, *, token: int, lease: timedelta = DEFAULT_LEASE) -> None:
        def work(connection: apsw.Connection) -> None:
            row = pending(_find(connection, key), key=key, token=token)
            until = self._clock.now() + lease
            _write(connection, key, msgspec.structs.replace(row, lease_until=until))

        await self._database.write(work)

    async def complete(
        self, key: str, *, token: int, result: bytes | None = None, ttl: timedelta | None = None
    ) -> None:
        def work(connection: apsw.Connection) -> None:
            row = held(_find(connection, key), key=key, token=token)
            if row.state == "pending":
                expires_at = None if ttl is None else self._clock.now() + ttl
                done = msgspec.structs.replace(
                    row, state="done", result=result, expires_at=expires_at
                )
                _write(connection, key, done)

        await self._database.write(work)

    async def abandon(self, key: str, *, token: int) -> None:
        def work(connection: apsw.Connection) -> None:
            pending(_find(connection, key), key=key, token=token)
            connection.execute("DELETE FROM claims WHERE key = ?", (key,))

        await self._database.write(work)

    def consistency(self) -> Literal["process", "machine", "cluster"]:
        return "machine"

    def close(self) -> None:
        """Close the file."""
        self._database.close()


def _claim(
    connection: apsw.Connection, key: str, owner: str, now: datetime, lease: timedelta
) -> New:
    found = connection.execute("UPDATE counter SET token = token + 1 RETURNING token").fetchone()
    token = int(str(found[0])) if found else 1
    row = Row(state="pending", owner=owner, token=token, lease_until=now + lease)
    _write(connection, key, row)
    if token % _SWEEP_EVERY == 0:
        connection.execute("DELETE FROM claims WHERE expires_at_us <= ?", (_us(now),))
    return New(token=token)


def _find(connection: apsw.Connection, key: str) -> Row | None:
    found = connection.execute(
        "SELECT state, owner, token, lease_until_us, result, expires_at_us FROM claims "
        "WHERE key = ?",
        (key,),
    ).fetchone()
    if found is None:
        return None
    state, owner, token, lease_until, result, expires_at = found
    facts = {"state": state, "owner": owner, "token": token, "result": result}
    facts |= {"lease_until": _at(lease_until), "expires_at": _at(expires_at)}
    return msgspec.convert(facts, Row)


def _write(connection: apsw.Connection, key: str, row: Row) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO claims VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            key,
            row.state,
            row.owner,
            row.token,
            _us(row.lease_until),
            row.result,
            None if row.expires_at is None else _us(row.expires_at),
        ),
    )


def _us(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(microseconds=1)


def _at(us: object) -> datetime | None:
    return _EPOCH + timedelta(microseconds=us) if isinstance(us, int) else None
