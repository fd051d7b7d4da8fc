"""Schemas, and values that are drawn from them: what tests of types quantify over."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from latticeflow.flow.schema import problem_of

NAMES = ("a", "b", "kind")

_INTS = st.builds(
    lambda low, span: (
        {"type": "integer"}
        | ({} if low is None else {"minimum": low})
        | ({} if span is None else {"maximum": (low or 0) + span})
    ),
    st.none() | st.integers(-2, 2),
    st.none() | st.integers(0, 3),
)
_LEAVES = st.one_of(
    _INTS,
    st.sampled_from(
        [
            {},
            {"type": "integer"},
            {"type": "number"},
            {"type": "number", "exclusiveMinimum": 0},
            {"type": "number", "minimum": 0, "exclusiveMaximum": 2},
            {"type": "integer", "multipleOf": 2},
            {"type": "string"},
            {"type": "string", "minLength": 1},
            {"type": "string", "maxLength": 1},
            {"type": "string", "pattern": "^a"},
            {"type": "boolean"},
            {"type": "null"},
            {"type": ["integer", "null"]},
            {"type": ["string", "boolean"]},
            {"enum": ["a", "b"]},
            {"enum": ["a", 1, None]},
            {"enum": [True, False]},
            {"const": 1},
            {"const": True},
            {"const": "a"},
            {"const": "b"},
            {"const": {"a": 1}},
            {"const": ["a"]},
            {"$ref": "#/$defs/Tree"},
            {"$ref": "#/$defs/Count"},
            {"$ref": "#/$defs/Count", "maximum": 1},
            {"type": "object"},
            {"type": "array"},
        ]
    ),
)
DEFINITIONS = {
    "Tree": {
        "type": "object",
        "properties": {
            "a": {"type": "integer"},
            "kids": {"type": "array", "items": {"$ref": "#/$defs/Tree"}},
        },
        "required": ["a"],
    },
    "Count": {"type": "integer", "minimum": 0},
}


def _grow(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    parts = st.lists(inner, min_size=1, max_size=3)
    maybe_size = st.none() | st.integers(0, 2)
    return st.one_of(
        parts.map(lambda some: {"anyOf": some}),
        parts.map(lambda some: {"oneOf": some}),
        parts.map(lambda some: {"allOf": some[:2]}),
        inner.map(lambda part: {"not": part}),
        _records(inner),
        _records(inner),
        st.builds(_list, inner, maybe_size, maybe_size, st.booleans()),
        st.builds(_tuple, parts, st.sampled_from([False, True, {"type": "integer"}]), maybe_size),
        inner.map(lambda part: {"type": "object", "additionalProperties": part}),
        inner.map(lambda part: {"type": "object", "patternProperties": {"^a": part}}),
    )


def _list(items: Any, low: int | None, high: int | None, is_set: bool) -> dict[str, Any]:
    schema = {"type": "array", "items": items}
    if low is not None:
        schema["minItems"] = low
    if high is not None:
        schema["maxItems"] = (low or 0) + high
    return schema | ({"uniqueItems": True} if is_set else {})


def _tuple(first: list[Any], rest: Any, low: int | None) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "array", "prefixItems": first}
    if rest is not True:
        schema["items"] = rest
    if low is not None:
        schema["minItems"] = low
    return schema


@st.composite
def _records(draw: st.DrawFn, inner: st.SearchStrategy[Any]) -> dict[str, Any]:
    fields = draw(st.dictionaries(st.sampled_from(NAMES), inner, min_size=1, max_size=3))
    schema: dict[str, Any] = {"type": "object", "properties": fields}
    schema["required"] = draw(st.lists(st.sampled_from(sorted(fields)), unique=True))
    if draw(st.booleans()):
        schema["additionalProperties"] = draw(st.just(False) | inner)
    return schema


def schemas() -> st.SearchStrategy[Any]:
    """Return schemas of all that is decided, and of some that is not."""
    return st.recursive(_LEAVES, _grow, max_leaves=5).map(with_definitions)


def with_definitions(schema: Any) -> Any:
    return {**schema, "$defs": DEFINITIONS}


def closed(schema: Any) -> Any:
    """Return a schema of the values a program gives: records without undeclared fields."""
    if isinstance(schema, list):
        return [closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if "not" in schema:
        return schema
    read = {
        key: value if key in ("const", "enum") else closed(value) for key, value in schema.items()
    }
    if "type" in schema and isinstance(schema.get("properties"), dict):
        read.setdefault("additionalProperties", False)
    return read


VALUES = st.recursive(
    st.sampled_from([None, True, False, -1, 0, 1, 2, 3, 1.0, 0.5, 1.5, "", "a", "b", "ab", "c"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*NAMES, "kids", "z"]), inner, max_size=3)
    ),
    max_leaves=5,
)


@st.composite
def values_of(draw: st.DrawFn, schema: Any) -> Any:
    """Return values that are likely to fit `schema`."""
    return draw(_of(schema, schema["$defs"], 4))


def _of(schema: Any, definitions: Any, depth: int) -> st.SearchStrategy[Any]:
    if schema is True or schema == {} or depth == 0:
        return VALUES
    if schema is False:
        return st.nothing()
    if "$ref" in schema:
        return _of(definitions[schema["$ref"].rpartition("/")[2]], definitions, depth - 1)
    if "const" in schema:
        return st.just(schema["const"])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    for word in ("anyOf", "oneOf", "allOf"):
        if word in schema:
            return st.one_of([_of(part, definitions, depth) for part in schema[word]])
    kinds = schema.get("type")
    if isinstance(kinds, list):
        return st.one_of([_of({**schema, "type": kind}, definitions, depth) for kind in kinds])
    if kinds == "object":
        return _object_of(schema, definitions, depth)
    if kinds == "array":
        return _array_of(schema, definitions, depth)
    return VALUES.filter(lambda value: problem_of(value, schema) is None)


@st.composite
def _object_of(draw: st.DrawFn, schema: Any, definitions: Any, depth: int) -> Any:
    fields, rest = schema.get("properties", {}), schema.get("additionalProperties", True)
    names = list(schema.get("required", ()))
    names += draw(st.lists(st.sampled_from([*fields, *NAMES]), max_size=2))
    return {
        name: draw(_of(fields.get(name, rest), definitions, depth - 1))
        for name in names
        if fields.get(name, rest) is not False
    }


@st.composite
def _array_of(draw: st.DrawFn, schema: Any, definitions: Any, depth: int) -> Any:
    first, rest = schema.get("prefixItems", []), schema.get("items", True)
    least = schema.get("minItems", 0)
    size = draw(st.integers(least, least + 2))
    if rest is False:
        size = min(size, len(first))
    parts = [first[i] if i < len(first) else rest for i in range(size)]
    return [draw(_of(part, definitions, depth - 1)) for part in parts]
