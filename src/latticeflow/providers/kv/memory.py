"""Keys and values in this process."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from latticeflow.capabilities import Clock, KvEntry, KvInfo, KvPage
from latticeflow.providers.clock import SystemClock
from latticeflow.providers.kv.checking import check_limit, check_version, expiry, key_bytes


class MemoryKv:
    """A key-value store that ends with the process.

    Args:
        clock: What expiry goes by.
    """

    def __init__(self, *, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._entries: dict[bytes, KvEntry] = {}
        self._version = 0

    async def get(self, key: str) -> bytes | None:
        entry = self._live(key_bytes(key))
        return None if entry is None else entry.value

    async def get_entry(self, key: str) -> KvEntry | None:
        return self._live(key_bytes(key))

    async def list(
        self, prefix: str = "", *, cursor: str | None = None, limit: int = 1000
    ) -> KvPage:
        check_limit(limit)
        start = prefix.encode()
        after = b"" if cursor is None else cursor.encode()
        keys = sorted(key for key in self._entries if key.startswith(start) and key > after)
        live = [key.decode() for key in keys if self._live(key) is not None]
        more = len(live) > limit
        return KvPage(keys=tuple(live[:limit]), cursor=live[limit - 1] if more else None)

    async def put(
        self,
        key: str,
        value: bytes,
        *,
        ttl: timedelta | None = None,
        metadata: Mapping[str, str] | None = None,
        if_version: int | None = None,
    ) -> int:
        encoded = key_bytes(key)
        expires_at = expiry(key, self._clock.now(), ttl)
        self._check(key, encoded, if_version)
        self._version += 1
        self._entries[encoded] = KvEntry(
            value=bytes(value),
            version=self._version,
            expires_at=expires_at,
            metadata=dict(metadata or {}),
        )
        return self._version

    async def delete(self, key: str, *, if_version: int | None = None) -> bool:
        encoded = key_bytes(key)
        self._check(key, encoded, if_version)
        present = self._live(encoded) is not None
        self._entries.pop(encoded, None)
        return present

    def info(self) -> KvInfo:
        return KvInfo(consistency="strong", durable=False)

    def _check(self, key: str, encoded: bytes, wanted: int | None) -> None:
        entry = self._live(encoded)
        check_version(key, found=0 if entry is None else entry.version, wanted=wanted)

    def _live(self, key: bytes) -> KvEntry | None:
        entry = self._entries.get(key)
        if entry is None:
            return None
        if entry.expires_at is not None and entry.expires_at <= self._clock.now():
            del self._entries[key]
            return None
        return entry
