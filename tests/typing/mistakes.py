"""Natural mistakes: a type checker must find one on every line marked `# E`, and no other."""

from __future__ import annotations

from collections.abc import AsyncIterator

from surface import Order, Paid, Receipt, add_up, charge, clicks, pricing, refund, ship

from latticeflow import (
    FlowBuilder,
    Kv,
    approval,
    each,
    event,
    flow,
    granted,
    http,
    node,
    parallel,
    rate_limit,
    retry,
    saga,
    tumbling,
    window,
)


@node
async def remember(key: str, kv: Kv.Read = granted) -> bytes | None:
    await kv.put(key, b"")  # E a read capability cannot write
    return await kv.get(3)  # E a key is text


@node(retry="often")  # E a retry is a number or a policy
def one() -> int:
    return 1


@node(effects="none")  # E no such claim
def two() -> int:
    return 1


@node(cache="1h")  # E no such option
def three() -> int:
    return 1


@flow(on="noon")  # E no trigger
def four() -> int:
    return 1


@flow(version=1)  # E a version is text
def five() -> int:
    return 1


@flow
async def wrong(order: Order) -> int:
    add_up(order.items)  # E a list of another type
    add_up(3)  # E a scalar for a list
    receipt = charge(order, 1)
    await refund(receipt)  # E a coroutine for its result
    print(order.totl)  # E no such field
    await charge(order)  # E a missing argument
    await charge(order, 1, http=5)  # E no capability
    async with saga() as s:
        s.undo(refund, order)  # E a wrong argument of the undo
        s.undo(refund)  # E none
    for _ in each(order.items, by=lambda i: i.nope):  # E the lambda is typed
        pass
    for _ in each(order.items, on_error="ignore"):  # E no such choice
        pass
    for _ in each(3):  # E not iterable
        pass
    paid = await event(Paid, key=order.id)
    print(paid.euros)  # E no such field
    await event(Paid)  # E a key is needed
    decision = await approval("?", by="me", within="1d")
    print(decision.aproved)  # E no such field
    await approval("?", by="me")  # E a bound is needed
    label, score = await parallel(ship(order), pricing(order))
    label + score  # E text and a number
    with retry("3"):  # E a number of attempts
        pass
    with rate_limit(burst=2):  # E a rate is needed
        pass
    cents: str = await pricing(order)  # E a number
    print(cents)
    return Receipt(order.id, 1)  # E another result


@flow
async def wrong_stream(topic: str) -> AsyncIterator[str]:
    async for w in window(clicks(topic), tumbling(60), at=lambda c: c.at):  # E a duration
        yield w.item  # E no such field
    async for w in window(clicks(topic), tumbling("1m"), at=lambda c: c.when):  # E typed too
        yield w.items[0].user
    for _ in each(clicks(topic)):  # E a stream needs `async for`
        yield topic


def wrong_trigger() -> None:
    http.patch("/x")  # E no such method
    http.post("/x", respond="later")  # E no such choice


def wrong_builder() -> None:
    builder = FlowBuilder(3)  # E a name is text
    print(builder.add(one, alias="x", more=builder).part)  # E no such attribute
