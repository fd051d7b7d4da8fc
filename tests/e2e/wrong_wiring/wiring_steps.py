"""The steps that the wrong wirings wire."""

from __future__ import annotations

from dataclasses import dataclass

from latticeflow import Kv, granted, node


@dataclass(frozen=True)
class Order:
    id: str
    cents: int


@node
def make(name: str) -> Order:
    """Make an order."""
    return Order(name, 100)


@node
def double(cents: int) -> int:
    """Double it."""
    return cents * 2


@node(idempotency="cents")
async def charge(cents: int, *, kv: Kv.Write = granted) -> int:
    """Charge, under a key."""
    await kv.put(str(cents), b"1")
    return cents


@node(effects="pure", determinism="best_effort")
async def understated(cents: int, *, kv: Kv.Write = granted) -> int:
    """Claim less than the capability needs."""
    await kv.put(str(cents), b"1")
    return cents


@node(retry=3)
async def unsafe(cents: int, *, kv: Kv.Write = granted) -> int:
    """Charge without a key, several times if need be."""
    await kv.put("charged", b"1")
    return cents
