"""Natural idioms and mistakes that a traced flow gets wrong without a word."""

from __future__ import annotations

import pytest
from tests.unit.authoring.dsl.compiler.agreement import called, codes, ran

SOURCE = """\
from __future__ import annotations
from dataclasses import dataclass
from latticeflow.authoring.dsl import flow, node

@dataclass(frozen=True)
class Order:
    a: int
    b: int
    n: int
    total: int
    kind: str
    items: list[int]
    coupon: str | None
    extra: dict[str, int]
    name: str

@node
def price(x: object) -> int: return 1
@node
def free(x: object) -> int: return 0

@flow
def is_none(order: Order) -> int: return free(order) if order.coupon is None else price(order)
@flow
def is_instance(order: Order) -> int: return price(order) if isinstance(order, str) else free(order)
@flow
def class_pattern(order: Order) -> int:
    match order:
        case Order(): return price(order)
        case _: return free(order)
@flow
def is_in(order: Order) -> bool: return order.kind in ("card",)
@flow
def unpacked(order: Order) -> int: return free({"k": order.name, **order.extra})
@flow
def chained(order: Order) -> bool: return 1 < order.a < 5
@flow
def bitwise(order: Order) -> int: return free(order.a > 1 & order.b > 2)
@flow
def caught(order: Order) -> int:
    try: return order.items[1]
    except IndexError: return price(order)
@flow
def looped(order: Order) -> int:
    n = order.n
    while n > 3: n = n - 1
    return n
@flow
def converted(order: Order) -> int: return free(int(order.total))
@flow
def indexed(order: Order) -> int: return order.items[0]
@flow
def misspelt(order: Order) -> int: return free(order.totl > 5)
@flow
def method(order: Order) -> int: return free(order.name.upper())
@flow
def defaulted(order: Order) -> str: return order.coupon or "none"
@flow
def truthy(order: Order) -> int: return 1 if order.items else 0
"""

COMPILED = ["is_none", "is_in", "chained", "caught", "looped", "indexed"]
REFUSED = {
    "is_instance": "FLOW009",
    "class_pattern": "FLOW020",
    "unpacked": "FLOW008",
    "bitwise": "FLOW014",
    "converted": "FLOW009",
    "misspelt": "FLOW015",
    "method": "FLOW009",
    "defaulted": "FLOW010",
    "truthy": "FLOW010",
}


@pytest.fixture
def idioms(load):
    return load(SOURCE)


@pytest.mark.parametrize("name", COMPILED)
def test_idiom_means_what_python_means(idioms, name):
    for items, coupon in (([4, 5], None), ([], ""), ([6], "VIP")):
        order = idioms.Order(2, 3, 7, 5, "card", items, coupon, {}, "x")
        assert ran(getattr(idioms, name), (order,), []) == called(
            getattr(idioms, name), (order,), []
        )


@pytest.mark.parametrize("name,code", REFUSED.items())
def test_idiom_is_refused(idioms, name, code):
    assert codes(getattr(idioms, name)) == [code]
