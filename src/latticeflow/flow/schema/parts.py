"""Taking a schema apart: the members of a union, the values of an enum, the kind of a value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from latticeflow.flow.model import Json
from latticeflow.flow.schema.references import NOTHING, Schema, as_schema, constraints


class Union(NamedTuple):
    """The members of a union; of an `exclusive` one exactly one may fit."""

    members: Sequence[object]
    exclusive: bool


def takes_anything(schema: Schema) -> bool:
    """Tell whether a schema excludes no value."""
    return not constraints(schema)


def is_nothing(schema: Schema) -> bool:
    """Tell whether a schema plainly excludes every value."""
    return schema == NOTHING


def union_of(schema: Schema) -> Union | None:
    """Return the members of a union, each with what stands beside it; None for no union."""
    words: tuple[Literal["anyOf", "oneOf"], ...] = ("anyOf", "oneOf")
    for word in words:
        if word in schema:
            beside = constraints(schema, without=word)
            members = [_both(as_schema(part), beside) for part in schema[word]]
            return Union(members, exclusive=word == "oneOf")
    kinds = schema.get("type")
    if isinstance(kinds, list):
        beside = constraints(schema, without="type")
        return Union([{**beside, "type": kind} for kind in kinds], exclusive=False)
    return None


def _both(part: Schema, beside: Schema) -> Schema:
    if not beside:
        return part
    if "$ref" in part or beside.keys() & part.keys():
        return {"allOf": [part, beside]}
    return {**part, **beside}


def values_of(schema: Schema) -> list[Json] | None:
    """Return the values a schema lists; None where it does not list them."""
    if "const" in schema:
        return [schema["const"]]
    if "enum" in schema:
        return list(schema["enum"])
    return [None] if schema.get("type") == "null" else None


def kind_of(schema: Schema) -> str | None:
    """Return the one type of JSON value that fits, None where there may be several."""
    kind = schema.get("type")
    return kind if isinstance(kind, str) else None


def are_kinds_apart(one: str | None, other: str | None) -> bool:
    """Tell whether no value is of both types."""
    if one is None or other is None or one == other:
        return False
    return {one, other} != {"integer", "number"}
