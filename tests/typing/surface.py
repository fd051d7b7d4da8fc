"""Every word of the surface, used rightly: type checkers must find nothing here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Literal, TypeVar, assert_type

from latticeflow import (
    Body,
    Clock,
    Db,
    Decision,
    Dedupe,
    Files,
    FlowBuilder,
    Header,
    Http,
    Kv,
    NonRetryable,
    PathParam,
    Process,
    RetryAfter,
    Rng,
    Window,
    approval,
    each,
    event,
    flow,
    granted,
    http,
    join,
    manual,
    node,
    parallel,
    queue,
    rate_limit,
    retry,
    saga,
    schedule,
    session,
    sleep,
    sliding,
    static,
    timeout,
    tumbling,
    up_to,
    window,
)


@dataclass(frozen=True)
class Item:
    sku: str
    price: int


@dataclass(frozen=True)
class Order:
    id: str
    total: int
    kind: Literal["card", "invoice", "gift"]
    items: list[Item] = field(default_factory=list[Item])
    coupon: str | None = None


@dataclass(frozen=True)
class Receipt:
    id: str
    cents: int
    ok: bool = True


@dataclass(frozen=True)
class Page:
    rows: list[str]
    next: str | None


@dataclass(frozen=True)
class Paid:
    order: str
    cents: int


@dataclass(frozen=True)
class Click:
    user: str
    at: datetime


class CardDeclined(Exception):
    pass


T = TypeVar("T")
REGIONS = ("eu", "us")


# Nodes: identity typing keeps signatures, generics and asynchrony.


@node
def price(item: Item) -> int:
    return item.price


@node
def add_up(parts: list[int]) -> int:
    return sum(parts)


@node
def first(xs: Sequence[T]) -> T:
    return xs[0]


@node(idempotency="receipt.id")
async def refund(receipt: Receipt, *, http: Http.Write = granted) -> None:
    await http.post("/refund", receipt)


@node(
    idempotency="order.id",
    idempotency_ttl="7d",
    retry=retry(5, on=ConnectionError, unless=CardDeclined, backoff="2s"),
    timeout="30s",
    compensate=refund,
)
async def charge(
    order: Order, cents: int, *, http: Http.Write = granted, dedupe: Dedupe = granted
) -> Receipt:
    answer = await http.post("/charge", cents)
    if answer.status == 429:
        raise RetryAfter("5s")
    if answer.status == 402:
        raise NonRetryable("declined")
    return Receipt(order.id, cents)


@node(retry=3, retry_on=(OSError, TimeoutError), fallback=0.5, effects="read_only")
async def risk(order: Order, *, http: Http.Read = granted) -> float:
    await http.get("/risk/" + order.id)
    return 0.1


@node(idempotency="order.id")
async def ship(order: Order, *, http: Http.Write = granted) -> str:
    return order.id


@node
async def everything(
    clock: Clock = granted,
    rng: Rng = granted,
    files: Files.Write = granted,
    kv: Kv.Write = granted,
    db: Db.Read = granted,
    process: Process = granted,
) -> None:
    clock.now()


@node
async def fetch_page(cursor: str, *, http: Http.Read = granted) -> Page:
    return Page(["r"], None)


@node
def concat(a: list[str], b: list[str]) -> list[str]:
    return a + b


@node
async def clicks(topic: str, *, http: Http.Read = granted) -> AsyncIterator[Click]:
    yield Click("u", datetime(2026, 1, 1))


@node
def count(items: list[Click]) -> int:
    return len(items)


@node
def load(region: str, day: str) -> int:
    return len(region + day)


@node
def free(order: Order) -> Receipt:
    return Receipt(order.id, 0)


# Flows.


@flow
async def pricing(order: Order) -> int:
    return add_up([price(item) for item in each(order.items, concurrency=8)])


@flow(version="1.0.0", on=http.post("/checkout", respond="on_last"), tags=["shop"])
async def checkout(
    order: Annotated[Order, Body], key: Annotated[str, Header("x-idempotency-key")]
) -> Receipt:
    cents = await pricing(order)
    assert_type(cents, int)
    if order.coupon is not None and order.coupon.startswith("VIP"):
        return free(order)
    if cents > 500_000 or await risk(order) >= 0.9:
        decision = await approval(f"Charge {cents}?", by="finance", within="3d", escalate="cfo")
        assert_type(decision, Decision)
        if not decision.approved:
            return Receipt(order.id, 0, ok=False)
    match order.kind:
        case "card":
            try:
                async with retry(3, on=ConnectionError), timeout("2m"):
                    receipt = await charge(order, cents)
            except CardDeclined:
                receipt = free(order)
        case "invoice":
            receipt = await charge(order, cents)
        case "gift":
            receipt = free(order)
    assert_type(receipt, Receipt)
    await ship(order)
    return receipt


@flow(on=schedule("0 6 * * *", tz="Europe/Zurich"), max_iterations=50, durability="strong")
async def crawl() -> list[str]:
    rows: list[str] = []
    cursor: str | None = "0"
    while cursor is not None:
        with rate_limit(qps=2, burst=4):
            page = await fetch_page(cursor)
        rows = concat(rows, page.rows)
        cursor = page.next
    return rows


@flow
async def poll(order: Order) -> float:
    for _ in up_to(20):
        score = await risk(order)
        if score < 0.5:
            break
        await sleep("1h")
    else:
        raise TimeoutError("never calm")
    assert_type(score, float)
    return score


@flow(on=queue("orders", group="fulfil"))
async def fulfil(order: Order) -> Receipt:
    async with saga() as s:
        receipt = await charge(order, order.total)
        s.undo(refund, receipt)
        try:
            paid = await event(Paid, key=order.id, within="7d")
        except TimeoutError:
            paid = Paid(order.id, 0)
        assert_type(paid, Paid)
        both = await parallel(ship(order), risk(order))
        assert_type(both, tuple[str, float])
        label, score = both
    return Receipt(label, paid.cents, ok=score < 0.5)


@flow
async def traffic(topic: str) -> AsyncIterator[int]:
    async for w in window(clicks(topic), tumbling("1m"), at=lambda c: c.at, lateness="5s"):
        assert_type(w, Window[Click])
        yield count(w.items)


@flow
async def sliding_traffic(topic: str) -> AsyncIterator[int]:
    async for w in window(clicks(topic), sliding("1m", every="10s"), at=lambda c: c.at):
        yield count(w.items)
    async for quiet in window(clicks(topic), session("30s"), at=lambda c: c.at, late=count_one):
        yield count(quiet.items)


@node
def count_one(click: Click) -> int:
    return 1


@flow
async def per_user(topic: str) -> AsyncIterator[str]:
    async for c in each(clicks(topic), by=lambda c: c.user, concurrency=64):
        assert_type(c, Click)
        yield c.user


@flow
async def joined(topic: str) -> AsyncIterator[str]:
    async for left, right in join(
        clicks(topic), clicks("b"), on=(lambda c: c.user, lambda c: c.user), within="1m"
    ):
        assert_type(left, Click)
        yield right.user


@flow
def nightly(day: str) -> list[int]:
    return [load(region, day) for region in static(REGIONS)]


@flow
def zipped(xs: list[str], ys: list[str]) -> list[int]:
    return [load(a, b) for a, b in zip(xs, ys, strict=True)]


@flow
async def stdlib(order: Order) -> float:
    async with asyncio.timeout(30):
        a, b = await asyncio.gather(risk(order), risk(order))
    return max(a, b)


@flow(on=[http.post("/orders/{id}", respond="explicit", deadline="10s"), queue("q"), manual])
async def many(order: Annotated[Order, Body], id: Annotated[str, PathParam]) -> Receipt:
    return await charge(order, await pricing(order))


# What the types of nodes and flows are to their callers.


class FakeClock:
    """A fake has the methods of its port; it needs no base class."""

    def now(self) -> datetime:
        return datetime(2026, 1, 1)

    async def sleep(self, duration: timedelta) -> None:
        pass


async def direct_calls(order: Order, fake: Http.Write) -> None:
    assert_type(await charge(order, 5, http=fake), Receipt)
    assert_type(first([1, 2]), int)
    assert_type(first([order]), Order)
    assert_type(await pricing(order), int)
    assert_type(await checkout(order, "key"), Receipt)
    assert_type(list(each(order.items)), list[Item])
    assert_type(list(up_to(3)), list[int])
    await everything(clock=FakeClock())
    assert_type(await parallel(ship(order), risk(order), pricing(order)), tuple[str, float, int])


def double(cents: int) -> int:
    return cents * 2


def generated() -> FlowBuilder:
    builder = FlowBuilder("generated", version="1.0.0")
    order = builder.input("order", Order)
    total = builder.add(add_up, parts=[builder.add(price, item=order["items"][0])])
    doubled = builder.inline(double, "doubled", cents=total)
    builder.connect(total, doubled)
    builder.output(doubled)
    return builder
