# ruff: noqa: SIM201, RET504, RUF005
"""Flows that use each form, with inputs that take each way through them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal, TypedDict

from latticeflow.authoring.dsl import (
    each,
    flow,
    node,
    parallel,
    retry,
    saga,
    static,
    timeout,
    up_to,
)


@dataclass(frozen=True)
class Item:
    sku: str
    price: int


@dataclass(frozen=True)
class Order:
    id: str
    total: int
    items: list[Item]
    coupon: str | None
    kind: Literal["card", "invoice", "gift"] = "card"
    score: float = 0.0


@dataclass(frozen=True)
class Receipt:
    id: str
    cents: int
    ok: bool = True


LOG: list[object] = []


@node
def price(i: Item) -> int:
    return i.price


@node
def total(a: int, b: int) -> int:
    return a + b


@node(effects="effectful", determinism="nondeterministic")
async def charge(o: Order, cents: int) -> Receipt:
    LOG.append(("charge", cents))
    return Receipt(o.id, cents)


@node(effects="effectful", determinism="nondeterministic")
def ship(o: Order) -> str:
    LOG.append("ship")
    return "T" + o.id


@node(effects="read_only", determinism="best_effort")
def risk(o: Order) -> float:
    LOG.append("risk")
    return len(o.id) / 6


@flow
def pricing(order: Order) -> int:
    return total(price(order.items[0]), order.total)


@flow
async def checkout(order: Order) -> Receipt:
    cents = pricing(order)
    if order.coupon is not None and order.coupon.startswith("VIP"):
        return Receipt(order.id, 0)
    if cents > 500 or risk(order) >= 0.9:
        cents = cents * 2
        if cents > 5000:
            return Receipt(order.id, -1, ok=False)
    receipt = await charge(order, cents)
    ship(order)
    note = f"{order.id}-{cents}"
    return receipt if cents > 10 else Receipt(note, 1)


@node(effects="effectful", determinism="nondeterministic")
def w(x: object) -> int:
    LOG.append(("w", x))
    return 1


@node(effects="effectful", determinism="nondeterministic")
def boom(x: int) -> int:
    LOG.append(("boom", x))
    if x > 2:
        raise ValueError(f"too big {x}")
    if x < 0:
        raise KeyError("neg")
    return x * 10


@node
def inc(x: int) -> int:
    return x + 1


@node
def big(x: int) -> bool:
    return x > 3


@flow
def each1(xs: list[int]) -> list[int]:
    return [inc(x) for x in each(xs)]


@flow
def each2(xs: list[int]) -> list[int]:
    return [inc(x) + 1 for x in each(xs, concurrency=3) if x > 1 and big(x)]


@flow
def each3(xs: list[int]) -> int:
    acc = 0
    for x in each(xs):
        acc = acc + inc(x)
        w(acc)
    return acc


@flow
def each4(xs: list[int], limit: int) -> int:
    acc = 0
    for x in each(xs):
        if x == 3:
            continue
        if acc > limit:
            break
        acc += x
        w(x)
    else:
        w("done")
        acc = acc + 100
    return acc


@flow
def loop1(n: int) -> int:
    i = 0
    while i < n:
        i = inc(i)
        w(i)
    return i


@flow
def loop2(n: int) -> int:
    for i in up_to(5):
        score = inc(n)
        if i == n:
            break
        w(i)
    else:
        raise TimeoutError("never")
    return score


@flow
def loop3(n: int) -> int:
    x = n
    while not big(x):
        x = inc(x)
        if x == 2:
            w("two")
            break
    else:
        w("else")
    return x


@flow
def loop4(n: int) -> int:
    while True:
        n = inc(n)
        if n > 5:
            r = n
            break
    return r


@flow
def try1(x: int) -> int:
    w("a")
    y = 0
    try:
        y = boom(x)
        z = y + 1
    except ValueError as e:
        w(f"caught {e}")
        return -1
    except KeyError:
        z = 7
    else:
        w("else")
    return z


@flow
def try2(x: int) -> int:
    try:
        try:
            if x == 1:
                return 5
            y = boom(x)
        finally:
            w("finally")
    except ValueError:
        y = 3
    w(y)
    return y


@flow
def try3(x: int) -> int:
    try:
        r = boom(x)
    except ValueError:
        w("log")
        raise
    return r


@flow
def scope1(x: int) -> int:
    with retry(1), timeout("1m"):
        y = inc(x)
        if y > 4:
            return y
    w(y)
    return 0


@flow
def zip1(xs: list[int], ys: list[int]) -> list[int]:
    return [total(a, b) for a, b in zip(xs, ys, strict=False)]


@flow
def zip3(xs: list[int], ys: list[int]) -> int:
    t = 0
    for a, b in zip(xs, ys, strict=False):
        t = t + a * b
        w(t)
    return t


@flow
def enum1(xs: list[int]) -> int:
    t = 0
    for i, a in enumerate(each(xs)):
        t = t + a * i
    return t


REG = ("eu", "us")


@flow
def stat1(x: int) -> list[str]:
    out: list[str] = []
    for r in static(REG):
        w(r)
        out = out + [f"{r}{x}"]
    return out + [f"{r}!" for r in static(REG)]


@flow
def empty(xs: list[int]) -> list[int]:
    best: int | None = None
    for x in each(xs):
        if best is None or x > best:
            best = x
    if best is None:
        return []
    return [best]


@flow
def nested(xs: list[list[int]]) -> int:
    t = 0
    for row in each(xs):
        for x in each(row):
            if x < 0:
                continue
            t = t + x
            if t > 10:
                break
        w(t)
    return t


class Kind(Enum):
    CARD = "card"
    BILL = "bill"


class TD(TypedDict):
    a: int
    b: str | None


@node
def kind_of(x: int) -> Kind:
    return Kind.CARD if x > 0 else Kind.BILL


@node
def lit(x: int) -> Literal["a", "b", "c"]:
    return "abc"[x]


@node
def opt(x: int) -> int | None:
    return None if x < 0 else x


@node
def pair(x: int) -> tuple[int, str]:
    return x, str(x)


@node
def td(x: int) -> TD:
    return {"a": x, "b": None if x < 0 else "z"}


@node
def bools(x: int) -> bool:
    return x > 0


@node(effects="effectful", determinism="nondeterministic")
async def aw(x: int) -> int:
    LOG.append(("aw", x))
    return x


@flow
def m1(x: int) -> int:
    match lit(x):
        case "a":
            return 1
        case "b" | "c" as k:
            w(k)
            y = 2
    w(y)
    return y


@flow
def m2(x: int) -> str:
    match kind_of(x):
        case Kind.CARD:
            r = "card"
        case Kind.BILL:
            r = f"bill{x}"
    return r


@flow
def m3(x: int) -> int:
    match x:
        case 1:
            r = inc(x)
        case 2 | 3:
            r = boom(x)
        case n if n > 100 and big(n):
            r = n
        case _:
            r = -1
    return r


@flow
def m4(x: int) -> int:
    match opt(x):
        case None:
            return -5
        case 3:
            w("three")
        case y if y > 50:
            return y
    return 0


@flow
def m5(x: int) -> int:
    match bools(x):
        case True:
            a = 1
        case False:
            a = 2
    return a


@flow
def e1(x: int, f: float, s: str, xs: list[int]) -> list[bool]:
    return [
        x > f,
        1 < x < 5,
        s in ("a", "b"),
        x in xs,
        not x == 3,
        s + "!" == "a!",
        -x < 2,
        x * 2.5 > f - 1,
        s.startswith("a") or s.endswith("b"),
        len(s) == 1,
        len(xs) > 1 and xs[1] > 2,
        xs[-1] == 3 if len(xs) > 0 else False,
        "a" in s,
        max(x, 3) == 3,
        min(f, 2.0) == f,
    ]


@flow
def e2(x: int) -> tuple[int, str]:
    a, b = pair(x)
    t = td(a)
    v = t["b"]
    if v is None:
        return a, b
    return t["a"], v + b


@flow
def e3(x: int) -> int:
    y = opt(x)
    z = y if y is not None else 7
    if (q := opt(z - 5)) is not None and q > 1:
        return q
    return z


@flow
def e4(x: int) -> bool:
    return (bools(x) and boom(x) > 5) or w(x) == 1


@flow
def e5(x: int) -> bool:
    return 0 < boom(x) < inc(x) < w(x)


@flow
async def p1(x: int) -> int:
    a, b = await parallel(aw(x), aw(x + 1))
    c = await asyncio.gather(aw(1), aw(2))
    return a + b + c[1]


@flow
def e6(x: int) -> dict[str, object]:
    return {"x": x, "l": [x, inc(x)], "n": None, "k": {"z": f"{x}"}}


@flow
def e7(order: Order) -> int:
    if order.coupon is None:
        return 0
    return len(order.coupon) if order.coupon.startswith("V") else inc(3)


@flow
def e8(xs: list[int], i: int) -> int:
    return xs[i] + xs[-1]


@flow
def e9(x: int) -> int:
    y = inc(x) if big(x) else boom(x)
    w(y)
    return y


@flow
def g1(x: int) -> int:
    n = 0
    try:
        n = inc(x)
        if boom(x) > 15:
            n = inc(n)
            boom(n)
        match lit(x - 1):
            case "a":
                n = n + 100
            case _:
                n = boom(n)
        n = n + 1000
        w(n)
    except ValueError as e:
        w(f"v {e} {n}")
    except IndexError:
        w(n)
    else:
        w("fine")
    return n


@flow
async def sg(x: int) -> int:
    async with saga() as s:
        a = inc(x)
        s.undo(w, a)
        b = boom(x)
        s.undo(aw, b)
        c = boom(b - 10)
    return c


CASES: list[tuple[Any, list[tuple[Any, ...]]]] = [
    (each1, [([],), ([1, 2],)]),
    (each2, [([1, 2, 3, 4, 5],)]),
    (each3, [([],), ([1, 2, 3],)]),
    (each4, [([], 5), ([1, 2, 3, 4], 100), ([1, 2, 3, 4], 1)]),
    (loop1, [(0,), (3,)]),
    (loop2, [(0,), (3,), (9,)]),
    (loop3, [(0,), (2,), (9,)]),
    (loop4, [(0,), (9,)]),
    (try1, [(1,), (3,), (-1,)]),
    (try2, [(1,), (2,), (3,), (-1,)]),
    (try3, [(1,), (5,)]),
    (scope1, [(1,), (5,)]),
    (zip1, [([1, 2], [3, 4]), ([1], [3, 4]), ([1, 2], [])]),
    (zip3, [([1, 2], [3, 4]), ([1], [3, 4]), ([1, 2], [])]),
    (enum1, [([5, 6, 7],)]),
    (stat1, [(1,)]),
    (empty, [([],), ([3, 9, 2],)]),
    (nested, [([[1, -1, 2], [20, 3], [4]],)]),
    (g1, [(0,), (1,), (2,), (3,), (4,)]),
    (sg, [(0,), (1,), (2,), (3,)]),
    (m1, [(0,), (1,), (2,)]),
    (m2, [(0,), (1,)]),
    (m3, [(1,), (2,), (3,), (4,), (200,)]),
    (m4, [(-1,), (3,), (9,), (99,)]),
    (m5, [(0,), (1,)]),
    (e1, [(1, 0.5, "a", []), (3, 2.5, "cb", [1, 3]), (4, 4.0, "b", [4, 4])]),
    (e2, [(1,), (-1,)]),
    (e3, [(1,), (-1,), (9,)]),
    (e4, [(0,), (1,), (2,), (3,)]),
    (e5, [(0,), (1,), (2,), (3,), (-1,)]),
    (p1, [(5,)]),
    (e6, [(1,)]),
    (e7, [(Order("a", 1, [], None),), (Order("a", 1, [], "VIP"),), (Order("a", 1, [], "xx"),)]),
    (e8, [([1, 2], 0), ([1, 2], -2), ([1, 2], 5), ([], 0)]),
    (e9, [(1,), (3,), (7,)]),
    (
        checkout,
        [
            (Order(id_, total_, [Item("x", 7)] * n, coupon),)
            for id_ in ("a", "abcdefgh")
            for total_ in (0, 100, 600, 4000)
            for coupon in (None, "", "VIP1")
            for n in (0, 1)
        ],
    ),
]
