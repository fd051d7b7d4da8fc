"""Keys and values."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Literal, Protocol

import msgspec

from latticeflow.capabilities.marking import capability

MAX_KEY_BYTES = 1024


class KvEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A value and what goes with it. `version` grows with every write of the key."""

    value: bytes
    version: int
    expires_at: datetime | None = None
    metadata: dict[str, str] = {}


class KvPage(msgspec.Struct, frozen=True, kw_only=True):
    """Some keys in order, and where to go on; `cursor` is None on the last page."""

    keys: tuple[str, ...]
    cursor: str | None = None


class KvInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What a store offers. `eventual`: a read may miss the latest write of another process."""

    consistency: Literal["strong", "eventual"]
    durable: bool


class Kv:
    """Bytes by key. Keys are 1 to 1024 bytes of UTF-8, else `KvError`; an expired key is gone."""

    @capability("kv.read")
    class Read(Protocol):
        """Reading."""

        async def get(self, key: str) -> bytes | None:
            """Return the value, or None where there is none."""
            ...

        async def get_entry(self, key: str) -> KvEntry | None:
            """Return the value with its version, expiry and metadata, or None."""
            ...

        async def list(
            self, prefix: str = "", *, cursor: str | None = None, limit: int = 1000
        ) -> KvPage:
            """Return up to `limit` keys that begin with `prefix`, in code point order.

            Keys written or deleted between two pages may or may not be seen; no key comes twice.

            Args:
                prefix: What keys begin with.
                cursor: `KvPage.cursor` of the page before.
                limit: 1 to 10,000.
            """
            ...

        def info(self) -> KvInfo:
            """Return what the store offers."""
            ...

    @capability("kv.write")
    class Write(Read, Protocol):
        """Reading and writing. Each call is atomic; a durable store has it synced on return."""

        async def put(
            self,
            key: str,
            value: bytes,
            *,
            ttl: timedelta | None = None,
            metadata: Mapping[str, str] | None = None,
            if_version: int | None = None,
        ) -> int:
            """Write the value; return the key's new version.

            Args:
                key: The key.
                value: The whole new value.
                ttl: How long it lives; None forever. A write replaces what was set before.
                metadata: Kept with the value.
                if_version: Write only if the key is at this version; 0 only if there is none.

            Raises:
                KvConflictError: The key is at another version than `if_version`.
            """
            ...

        async def delete(self, key: str, *, if_version: int | None = None) -> bool:
            """Remove the key; tell whether there was one.

            Raises:
                KvConflictError: The key is at another version than `if_version`.
            """
            ...
