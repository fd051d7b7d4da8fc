"""JSON Schemas of Python types, and decoding into them."""

import collections
import pathlib
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal, NewType, TypeVar
from uuid import UUID

import jsonschema
import msgspec
import pytest
from tests.unit.authoring.dsl.sample_types import (
    Box,
    Choice,
    Colour,
    Event,
    Item,
    Model,
    Opaque,
    Order,
    Paper,
    Parent,
    Point,
    Special,
    Tree,
)

from latticeflow.authoring.dsl.decoding import decoder
from latticeflow.authoring.dsl.schemas import json_schema, schema_ref
from latticeflow.flow import OPAQUE
from latticeflow.runs import to_json

ITEM = Item("a", 1, ["t"])
ORDER = Order("o", [ITEM], "gift")
WHEN = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)
Cents = NewType("Cents", int)
Bound = TypeVar("Bound", bound=int)

SAMPLES = [
    (int, 3),
    (float, 1.5),
    (bool, True),
    (str, "x"),
    (None, None),
    (bytes, b"\x00\xff"),
    (datetime, WHEN),
    (date, date(2026, 1, 2)),
    (time, time(3, 4)),
    (timedelta, timedelta(minutes=3)),
    (Decimal, Decimal("1.10")),
    (UUID, UUID(int=5)),
    (pathlib.Path, pathlib.Path("a/b")),
    (Cents, 4),
    (Literal["a", 1], 1),
    (Colour, Colour.BLUE),
    (list[int], [1, 2]),
    (tuple[int, str], (1, "x")),
    (tuple[int, ...], (1, 2)),
    (tuple[()], ()),
    (set[str], {"a"}),
    (frozenset[int], frozenset({1})),
    (dict[str, Item], {"k": ITEM}),
    (dict[int, str], {1: "a"}),
    (collections.abc.Sequence[Item], [ITEM]),
    (collections.abc.Iterable[Item], [ITEM]),
    (int | None, None),
    (Order | None, ORDER),
    (Order | Item, ITEM),
    (Order | Item | None, ORDER),
    (list[Order | Item], [ITEM, ORDER]),
    (dict[str, Order | Item], {"a": ITEM}),
    (Choice, Choice(ITEM)),
    (Order, ORDER),
    (Box[Order], Box(ORDER)),
    (Tree, Tree("a", [Tree("b")])),
    (Event, Event(WHEN)),
    (Paper, {"title": "t"}),
    (Point, Point(1)),
    (Model, Model(count=1, item=ITEM)),
    (list[Model], [Model(count=1)]),
    (Parent, Parent(child=Parent())),
    (Annotated[int, msgspec.Meta(ge=1)], 1),
]


@pytest.mark.parametrize("kind, value", SAMPLES, ids=lambda x: str(x)[:40])
def test_the_json_of_a_value_fits_its_schema_and_decodes_to_the_value(kind, value):
    schema = json_schema(kind)
    jsonschema.Draft202012Validator.check_schema(schema)
    said = to_json(value)
    jsonschema.validate(said, schema)
    decode = decoder(kind)
    assert decode(said) == value
    assert type(decode(said)) is type(value) or kind == collections.abc.Sequence[Item]
    assert decode(value) == value


@pytest.mark.parametrize("kind", [Any, object, TypeVar("T"), Opaque])
def test_what_says_nothing_of_its_json_is_opaque(kind):
    assert schema_ref(kind) is OPAQUE


def test_a_value_that_is_there_already_is_not_copied():
    assert decoder(Order)(ORDER) is ORDER
    special = Special("s", extra=4)
    assert decoder(Item)(special) is special


def test_a_member_of_a_union_stays_of_its_own_type():
    assert decoder(Order | Item)(ITEM) is ITEM
    assert isinstance(decoder(Order | Item)({"sku": "x"}), Item)


@pytest.mark.parametrize(
    "kind, wrong",
    [
        (int, "3"),
        (int, 1.5),
        (Order, {"id": 1, "items": []}),
        (Order, []),
        (list[int], [1, "x"]),
        (Literal["a"], "b"),
        (Colour, "green"),
        (datetime, "yesterday"),
        (Model, {"count": "many"}),
        (Order | Item, {"nothing": 1}),
        (Choice, {"either": 3}),
        (Choice, 3),
        (dict[str, Order | Item], 3),
        (Annotated[int, msgspec.Meta(ge=1)], 0),
        (Opaque, 3),
    ],
    ids=lambda x: str(x)[:30],
)
def test_what_does_not_fit_is_refused_as_a_value_error(kind, wrong):
    with pytest.raises(ValueError, match=r"."):
        decoder(kind)(wrong)


def test_fields_defaults_and_requirements():
    schema = json_schema(Order)
    order, item = schema["$defs"]["Order"], schema["$defs"]["Item"]
    assert order["required"] == ["id", "items"]
    assert order["properties"]["kind"] == {"enum": ["card", "gift"], "default": "card"}
    assert order["properties"]["items"] == {"type": "array", "items": {"$ref": "#/$defs/Item"}}
    assert item["properties"]["tags"]["default"] == []


def test_struct_names_are_those_on_the_wire():
    event = json_schema(Event)["$defs"]["Event"]
    assert list(event["properties"]) == ["type", "atTime", "took"]
    assert event["properties"]["type"] == {"enum": ["event"]}


def test_a_docstring_is_no_part_of_a_schema():
    assert "A model." not in str(json_schema(Model))


def test_two_types_of_one_name_have_two_definitions():
    def make(kind):
        return msgspec.defstruct("Twin", [("x", kind)])

    first, second = make(int), make(str)
    schema = json_schema(tuple[first, second])
    assert set(schema["$defs"]) == {"Twin", "Twin_2"}
    assert schema["prefixItems"] == [{"$ref": "#/$defs/Twin"}, {"$ref": "#/$defs/Twin_2"}]


def test_a_variable_stands_for_its_bound():
    assert json_schema(Bound) == {"type": "integer"}


def test_the_schema_is_the_same_in_every_order_of_asking():
    first = json_schema(Order)
    json_schema(list[Item])
    assert json_schema(Order) == first
