"""Compiling once, evaluating with the values a flow has."""

from __future__ import annotations

import dataclasses
import enum
import itertools
import pickle
import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import TypedDict

import msgspec
import pytest

from latticeflow.expr import (
    BOOL,
    DOUBLE,
    DYN,
    INT,
    STRING,
    TIMESTAMP,
    ExpressionError,
    List,
    Map,
    Program,
    Type,
    compile_expression,
    from_json_schema,
    optional,
    record,
)

ITEM = record({"name": STRING, "price": DOUBLE}, "Item")
ORDER = record(
    {"id": STRING, "total": INT, "items": List(ITEM), "at": TIMESTAMP, "note": optional(STRING)},
    "Order",
)
MOMENT = datetime(2024, 5, 1, 12, tzinfo=UTC)


def program(text: str, variables: Mapping[str, Type] | None = None) -> Program:
    found = compile_expression(text, {"order": ORDER} if variables is None else variables)
    assert isinstance(found, Program), found
    return found


@dataclasses.dataclass
class DataItem:
    name: str
    price: float


@dataclasses.dataclass
class DataOrder:
    id: str
    total: int
    items: list[DataItem]
    at: datetime
    note: str | None = None


class StructItem(msgspec.Struct, rename={"price": "cost"}):
    name: str
    price: float


class StructOrder(msgspec.Struct, rename="camel"):
    order_id: str
    total_cents: int


class DictItem(TypedDict):
    name: str
    price: float


class Kind(enum.Enum):
    CARD = "card"


def dict_order() -> dict[str, object]:
    items: list[DictItem] = [{"name": "pen", "price": 2}]
    return {"id": "o", "total": 7, "items": items, "at": "2024-05-01T12:00:00Z", "note": None}


@pytest.mark.parametrize(
    "order",
    [DataOrder("o", 7, [DataItem("pen", 2)], MOMENT), dict_order()],
    ids=["dataclass", "dict"],
)
def test_reads_the_values_of_a_flow(order: object) -> None:
    text = "order.total > 6 && order.items[0].price == 2.0 && order.at.getHours('UTC') == 12"
    assert program(text).evaluate({"order": order}) is True
    whole = program("order").evaluate({"order": order})
    assert whole == {
        "id": "o",
        "total": 7,
        "items": [{"name": "pen", "price": 2.0}],
        "at": "2024-05-01T12:00:00Z",
        "note": None,
    }


def test_reads_structs_by_their_json_names() -> None:
    type_ = from_json_schema(msgspec.json.schema(StructOrder))
    found = program("order.orderId + '/' + string(order.totalCents)", {"order": type_})
    assert found.evaluate({"order": StructOrder("x", 5)}) == "x/5"
    items = List(from_json_schema(msgspec.json.schema(StructItem)))
    costs = program("items.map(i, i.cost)", {"items": items})
    assert costs.evaluate({"items": [StructItem("a", 1)]}) == [1.0]


def test_an_enum_is_its_value() -> None:
    kind = from_json_schema({"enum": ["card", "gift"]})
    assert program("kind == 'card'", {"kind": kind}).evaluate({"kind": Kind.CARD}) is True


class Guarded(Mapping[str, object]):
    """A mapping that fails when anything but `keys` is read."""

    def __init__(self, values: dict[str, object], allowed: set[str]) -> None:
        self._values = values
        self._allowed = allowed

    def __getitem__(self, key: str) -> object:
        if key not in self._allowed:
            message = f"read {key}"
            raise AssertionError(message)
        return self._values[key]

    def __iter__(self) -> Iterator[str]:
        message = "iterated"
        raise AssertionError(message)

    def __len__(self) -> int:
        return len(self._values)


def test_reads_only_what_the_expression_uses() -> None:
    items = [Guarded({"price": float(index)}, {"price"}) for index in range(3)]
    order = Guarded({"total": 1, "items": items}, {"total", "items"})
    text = "order.total == 1 && order.items.exists(i, i.price > 1.0)"
    assert program(text).evaluate({"order": order}) is True
    assert program("order.items.size()").evaluate({"order": order}) == 3
    with pytest.raises(AssertionError, match="read id"):
        program("order.id").evaluate({"order": order})


def test_an_object_in_an_untyped_variable() -> None:
    value = DataOrder("o", 7, [DataItem("pen", 2)], MOMENT)
    assert program("x.items[0].name", {"x": DYN}).evaluate({"x": value}) == "pen"
    assert program("x.items.map(i, i.name)", {"x": DYN}).evaluate({"x": value}) == ["pen"]
    assert program("x.total + 1", {"x": DYN}).evaluate({"x": value}) == 8


def test_a_time_without_a_zone_is_refused() -> None:
    naive = MOMENT.replace(tzinfo=None)
    with pytest.raises(ExpressionError, match="without a time zone") as caught:
        program("order.at > timestamp(0)").evaluate({"order": {"at": naive}})
    assert caught.value.code == "EXPR106"


def test_times_of_other_zones_are_the_same_moments() -> None:
    other = MOMENT.astimezone(timezone(timedelta(hours=5)))
    found = program("a == b && a.getHours('UTC') == 12", {"a": TIMESTAMP, "b": TIMESTAMP})
    assert found.evaluate({"a": MOMENT, "b": other}) is True
    lists = {"a": List(TIMESTAMP), "m": Map(TIMESTAMP)}
    assert program("a[0] == m.x", lists).evaluate({"a": [MOMENT], "m": {"x": other}}) is True


