"""The nodes that random flows are made of, and a fake that records effects in order."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta

from latticeflow import Kv, granted, node


class Oops(Exception):
    """An error that is no ValueError."""


@node
def inc(x: int) -> int:
    """Add one."""
    return x + 1


@node
async def add(a: int, b: int) -> int:
    """Add, after a while."""
    for _ in range(abs(a) % 4):
        await asyncio.sleep(0)
    return a + b


@node
def clip(x: int) -> int:
    """Keep x small."""
    return x % 1009


@node
def even(x: int) -> bool:
    """Tell whether x is even."""
    return x % 2 == 0


@node
async def shaky(x: int) -> int:
    """Fail on some numbers, sooner or later."""
    for _ in range(abs(x) % 3):
        await asyncio.sleep(0)
    if x % 5 == 0:
        msg = f"five divides {x}"
        raise ValueError(msg)
    if x % 7 == 0:
        msg = f"seven divides {x}"
        raise Oops(msg)
    return x


@node
def numbers(x: int) -> list[int]:
    """Return a few numbers from x on."""
    return [x + i for i in range(abs(x) % 4)]


@node
def collect(xs: list[int]) -> int:
    """Fold a list so that its order shows."""
    total = 0
    for x in xs:
        total = (total * 3 + x) % 100_003
    return total


@node
def pair_sum(xs: list[int]) -> int:
    """Return the sum of a list."""
    return sum(xs)


@node
def spell(x: int) -> str:
    """Name a number."""
    return ("zero", "one", "two", "many")[abs(x) % 4]


@node
async def look(x: int, *, kv: Kv.Read = granted) -> int:
    """Read what was last written under a key of three."""
    found = await kv.get(f"k{x % 3}")
    return -1 if found is None else int(found)


@node(idempotency="x")
async def put(x: int, *, kv: Kv.Write = granted) -> int:
    """Write x under a key of three; fail, now and then, after the write."""
    await kv.put(f"k{x % 3}", str(x).encode())
    if x % 11 == 0:
        msg = f"eleven divides {x}"
        raise ValueError(msg)
    return x


class RecordingKv:
    """Keys and values; `writes` is every write in the order in which it took effect."""

    def __init__(self) -> None:
        self.writes: list[tuple[str, bytes]] = []
        self._values: dict[str, bytes] = {}

    async def get(self, key: str) -> bytes | None:
        value = self._values.get(key)
        await asyncio.sleep(0)
        return value

    async def put(
        self,
        key: str,
        value: bytes,
        *,
        ttl: timedelta | None = None,
        metadata: Mapping[str, str] | None = None,
        if_version: int | None = None,
    ) -> int:
        del ttl, metadata, if_version
        await asyncio.sleep(0)
        self.writes.append((key, value))
        self._values[key] = value
        await asyncio.sleep(0)
        return len(self.writes)

    async def delete(self, key: str, *, if_version: int | None = None) -> bool:
        del if_version
        return self._values.pop(key, None) is not None

    async def get_entry(self, key: str) -> None:
        del key

    async def list(self, prefix: str = "", *, cursor: str | None = None, limit: int = 0) -> None:
        del prefix, cursor, limit

    def info(self) -> None:
        """Say nothing."""
