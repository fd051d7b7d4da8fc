"""Flows that are killed.

Reading a key `ran:…` outside is how a step says that it runs; one `before:…` is known from the
second reading on.
"""

from __future__ import annotations

from latticeflow import Dedupe, Kv, each, flow, granted, node, retry


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


class DeclinedError(Exception):
    """A price is not accepted."""


@node
async def accept(cents: int, *, kv: Kv.Read = granted) -> int:
    """Accept a low price."""
    await kv.get(f"ran:accept:{cents}")
    if cents > 25:
        msg = f"{cents} is too much"
        raise DeclinedError(msg)
    return cents


@node
async def stock(n: int, *, kv: Kv.Read = granted) -> int:
    """Look into the stock, which does not answer the first time."""
    await kv.get(f"ran:stock:{n}")
    if await kv.get(f"before:{n}") is None:
        msg = "no answer"
        raise ConnectionError(msg)
    return n * 10


@flow(version="1.0.0")
async def buy_in_turn(ns: list[int]) -> int:
    """Charge for each, knowing what has been paid."""
    paid = 0
    for n in each(ns):
        paid = await charge(total(paid + await price(n), 10))
    return paid


@flow(version="1.0.0")
async def buy_one(n: int) -> int:
    """Charge if the price is accepted."""
    cents = await price(n)
    try:
        accepted = await accept(cents)
        paid = await charge(accepted)
    except DeclinedError:
        paid = await charge(1000 + n)
    return paid


@flow(version="1.0.0")
async def buy_some(ns: list[int]) -> list[int]:
    """Buy each by a flow of its own."""
    return [await buy_one(n) for n in each(ns)]


@flow(version="1.0.0")
async def buy_unsteadily(ns: list[int]) -> list[int]:
    """Try a whole purchase again when the stock does not answer."""
    done: list[int] = []
    for n in each(ns):
        with retry(3, on=ConnectionError, backoff="1ms"):
            first = await charge(n)
            cents = await stock(first)
            paid = await charge(cents)
        done = done + [paid]  # noqa: RUF005  (written as a flow may say it)
    return done


WORKFLOW = """
id = "pack"
name = "Pack"
version = "1.0.0"

[parameters.n]
type = "integer"

[steps.pick]
run = "printf 'ran\\tpick\\n' >> ledger; echo picked"
effects = "read_only"

[steps.pack]
run = "printf 'effect\\tpack\\tdone\\n' >> ledger; printf packed"
idempotency = "${{ params.n }}"
needs = ["pick"]

[steps.weigh]
run = "printf 'ran\\tweigh\\n' >> ledger; printf heavy; exit 3"
effects = "read_only"
on_error = "continue"
needs = ["pack"]

[steps.ship]
when = "steps.weigh.status == 'failed' && steps.weigh.exit_code == 3"
run = "printf 'effect\\tship\\tdone\\n' >> ledger; printf '%s' ${{ steps.weigh.stdout }}"
idempotency = "${{ params.n }}"
needs = ["weigh"]

[outputs]
packed = "${{ steps.pack.stdout }}"
shipped = "${{ steps.ship.stdout }}"
"""