def test_decimals_are_text_or_doubles_by_their_type() -> None:
    assert program("x + 0.5", {"x": DOUBLE}).evaluate({"x": Decimal("1.5")}) == 2.0
    assert program("x", {"x": STRING}).evaluate({"x": Decimal("1.50")}) == "1.50"


def test_a_value_that_holds_itself_is_refused() -> None:
    loop: list[object] = []
    loop.append(loop)
    with pytest.raises(ExpressionError, match="nests deeper"):
        program("size(x) == 1 && x == x", {"x": DYN}).evaluate({"x": loop})


def test_a_missing_value_fails_only_where_it_is_needed() -> None:
    variables = {"use": BOOL, "x": INT}
    found = program("use && x > 1", variables)
    assert found.evaluate({"use": False}) is False
    with pytest.raises(ExpressionError, match="`x` has no value"):
        found.evaluate({"use": True})


def test_the_message_names_the_place() -> None:
    order = {"items": [{"name": "pen", "price": "much"}]}
    with pytest.raises(ExpressionError) as caught:
        program("order.items.all(i, i.price > 1.0)").evaluate({"order": order})
    assert caught.value.message == "`order.items` is string, not double"


def test_path_and_references() -> None:
    found = program("order.items[0].name")
    assert found.path == ("order", "items", 0, "name")
    other = program("order.total > 1 && order.id == 'x' && has(order.note)")
    assert other.path is None
    assert other.references == (("order", "total"), ("order", "id"), ("order", "note"))
    assert dict(other.variables) == {"order": ORDER}


def test_a_program_is_cached_by_the_types_it_uses() -> None:
    first = compile_expression("a > 1", {"a": INT})
    assert compile_expression("a > 1", {"a": INT, "other": STRING}) is first
    assert not isinstance(compile_expression("a > 1", {"a": STRING}), Program)


def test_a_program_pickles_as_its_text() -> None:
    found = program("order.total * 2")
    again = pickle.loads(pickle.dumps(found))
    assert again.evaluate({"order": {"total": 4}}) == 8


def test_an_expression_error_pickles() -> None:
    error = pickle.loads(pickle.dumps(ExpressionError("EXPR101", "too big")))
    assert (error.code, error.message) == ("EXPR101", "too big")


def test_the_expected_type_is_checked() -> None:
    found = compile_expression("1 + 1", {}, expected=BOOL)
    assert not isinstance(found, Program)
    assert found[0].code == "EXPR009"
    assert isinstance(compile_expression("x", {"x": DYN}, expected=BOOL), Program)


def test_all_findings_are_given_at_once_in_order() -> None:
    found = compile_expression("nope > 1 && order.totl == 2 && order.nte != ''", {"order": ORDER})
    assert not isinstance(found, Program)
    assert [issue.code for issue in found] == ["EXPR002", "EXPR003", "EXPR003"]
    assert [issue.hint for issue in found[1:]] == ["did you mean `total`?", "did you mean `note`?"]


def test_too_large_expressions_are_refused_not_crashed() -> None:
    for text in ("(" * 500 + "1" + ")" * 500, "!" * 500 + "true", "x" * 30_000):
        found = compile_expression(text, {})
        assert not isinstance(found, Program)
        assert found[0].code == "EXPR010"
    wide = " + ".join(["1"] * 3000)
    found = compile_expression(wide, {})
    assert not isinstance(found, Program)
    assert found[0].code == "EXPR010"


def test_the_budget_is_a_number_of_rounds() -> None:
    found = program("xs.all(x, x > 0)", {"xs": List(INT)})
    assert found.evaluate({"xs": [1] * 9_999}) is True
    assert found.evaluate({"xs": [0] * 20_000}) is False
    with pytest.raises(ExpressionError, match="more than 9999 rounds") as caught:
        found.evaluate({"xs": [1] * 10_000})
    assert caught.value.code == "EXPR107"


def test_the_same_in_every_process() -> None:
    code = (
        "from latticeflow.expr import *\n"
        'p = compile_expression(\'{"b": m, "a": m.exists(k, k == "x9")}\','
        "{'m': Map(INT)})\n"
        "print(p.evaluate({'m': {f'x{i}': i for i in range(20)}}))"
    )
    seen = {
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout
        for _ in range(3)
    }
    assert len(seen) == 1


def test_importing_the_package_does_not_load_the_evaluator() -> None:
    code = (
        "import sys, latticeflow.expr as e\n"
        "assert 'cel_expr_python' not in sys.modules\n"
        "e.compile_expression('1 + 1', {})\n"
        "assert 'cel_expr_python' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_narrowing_follows_the_logic() -> None:
    variables = {"a": optional(INT), "b": optional(INT), "c": BOOL}
    accepted = (
        "a != null && a > 1",
        "a == null || a > 1",
        "!(a == null) && a > 1",
        "a != null && b != null && a > b",
        "!(a == null || b == null) ? a > b : false",
        "a == 3 && a > 1",
        "(c && a != null) && a > 1",
    )
    for text in accepted:
        assert isinstance(compile_expression(text, variables), Program), text
    refused = ("a > 1", "a != null || a > 1", "a == null && a > 1", "(c || a != null) && a > 1")
    for text in itertools.chain(refused, ("a != null && b > 1", "a != 3 && a > 1")):
        found = compile_expression(text, variables)
        assert not isinstance(found, Program), text
        assert found[0].code == "EXPR008", text
