"""Checking JSON values against JSON Schemas, with answers in words.

Every keyword of the 2020-12 core and validation vocabularies is judged, except `$dynamicRef` and
`unevaluated…`, which no type of a program becomes. Of formats those are judged that Python reads.
"""

from __future__ import annotations

import binascii
import re
import uuid
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from operator import ge, gt, le, lt

from latticeflow.flow.model import Json
from latticeflow.flow.schema.naming import type_name
from latticeflow.flow.schema.references import Named, Resolver, Schema

_TYPES: Mapping[str, Callable[[Json], bool]] = {
    "null": lambda value: value is None,
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: _is_number(value) and (isinstance(value, int) or value.is_integer()),
    "number": lambda value: _is_number(value),  # noqa: PLW0108  (defined below)
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
_FORMATS: Mapping[str, Callable[[str], object]] = {
    "date-time": datetime.fromisoformat,
    "date": date.fromisoformat,
    "time": time.fromisoformat,
    "uuid": uuid.UUID,
    "decimal": Decimal,
}
_LONGEST_SHOWN = 60


def problem_of(value: Json, schema: object, *, named: Named | None = None) -> str | None:
    """Return why a JSON value does not fit a schema, None if it fits."""
    return check_value(value, schema, Resolver(schema, named or {}))


def check_value(value: Json, schema: object, resolver: Resolver, path: str = "") -> str | None:
    """Return the first problem of `value`, with its path."""
    read = resolver.follow(schema)
    return next(_problems(value, read, resolver, path), None) if read else None


def _problems(value: Json, schema: Schema, resolver: Resolver, path: str) -> Iterator[str]:
    yield from _listed(value, schema, path)
    yield from _combined(value, schema, resolver, path)
    if isinstance(value, str):
        yield from _text(value, schema, path)
    elif _is_number(value):
        yield from _number(value, schema, path)
    elif isinstance(value, (list, tuple)):
        yield from _array(value, schema, resolver, path)
    elif isinstance(value, Mapping):
        yield from _object(value, schema, resolver, path)


def _listed(value: Json, schema: Schema, path: str) -> Iterator[str]:
    kinds = schema.get("type")
    if kinds is not None:
        wanted = kinds if isinstance(kinds, list) else [kinds]
        if not any(kind in _TYPES and _TYPES[kind](value) for kind in wanted):
            yield _wrong(value, schema, path)
    if "const" in schema and not _is_same(value, schema["const"]):
        yield _wrong(value, schema, path)
    if "enum" in schema and not any(_is_same(value, choice) for choice in schema["enum"]):
        yield _wrong(value, schema, path)


def _combined(value: Json, schema: Schema, resolver: Resolver, path: str) -> Iterator[str]:
    def fits(part: object) -> bool:
        return check_value(value, part, resolver, path) is None

    for part in schema.get("allOf", ()):
        problem = check_value(value, part, resolver, path)
        if problem is not None:
            yield problem
    if "anyOf" in schema and not any(map(fits, schema["anyOf"])):
        yield _wrong(value, schema, path)
    if "oneOf" in schema and sum(map(fits, schema["oneOf"])) != 1:
        yield _wrong(value, schema, path)
    if "not" in schema and fits(schema["not"]):
        yield _wrong(value, schema, path)
    if "if" in schema:
        branch = schema.get("then" if fits(schema["if"]) else "else", True)
        problem = check_value(value, branch, resolver, path)
        if problem is not None:
            yield problem


def _text(value: str, schema: Schema, path: str) -> Iterator[str]:
    pattern = schema.get("pattern")
    if pattern is not None and re.search(pattern, value) is None:
        yield f"{_at(path)}{value!r} does not match `{pattern}`"
    read = _FORMATS.get(str(schema.get("format")))
    if schema.get("contentEncoding") == "base64":
        read = _read_base64
    if read is not None:
        try:
            read(value)
        except (ValueError, InvalidOperation, binascii.Error):
            yield _wrong(value, schema, path)
    yield from _size(len(value), schema, path, ("Length", "characters"))


def _number(value: float, schema: Schema, path: str) -> Iterator[str]:
    for word, is_inside, words in _BOUNDS:
        if word in schema and not is_inside(value, schema[word]):
            yield f"{_at(path)}{value} is {words} {schema[word]}"
    step = schema.get("multipleOf")
    if step is not None and not _is_multiple(value, step):
        yield f"{_at(path)}{value} is no multiple of {step}"


def _array(value: Sequence[Json], schema: Schema, resolver: Resolver, path: str) -> Iterator[str]:
    first = schema.get("prefixItems", ())
    rest = schema.get("items", True)
    for number, item in enumerate(value):
        part = first[number] if number < len(first) else rest
        if part is False:
            yield f"{_at(path)}more than {len(first)} items"
            return
        problem = check_value(item, part, resolver, f"{path}[{number}]")
        if problem is not None:
            yield problem
    if schema.get("uniqueItems") and any(
        _is_same(one, other) for number, one in enumerate(value) for other in value[:number]
    ):
        yield f"{_at(path)}items repeat"
    if "contains" in schema:
        found = sum(check_value(item, schema["contains"], resolver) is None for item in value)
        low, high = schema.get("minContains", 1), schema.get("maxContains", len(value))
        if not low <= found <= high:
            yield f"{_at(path)}{found} items are {type_name(schema['contains'])}"
    yield from _size(len(value), schema, path, ("Items", "items"))


def _object(
    value: Mapping[str, Json], schema: Schema, resolver: Resolver, path: str
) -> Iterator[str]:
    for name in schema.get("required", ()):
        if name not in value:
            yield f"{_at(path)}field `{name}` is missing"
    for name, others in schema.get("dependentRequired", {}).items():
        yield from (
            f"{_at(path)}field `{other}` is missing beside `{name}`"
            for other in others
            if name in value and other not in value
        )
    for name, part in schema.get("dependentSchemas", {}).items():
        problem = check_value(value, part, resolver, path) if name in value else None
        if problem is not None:
            yield problem
    for name, item in value.items():
        place = f"{path}.{name}" if path else str(name)
        for part in _parts_for(name, schema):
            if part is False:
                yield f"{_at(path)}field `{name}` is not known"
                continue
            problem = check_value(item, part, resolver, place)
            if problem is not None:
                yield problem
        if "propertyNames" in schema:
            problem = check_value(name, schema["propertyNames"], resolver, place)
            if problem is not None:
                yield problem
    yield from _size(len(value), schema, path, ("Properties", "fields"))


def _parts_for(name: str, schema: Schema) -> list[object]:
    """Return what a schema says of the field `name`."""
    fields: Mapping[str, object] = schema.get("properties", {})
    patterns: Mapping[str, object] = schema.get("patternProperties", {})
    found = [fields[name]] if name in fields else []
    found += [part for pattern, part in patterns.items() if re.search(pattern, name)]
    return found or [schema.get("additionalProperties", True)]


def _size(size: int, schema: Schema, path: str, words: tuple[str, str]) -> Iterator[str]:
    what, unit = words
    low, high = schema.get(f"min{what}"), schema.get(f"max{what}")
    if low is not None and size < low:
        yield f"{_at(path)}{size} {unit}, at least {low} are needed"
    if high is not None and size > high:
        yield f"{_at(path)}{size} {unit}, at most {high} are allowed"


def _is_number(value: Json) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_multiple(value: float, step: float) -> bool:
    if isinstance(value, int) and isinstance(step, int):
        return value % step == 0
    # 0.3 is three times 0.1 to whoever wrote it.
    return Decimal(repr(value)) % Decimal(repr(step)) == 0


def _is_same(one: Json, other: Json) -> bool:
    """Tell whether two JSON values are equal; `true` is not 1, at any depth."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(_is_same(one[key], other[key]) for key in one)
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(map(_is_same, one, other))
    return bool(one == other)


def _read_base64(value: str) -> bytes:
    return b64decode(value, validate=True)


def _wrong(value: Json, schema: Schema, path: str) -> str:
    shown = repr(value)
    if len(shown) > _LONGEST_SHOWN:
        shown = shown[: _LONGEST_SHOWN - 1] + "…"
    return f"{_at(path)}{shown} is not {type_name(schema)}"


def _at(path: str) -> str:
    return f"`{path}`: " if path else ""
