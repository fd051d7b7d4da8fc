"""Types and nodes at module level, for the tests of components."""

from __future__ import annotations

import enum
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, Generic, Literal, NamedTuple, NotRequired, TypedDict, TypeVar
from uuid import UUID

import msgspec
import pydantic

from latticeflow import Clock, Dedupe, Http, Kv, granted, node

T = TypeVar("T")


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True)
class Item:
    sku: str
    price: int = 3
    tags: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Special(Item):
    extra: int = 0


@dataclass(frozen=True)
class Order:
    id: str
    items: list[Item]
    kind: Literal["card", "gift"] = "card"
    coupon: str | None = None


@dataclass(frozen=True)
class Box(Generic[T]):
    content: T


@dataclass(frozen=True)
class Choice:
    either: Order | Item


class Tree(msgspec.Struct):
    label: str
    children: list[Tree] = []


class Event(msgspec.Struct, tag="event", rename="camel"):
    at_time: datetime
    took: timedelta | None = None


class Paper(TypedDict):
    title: str
    pages: NotRequired[int]


class Point(NamedTuple):
    x: int
    y: int = 0


class Model(pydantic.BaseModel):
    """A model."""

    count: int
    when: datetime | None = None
    item: Item | None = None


class Parent(pydantic.BaseModel):
    child: Parent | None = None


class Opaque:
    """No data type at all."""


@node
def price(item: Item, factor: int = 2) -> int:
    """Say what an item costs.

    In cents, times `factor`.
    """
    return item.price * factor


@node(
    name="Charge",
    idempotency="order.id",
    idempotency_ttl="1d",
    retry=5,
    timeout="30s",
    compensate=price,
    cpu_bound=False,
)
async def charge(
    order: Order, *tags: str, http: Http.Write = granted, dedupe: Dedupe = granted, clock: Clock
) -> Point:
    return Point(len(order.items), len(tags))


@node(effects="effectful")
async def read(key: str, kv: Kv.Read = granted, fallback: bytes = b"") -> bytes:
    return await kv.get(key) or fallback


@node
async def stream(topic: str) -> AsyncIterator[Item]:
    yield Item(topic)


@node
def untyped(a, b=1):
    return a


@node
def many(
    a: Sequence[int],
    b: Iterable[Item],
    c: Mapping[str, Decimal],
    d: set[UUID],
    e: tuple[int, str],
    f: Any,
    g: Annotated[int, msgspec.Meta(ge=1, description="how many")] = 1,
    h: Opaque | None = None,
) -> dict[str, list[Order]]:
    return {}
