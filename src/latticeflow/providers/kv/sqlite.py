"""Keys and values in a SQLite file, shared by the processes of a machine."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from latticeflow.capabilities import Clock, KvEntry, KvError, KvInfo, KvPage
from latticeflow.providers.clock import SystemClock
from latticeflow.providers.kv.checking import check_limit, check_version, expiry, key_bytes
from latticeflow.providers.sqlite import Database

if TYPE_CHECKING:
    import apsw

# Keys are bytes, so that their order is that of code points, whatever is in them. The counter
# outlives the keys: a version is never given twice.
_SCHEMA: Final = (
    """
    CREATE TABLE entries (
        key BLOB PRIMARY KEY,
        value BLOB NOT NULL,
        version INTEGER NOT NULL,
        expires_at_us INTEGER,
        metadata BLOB
    ) STRICT
    """,
    "CREATE INDEX expiring ON entries (expires_at_us) WHERE expires_at_us IS NOT NULL",
    "CREATE TABLE counter (version INTEGER NOT NULL) STRICT",
    "INSERT INTO counter VALUES (0)",
)
_SWEEP_EVERY: Final = 256
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class SqliteKv:
    """A key-value store in a file. What a call that writes has done survives a power loss.

    Args:
        file: The database; made when it is first used.
        clock: What expiry goes by.
    """

    def __init__(self, file: Path, *, clock: Clock | None = None) -> None:
        self._database = Database(file, schema=_SCHEMA, error=KvError)
        self._clock = clock or SystemClock()

    async def get(self, key: str) -> bytes | None:
        entry = await self.get_entry(key)
        return None if entry is None else entry.value

    async def get_entry(self, key: str) -> KvEntry | None:
        encoded, now = key_bytes(key), self._now()
        return await self._database.read(lambda connection: _find(connection, encoded, now))

    async def list(
        self, prefix: str = "", *, cursor: str | None = None, limit: int = 1000
    ) -> KvPage:
        check_limit(limit)
        start = prefix.encode()
        bounds = (start, _after(start), (cursor or "").encode(), self._now(), limit + 1)

        def look(connection: apsw.Connection) -> list[str]:
            rows = connection.execute(
                "SELECT key FROM entries WHERE key >= ?1 AND (?2 IS NULL OR key < ?2) AND key > ?3 "
                "AND (expires_at_us IS NULL OR expires_at_us > ?4) ORDER BY key LIMIT ?5",
                bounds,
            )
            return [bytes(_blob(row[0])).decode() for row in rows]

        keys = await self._database.read(look)
        more = len(keys) > limit
        return KvPage(keys=tuple(keys[:limit]), cursor=keys[limit - 1] if more else None)

    async def put(
        self,
        key: str,
        value: bytes,
        *,
        ttl: timedelta | None = None,
        metadata: Mapping[str, str] | None = None,
        if_version: int | None = None,
    ) -> int:
        encoded, content = key_bytes(key), bytes(value)
        expires_at = _us(expiry(key, self._clock.now(), ttl))
        facts = msgspec.json.encode(dict(metadata)) if metadata else None

        def write(connection: apsw.Connection) -> int:
            now = self._now()
            _check(connection, key, encoded, now=now, wanted=if_version)
            row = connection.execute(
                "UPDATE counter SET version = version + 1 RETURNING version"
            ).fetchone()
            version = int(str(row[0])) if row else 1
            connection.execute(
                "INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?, ?)",
                (encoded, content, version, expires_at, facts),
            )
            if version % _SWEEP_EVERY == 0:
                connection.execute("DELETE FROM entries WHERE expires_at_us <= ?", (now,))
            return version

        return await self._database.write(write)

    async def delete(self, key: str, *, if_version: int | None = None) -> bool:
        encoded = key_bytes(key)

        def write(connection: apsw.Connection) -> bool:
            found = _check(connection, key, encoded, now=self._now(), wanted=if_version)
            connection.execute("DELETE FROM entries WHERE key = ?", (encoded,))
            return found is not None

        return await self._database.write(write)

    def info(self) -> KvInfo:
        return KvInfo(consistency="strong", durable=True)

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def _now(self) -> int:
        return _us(self._clock.now()) or 0


def _find(connection: apsw.Connection, key: bytes, now: int) -> KvEntry | None:
    row = connection.execute(
        "SELECT value, version, expires_at_us, metadata FROM entries WHERE key = ? "
        "AND (expires_at_us IS NULL OR expires_at_us > ?)",
        (key, now),
    ).fetchone()
    if row is None:
        return None
    value, version, expires_at, metadata = row
    return KvEntry(
        value=bytes(_blob(value)),
        version=int(str(version)),
        expires_at=None if expires_at is None else _EPOCH + timedelta(microseconds=expires_at),
        metadata=msgspec.json.decode(metadata) if metadata else {},
    )


def _check(
    connection: apsw.Connection, key: str, encoded: bytes, *, now: int, wanted: int | None
) -> KvEntry | None:
    entry = _find(connection, encoded, now)
    check_version(key, found=0 if entry is None else entry.version, wanted=wanted)
    return entry


def _after(prefix: bytes) -> bytes | None:
    """Return the least key that is greater than all that begin with `prefix`; None for none."""
    stripped = prefix.rstrip(b"\xff")
    return stripped[:-1] + bytes([stripped[-1] + 1]) if stripped else None


def _us(at: datetime | None) -> int | None:
    return None if at is None else (at - _EPOCH) // timedelta(microseconds=1)


def _blob(value: Any) -> bytes:  # noqa: ANN401 - a column's value
    if not isinstance(value, bytes):
        raise TypeError(f"a column of bytes holds {type(value).__name__}")
    return value
