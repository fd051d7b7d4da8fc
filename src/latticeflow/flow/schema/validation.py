"""Checking JSON values against the part of JSON Schema that port types use."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from operator import ge, gt, le, lt
from typing import Any

from latticeflow.flow.model import Json, SchemaRef
from latticeflow.flow.schema.naming import type_name
from latticeflow.flow.schema.references import Named, Resolver, Schema, schema_of

_TYPES: Mapping[str, Callable[[Any], bool]] = {
    "null": lambda value: value is None,
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
    "string": lambda value: isinstance(value, str),
    "array": lambda value: isinstance(value, (list, tuple)),
    "object": lambda value: isinstance(value, Mapping),
}

_BOUNDS: tuple[tuple[str, Callable[[float, float], bool], str], ...] = (
    ("minimum", ge, "less than"),
    ("exclusiveMinimum", gt, "not more than"),
    ("maximum", le, "more than"),
    ("exclusiveMaximum", lt, "not less than"),
)


def decoder_of(reference: SchemaRef, named: Named) -> Callable[[Any], Any] | None:
    """Return a function that gives a JSON value back if it fits the type, None for any type.

    The function raises `ValueError` with the place and the reason where the value does not fit.
    """
    schema = schema_of(reference, named)
    if not schema:
        return None

    def decode(value: Json) -> Json:
        problem = problem_of(value, schema, named=named)
        if problem is not None:
            raise ValueError(problem)
        return value

    return decode


def problem_of(value: Json, schema: object, *, named: Named | None = None) -> str | None:
    """Return why a JSON value does not fit a schema, None if it fits."""
    return check_value(value, schema, Resolver(schema, named or {}))


def check_value(value: Json, schema: object, resolver: Resolver, path: str = "") -> str | None:
    """Return the first problem of `value`, with its path."""
    read = resolver.follow(schema)
    for word in ("anyOf", "oneOf"):
        if word in read:
            problems = [check_value(value, part, resolver, path) for part in read[word]]
            if all(problems):
                return _wrong(value, read, path)
    for part in read.get("allOf", ()):
        problem = check_value(value, part, resolver, path)
        if problem is not None:
            return problem
    if "not" in read and check_value(value, read["not"], resolver, path) is None:
        return _wrong(value, read, path)
    if "const" in read and not _same(value, read["const"]):
        return _wrong(value, read, path)
    if "enum" in read and not any(_same(value, choice) for choice in read["enum"]):
        return _wrong(value, read, path)
    kinds = read.get("type")
    if kinds is not None:
        wanted = kinds if isinstance(kinds, list) else [kinds]
        if not any(_is(value, kind) for kind in wanted):
            return _wrong(value, read, path)
    return _inside(value, read, resolver, path)


def _inside(value: Json, schema: Schema, resolver: Resolver, path: str) -> str | None:
    if isinstance(value, str):
        return _text(value, schema, path)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _number(value, schema, path)
    if isinstance(value, (list, tuple)):
        return _array(value, schema, resolver, path)
    if isinstance(value, Mapping):
        return _object(value, schema, resolver, path)
    return None


def _text(value: str, schema: Schema, path: str) -> str | None:
    pattern = schema.get("pattern")
    if pattern is not None and re.search(pattern, value) is None:
        return f"{_at(path)}{value!r} does not match `{pattern}`"
    return _size(len(value), schema, path, "minLength", "maxLength", "characters")


def _number(value: float, schema: Schema, path: str) -> str | None:
    for word, is_inside, words in _BOUNDS:
        if word in schema and not is_inside(value, schema[word]):
            return f"{_at(path)}{value} is {words} {schema[word]}"
    step = schema.get("multipleOf")
    if step is not None and value % step:
        return f"{_at(path)}{value} is no multiple of {step}"
    return None


def _array(
    value: list[Any] | tuple[Any, ...], schema: Schema, resolver: Resolver, path: str
) -> str | None:
    first = schema.get("prefixItems", ())
    rest = schema.get("items", True)
    for number, item in enumerate(value):
        part = first[number] if number < len(first) else rest
        if part is False:
            return f"{_at(path)}more than {len(first)} items"
        problem = check_value(item, part, resolver, f"{path}[{number}]")
        if problem is not None:
            return problem
    if schema.get("uniqueItems") and any(
        _same(one, other) for number, one in enumerate(value) for other in value[:number]
    ):
        return f"{_at(path)}items repeat"
    return _size(len(value), schema, path, "minItems", "maxItems", "items")


def _object(value: Mapping[str, Any], schema: Schema, resolver: Resolver, path: str) -> str | None:
    fields: Mapping[str, Any] = schema.get("properties", {})
    for name in schema.get("required", ()):
        if name not in value:
            return f"{_at(path)}field `{name}` is missing"
    rest = schema.get("additionalProperties", True)
    for name, item in value.items():
        place = f"{path}.{name}" if path else str(name)
        if name not in fields and rest is False:
            return f"{_at(path)}field `{name}` is not known"
        problem = check_value(item, fields.get(name, rest), resolver, place)
        if problem is not None:
            return problem
    return _size(len(value), schema, path, "minProperties", "maxProperties", "fields")


def _size(size: int, schema: Schema, path: str, low: str, high: str, unit: str) -> str | None:
    if low in schema and size < schema[low]:
        return f"{_at(path)}{size} {unit}, at least {schema[low]} are needed"
    if high in schema and size > schema[high]:
        return f"{_at(path)}{size} {unit}, at most {schema[high]} are allowed"
    return None


def _is(value: Json, kind: str) -> bool:
    if kind == "integer" and isinstance(value, float):
        return value.is_integer()
    test = _TYPES.get(kind)
    return test is not None and test(value)


def _same(one: Json, other: Json) -> bool:
    if isinstance(one, bool) != isinstance(other, bool):
        return False
    return bool(one == other)


def _wrong(value: Json, schema: Schema, path: str) -> str:
    shown = repr(value)
    if len(shown) > 60:
        shown = shown[:57] + "…"
    return f"{_at(path)}{shown} is not {type_name(schema)}"


def _at(path: str) -> str:
    return f"`{path}`: " if path else ""
