"""Flows that are killed. Reading a key `ran:…` outside is how a step says that it runs."""

from __future__ import annotations

from latticeflow import Dedupe, Kv, each, flow, granted, node


@node
async def price(n: int, *, kv: Kv.Read = granted) -> int:
    """Price something, from outside."""
    await kv.get(f"ran:price:{n}")
    return n * 10


@node
async def rate(cents: int, *, kv: Kv.Read = granted) -> int:
    """Look up a rate, outside."""
    await kv.get(f"ran:rate:{cents}")
    return 3


@node
def total(cents: int, percent: int) -> int:
    """Add the tax."""
    return cents + cents * percent // 100


@node(idempotency="cents", idempotency_ttl="1d")
async def charge(cents: int, *, kv: Kv.Write = granted, dedupe: Dedupe = granted) -> int:
    """Charge, once."""
    await kv.put(f"charge:{cents}", b"done")
    return cents


@node(idempotency="cents")
async def ship(cents: int, *, kv: Kv.Write = granted) -> str:
    """Ship under a key that no ledger keeps."""
    await kv.put(f"ship:{cents}", b"done")
    return f"shipped {cents}"


@node(idempotency="cents", sink="upsert")
async def label(cents: int, *, kv: Kv.Write = granted) -> str:
    """Print a label where it overwrites the one that was there."""
    await kv.put(f"label:{cents}", b"done")
    return f"labelled {cents}"


@flow(version="1.0.0")
async def buy(n: int) -> int:
    """Price, tax and charge."""
    cents = await price(n)
    percent = await rate(cents)
    due = total(cents, percent)
    if due > 1000:
        return 0
    paid = await charge(due)
    return await charge(paid + 1)


@flow(version="1.0.0")
async def buy_many(ns: list[int]) -> list[int]:
    """Charge for each."""
    return [await charge(total(await price(n), 5)) for n in each(ns)]


@flow(version="1.0.0")
async def mark(n: int) -> str:
    """Price and label."""
    return await label(await price(n))


@flow(version="1.0.0")
async def send(n: int) -> str:
    """Price and ship."""
    return await ship(await price(n))
