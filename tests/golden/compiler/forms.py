# ruff: noqa: RET504
"""One small flow a form of the language; what each becomes is in the `.txt` of its name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from latticeflow.authoring.dsl import (
    approval,
    each,
    flow,
    node,
    parallel,
    rate_limit,
    retry,
    saga,
    static,
    timeout,
    up_to,
)


@dataclass(frozen=True)
class Order:
    id: str
    total: int
    items: list[int]
    coupon: str | None
    kind: Literal["card", "bill"]


@node
def inc(x: int) -> int:
    return x + 1


@node(effects="read_only", determinism="best_effort")
def look(x: int) -> int:
    return x


@node(effects="effectful", determinism="nondeterministic")
def put(x: object) -> int:
    return 1


@node(effects="effectful", determinism="nondeterministic")
async def send(x: int) -> int:
    return x


@flow
def straight_line(order: Order) -> int:
    return inc(inc(order.total))


@flow
def expressions(order: Order, limit: int = 3) -> str:
    over = order.total * 2 > limit and order.coupon is not None
    return f"{order.id}: {order.total + 1}" if over else order.id


@flow
def order_of_effects(n: int) -> int:
    inc(n)
    look(n)
    put(n)
    inc(n)
    look(n)
    return put(n)


@flow
def branches(order: Order) -> int:
    if order.total > 10:
        x = inc(order.total)
        put(x)
    else:
        x = 0
    look(x)
    return put(x)


@flow
def early_return(order: Order) -> int:
    if order.coupon is None:
        return 0
    if order.total > 10:
        put(order.coupon)
        if order.total > 20:
            return 1
    return inc(order.total)


@flow
def lazy_or(n: int) -> bool:
    return n > 3 or put(n) == 1


@flow
def switched(order: Order) -> int:
    match order.kind:
        case "card":
            r = inc(order.total)
        case "bill":
            r = 7
    return r


@flow
def sub_flow(order: Order) -> int:
    return inc(straight_line(order))


@flow
def each_with_filter(order: Order) -> list[int]:
    return [inc(item) for item in each(order.items, concurrency=4) if item > order.total]


@flow
def fold(order: Order) -> int:
    total = 0
    for item in each(order.items):
        if item < 0:
            continue
        total = total + inc(item)
        if total > 100:
            break
    return total


@flow
def while_loop(n: int) -> int:
    while n < 10:
        n = inc(n)
    return n


@flow
def bounded_loop(n: int) -> int:
    for attempt in up_to(3):
        score = look(n)
        if score > attempt:
            break
    else:
        raise TimeoutError("never")
    return score


@flow
def handled(n: int) -> int:
    try:
        r = put(n)
    except ValueError as error:
        r = put(f"{error}")
    except (KeyError, OSError):
        raise
    return r


@flow
async def scopes(n: int) -> int:
    async with retry(3, on=ConnectionError), timeout("2m"):
        r = await send(n)
    with rate_limit(qps=2):
        r = inc(r)
    return r


@flow
async def lifted_order(n: int) -> int:
    a, b = await parallel(send(n), send(2))
    return put(a + b)


@flow
async def compensated(n: int) -> int:
    async with saga() as s:
        a = await send(n)
        s.undo(put, a)
        b = await send(a)
    return b


@flow
def unrolled(n: int) -> list[str]:
    return [f"{region}-{n}" for region in static(("eu", "us"))]


@flow
async def asked(n: int) -> int:
    decision = await approval(f"Send {n}?", by="finance", within="3d")
    if not decision.approved:
        return 0
    return await send(n)
