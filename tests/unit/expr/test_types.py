"""Types from JSON Schema and back, and how they are joined."""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

import msgspec

from latticeflow.expr import (
    BOOL,
    BYTES,
    DOUBLE,
    DURATION,
    DYN,
    INT,
    NULL,
    STRING,
    TIMESTAMP,
    Field,
    List,
    Map,
    Record,
    describe,
    fits,
    from_json_schema,
    optional,
    record,
    to_json_schema,
    union,
)
from latticeflow.expr.types import String


@dataclasses.dataclass
class Tree:
    name: str
    left: Tree | None = None
    kind: Literal["leaf", "branch"] = "leaf"


class Event(msgspec.Struct):
    at: Annotated[datetime, msgspec.Meta(tz=True)]
    lasts: timedelta
    body: bytes
    scores: dict[str, float]
    pair: tuple[int, str]
    tree: Tree
    any: Any = None


def schema_of(kind: type) -> dict[str, object]:
    return msgspec.json.schema(kind)


def test_reads_the_schema_of_a_struct() -> None:
    type_ = from_json_schema(schema_of(Event))
    assert isinstance(type_, Record)
    found = {field.name: field.type for field in type_.fields}
    assert found["at"] == TIMESTAMP
    assert found["lasts"] == DURATION
    assert found["body"] == BYTES
    assert found["scores"] == Map(DOUBLE)
    assert found["pair"] == List(union((INT, STRING)))
    assert found["any"] == DYN


def test_a_recursive_schema_is_unrolled_and_ends() -> None:
    type_ = from_json_schema(schema_of(Tree))
    assert isinstance(type_, Record)
    left = type_.field("left")
    assert left is not None
    assert "Tree" in describe(left.type)
    depth = 0
    while isinstance(type_, Record):
        depth += 1
        left = type_.field("left")
        assert left is not None
        inner = left.type
        members = getattr(inner, "members", (inner,))
        type_ = next((each for each in members if isinstance(each, Record)), DYN)
    assert depth == 2


def test_a_schema_that_explodes_ends_in_dyn() -> None:
    names = [f"t{index}" for index in range(12)]
    properties = {name: {"$ref": f"#/$defs/{name}"} for name in names}
    defs = {name: {"type": "object", "properties": properties} for name in names}
    type_ = from_json_schema({"$ref": "#/$defs/t0", "$defs": defs})
    assert isinstance(type_, Record)


def test_a_default_makes_a_field_present() -> None:
    type_ = from_json_schema(
        {"properties": {"a": {"type": "integer", "default": 1}, "b": {"type": "integer"}}}
    )
    assert type_ == Record((Field("a", INT, required=True), Field("b", INT, required=False)))


def test_reads_unions_enums_and_nullables() -> None:
    assert from_json_schema({"type": ["string", "null"]}) == optional(STRING)
    assert from_json_schema({"type": "integer", "nullable": True}) == optional(INT)
    assert from_json_schema({"enum": ["a", "b"]}) == String(("a", "b"))
    assert from_json_schema({"const": True}) == BOOL
    assert from_json_schema({"oneOf": [{"type": "string"}, {}]}) == DYN
    assert from_json_schema(True) == DYN
    assert from_json_schema({"$ref": "#/$defs/nowhere"}) == DYN


def test_all_of_merges_records() -> None:
    part = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
    other = {"type": "object", "properties": {"b": {"type": "string"}}, "required": ["b"]}
    assert from_json_schema({"allOf": [part, other]}) == record({"a": INT, "b": STRING})


def test_union_flattens_and_joins_texts() -> None:
    assert union((INT, union((STRING, INT)), NULL)) == union((INT, STRING, NULL))
    assert union((String(("a",)), String(("b",)))) == String(("a", "b"))
    assert union((String(("a",)), STRING)) == STRING
    assert union((INT, DYN)) == DYN


def test_types_survive_their_schema() -> None:
    type_ = record({"a": optional(INT), "b": List(Map(TIMESTAMP)), "c": String(("x",))}, "R")
    assert from_json_schema(to_json_schema(type_)) == type_


def test_fits() -> None:
    assert fits(INT, optional(INT))
    assert not fits(optional(INT), INT)
    assert fits(DYN, BOOL)
    assert fits(String(("a",)), STRING)
    assert not fits(INT, DOUBLE)


def test_types_travel_as_json() -> None:
    type_ = record({"a": List(optional(INT))})
    assert msgspec.json.decode(msgspec.json.encode(type_), type=Record) == type_
