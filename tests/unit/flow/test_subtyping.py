"""Subtyping of port types: what fits where, and that a `yes` is never wrong."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from latticeflow.flow.schema import is_subtype, problem_of, type_name

INT = {"type": "integer"}
NUM = {"type": "number"}
STR = {"type": "string"}
NULL = {"type": "null"}
BOOL = {"type": "boolean"}


def record(required: tuple[str, ...] = (), **fields: Any) -> dict[str, Any]:
    return {"type": "object", "properties": fields, "required": list(required)}


def listed(items: Any) -> dict[str, Any]:
    return {"type": "array", "items": items}


def union(*parts: Any) -> dict[str, Any]:
    return {"anyOf": list(parts)}


TREE = {"$defs": {"T": record(("kids",), kids=listed({"$ref": "#/$defs/T"}))}, "$ref": "#/$defs/T"}


@pytest.mark.parametrize(
    ("source", "target", "answer"),
    [
        (INT, INT, "yes"),
        (INT, NUM, "yes"),
        (NUM, INT, "no"),
        (STR, INT, "no"),
        (INT, union(INT, NULL), "yes"),
        (union(INT, NULL), INT, "no"),
        (union(INT, NULL), union(NULL, NUM), "yes"),
        ({"type": ["integer", "null"]}, union(INT, NULL), "yes"),
        (listed(INT), listed(NUM), "yes"),
        (listed(STR), listed(INT), "no"),
        (record(("a",), a=INT), record(("a",), a=NUM), "yes"),
        (record((), a=INT), record(("a",), a=INT), "no"),
        (record(("b",), b=INT), record(("a",), a=INT), "no"),
        (record(("a", "b"), a=INT, b=INT), record(("a",), a=INT), "yes"),
        (record(("a",), a=record(("x",), x=STR)), record(("a",), a=record(("x",), x=INT)), "no"),
        ({"enum": ["a", "b"]}, {"enum": ["a", "b", "c"]}, "yes"),
        ({"enum": ["a", "d"]}, {"enum": ["a", "b", "c"]}, "no"),
        ({"enum": ["a", "b"]}, STR, "yes"),
        (STR, {"enum": ["a"]}, "no"),
        (BOOL, {"enum": [True, False]}, "yes"),
        ({"const": 1}, NUM, "yes"),
        ({}, INT, "unknown"),
        (INT, {}, "yes"),
        ({"type": "string", "format": "date-time"}, STR, "yes"),
        (STR, {"type": "string", "format": "date-time"}, "no"),
        (STR, {"type": "string", "pattern": "^a"}, "unknown"),
        (
            {"type": "object", "additionalProperties": INT},
            {"type": "object", "additionalProperties": NUM},
            "yes",
        ),
        (
            {"type": "object", "additionalProperties": STR},
            {"type": "object", "additionalProperties": NUM},
            "no",
        ),
        (TREE, TREE, "yes"),
        (
            {"type": "array", "prefixItems": [INT, STR], "items": False, "minItems": 2},
            {"type": "array", "prefixItems": [NUM, STR], "items": False, "minItems": 2},
            "yes",
        ),
        (
            {"type": "array", "prefixItems": [STR, STR], "items": False, "minItems": 2},
            {"type": "array", "prefixItems": [NUM, STR], "items": False, "minItems": 2},
            "no",
        ),
    ],
)
def test_what_fits_where(source: Any, target: Any, answer: str) -> None:
    assert is_subtype(source, target).decision == answer


def test_a_clash_is_told_by_its_field_in_words_of_types() -> None:
    verdict = is_subtype(record(("total",), total=union(INT, NULL)), record(("total",), total=INT))
    assert verdict.path == "total"
    assert verdict.reason == "`None` where `int` is needed"
    missing = is_subtype(record(("a",), a=INT), record(("total",), total=INT))
    assert missing.reason == "field `total` is missing"


def test_names_are_short_and_pythonic() -> None:
    assert type_name(union(INT, NULL)) == "int | None"
    assert type_name(listed({**record(), "title": "Order"})) == "list[Order]"
    assert type_name({"enum": ["a", None]}) == 'Literal["a", None]'


leaves = st.sampled_from(
    [INT, NUM, STR, NULL, BOOL, {"enum": ["a", "b"]}, {"enum": ["a"]}, {"const": 1}, {}]
)


def grow(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    names = st.sampled_from(["a", "b"])
    fields = st.dictionaries(names, inner, min_size=1)
    return st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"anyOf": parts}),
        inner.map(listed),
        inner.map(lambda part: {"type": "object", "additionalProperties": part}),
        st.builds(
            lambda fields, required: {
                "type": "object",
                "properties": fields,
                "required": sorted(set(required) & set(fields)),
            },
            fields,
            st.lists(names),
        ),
    )


schemas = st.recursive(leaves, grow, max_leaves=6)
values = st.recursive(
    st.sampled_from([None, True, False, 0, 1, 1.5, "a", "b", "c"]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["a", "b"]), inner, max_size=2)
    ),
    max_leaves=5,
)


@settings(deadline=None)
@given(schema=schemas)
def test_every_type_fits_itself_unless_it_holds_anything(schema: Any) -> None:
    assert is_subtype(schema, schema).decision in ("yes", "unknown")


@settings(deadline=None, max_examples=500)
@given(source=schemas, target=schemas, value=values)
def test_a_yes_is_never_wrong(source: Any, target: Any, value: Any) -> None:
    if is_subtype(source, target).fits and jsonschema.Draft202012Validator(source).is_valid(value):
        # Records are closed in spirit: a field the source does not declare is not there.
        if "additionalProperties" in str(target) or _has_undeclared(value, source):
            return
        assert jsonschema.Draft202012Validator(target).is_valid(value)


def _has_undeclared(value: Any, schema: Any) -> bool:
    return isinstance(value, (dict, list)) and "properties" in str(schema)


@settings(deadline=None, max_examples=500)
@given(schema=schemas, value=values)
def test_values_are_judged_as_the_standard_judges_them(schema: Any, value: Any) -> None:
    standard = jsonschema.Draft202012Validator(schema).is_valid(value)
    assert (problem_of(value, schema) is None) == standard
