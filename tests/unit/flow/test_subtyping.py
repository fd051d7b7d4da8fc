"""Subtyping of port types: what fits where, and that a `yes` is never wrong."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st
from tests.unit.flow.schema_samples import VALUES, closed, schemas, values_of, with_definitions

from latticeflow.flow import SchemaRef
from latticeflow.flow.schema import decoder_of, is_subtype, problem_of, type_name

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


@settings(deadline=None)
@given(schema=schemas())
def test_every_type_fits_itself(schema: Any) -> None:
    assert is_subtype(schema, schema).fits


@settings(deadline=None, max_examples=300)
@given(data=st.data(), source=schemas(), target=schemas())
def test_a_yes_is_never_wrong(data: st.DataObject, source: Any, target: Any) -> None:
    if is_subtype(source, target).fits:
        value = data.draw(values_of(source) | VALUES)
        if is_valid(value, closed(source)):
            assert is_valid(value, target)


def test_a_yes_that_would_be_wrong_is_seen() -> None:
    """The control of the test above: its values tell apart what differs little."""
    pairs = [
        (NUM, INT),
        (union(INT, NULL), INT),
        (record((), a=INT), record(("a",), a=INT)),
        (listed(union(STR, INT)), listed(STR)),
    ]
    for source, target in pairs:
        whole = with_definitions(source)
        wrong = find(
            values_of(whole) | VALUES,
            lambda value, s=source, t=target: is_valid(value, s) and not is_valid(value, t),
            settings=settings(database=None, max_examples=2000),
        )
        assert problem_of(wrong, target) is not None


@settings(deadline=None, max_examples=300)
@given(one=schemas(), two=schemas(), three=schemas())
def test_what_fits_what_fits_is_not_refused(one: Any, two: Any, three: Any) -> None:
    if is_subtype(one, two).fits and is_subtype(two, three).fits:
        # Through `two`, fields may have come in that `one` does not declare and `three` types.
        assert is_subtype(closed(one), three).decision != "no" or "not" in str((one, two))


@settings(deadline=None, max_examples=300)
@given(data=st.data(), schema=schemas())
def test_values_are_judged_as_the_standard_judges_them(data: st.DataObject, schema: Any) -> None:
    value = data.draw(values_of(schema) | VALUES)
    assert (problem_of(value, schema) is None) == is_valid(value, schema)


def is_valid(value: Any, schema: Any) -> bool:
    return bool(jsonschema.Draft202012Validator(schema).is_valid(value))


def test_a_failure_takes_back_what_stood_on_it() -> None:
    """`b` fits only while `A` is taken to fit, which fails at `x` after `b` was looked at."""
    chain, link = {"$ref": "#/$defs/Chain"}, {"$ref": "#/$defs/Link"}
    source = {
        "$defs": {
            "Link": record(("b", "x"), b=chain, x=union(STR, INT)),
            "Chain": union(NULL, link),
        },
        **record(("a", "b"), a=link, b=chain),
    }
    target = {
        "$defs": {
            "Link": record(("b", "x"), b=chain, x=INT),
            "Chain": union(NULL, link),
        },
        **record(("a", "b"), a=union(link, record(("b", "x"), b={}, x={})), b=chain),
    }
    verdict = is_subtype(source, target)
    assert (verdict.decision, verdict.path) == ("no", "b.x")


def test_what_stands_beside_a_reference_counts() -> None:
    named = {"Count": INT}
    limited = {"$ref": "Count", "maximum": 3}
    assert is_subtype(limited, INT, named=named).fits
    assert is_subtype(INT, limited, named=named).decision == "unknown"
    assert problem_of(4, limited, named=named) is not None
    assert is_subtype({"$ref": "Count", "description": "how many"}, INT, named=named).fits


def test_a_record_is_told_apart_by_its_tag() -> None:
    cash = record(("kind", "cents"), kind={"const": "cash"}, cents=INT)
    card = record(("kind", "pan"), kind={"const": "card"}, pan=STR)
    both = {"enum": ["cash", "card"]}
    given = record(("kind", "cents", "pan"), kind=both, cents=INT, pan=STR)
    assert is_subtype(given, union(cash, card)).fits
    verdict = is_subtype(record(("kind", "cents"), kind=both, cents=INT), union(cash, card))
    assert verdict.decision == "no"
    assert is_subtype(cash, union(card, NULL)).decision == "no"


@pytest.mark.parametrize(
    ("source", "target", "decision"),
    [
        (BOOL, union({"const": True}, {"const": False}), "yes"),
        (BOOL, {"const": True}, "no"),
        (INT, {"type": "number", "multipleOf": 1}, "yes"),
        ({"type": "integer", "minimum": 1}, {"type": "number", "exclusiveMinimum": 0}, "yes"),
        ({"type": "integer", "minimum": 0}, {"type": "number", "exclusiveMinimum": 0}, "unknown"),
        ({"type": "integer", "maximum": 5}, {"type": "integer", "maximum": 4}, "unknown"),
        ({"type": "object"}, record(("a",), a=INT), "unknown"),
        ({"type": "object", "additionalProperties": INT}, record(("a",), a=INT), "no"),
        (record(("a",), a=INT), {"type": "object", "additionalProperties": INT}, "yes"),
        (record(("a",), a=STR), {"type": "object", "additionalProperties": INT}, "no"),
        (record(("a",), a=INT), {**record(("b",), b=INT), "required": []}, "yes"),
        (
            record(("a", "b"), a=INT, b=INT),
            {**record(("a",), a=INT), "additionalProperties": False},
            "no",
        ),
        (listed(INT), {"type": "array", "prefixItems": [INT, INT], "minItems": 2}, "no"),
        (listed(INT), {**listed(INT), "maxItems": 3}, "unknown"),
        (listed(INT), {**listed(INT), "uniqueItems": True}, "no"),
        ({**listed(INT), "uniqueItems": True}, listed(INT), "yes"),
        ({"type": "string", "format": "date"}, {"type": "string", "format": "date-time"}, "no"),
        ({"const": "2020-01-01"}, {"type": "string", "format": "date"}, "yes"),
        ({"const": "soon"}, {"type": "string", "format": "date"}, "no"),
        (STR, {"type": "string", "contentEncoding": "base64"}, "no"),
        (INT, {"allOf": [NUM, {"type": "integer"}]}, "yes"),
        (INT, {"allOf": [NUM, STR]}, "no"),
        ({"allOf": [INT, {"minimum": 3}]}, NUM, "yes"),
        ({"allOf": [INT, {"minimum": 3}]}, STR, "no"),
        (INT, {"oneOf": [INT, NUM]}, "unknown"),
        (INT, {"oneOf": [INT, STR]}, "yes"),
        (INT, {"not": STR}, "unknown"),
        ({"type": "string", "pattern": "^a"}, {"type": "string", "pattern": "^a"}, "yes"),
        (record(("a",), a=INT), union(record(("b",), b=INT), record(("c",), c=INT)), "no"),
        (True, INT, "unknown"),
        (INT, False, "no"),
        (False, INT, "yes"),
    ],
)
def test_more_of_what_fits_where(source: Any, target: Any, decision: str) -> None:
    assert is_subtype(source, target).decision == decision


def test_schemas_of_any_depth_and_size_are_answered() -> None:
    deep: Any = INT
    for _ in range(300):
        deep = listed(deep)
    assert is_subtype({"items": deep, **listed(deep)}, listed(listed(deep))).decision == "unknown"
    wide = union(*(record((f"f{n}",), **{f"f{n}": union(INT, STR)}) for n in range(60)))
    assert is_subtype(wide, union(*reversed(wide["anyOf"]))).fits


@pytest.mark.parametrize(
    ("value", "schema", "problem"),
    [
        ({"a": "x"}, record(("a",), a=INT), "`a`: 'x' is not int"),
        ({}, record(("a",), a=INT), "field `a` is missing"),
        ([1, "x"], listed(INT), "`[1]`: 'x' is not int"),
        (0.3, {"type": "number", "multipleOf": 0.1}, None),
        ("not a date", {"type": "string", "format": "date-time"}, "'not a date' is not datetime"),
        ("2020-02-30", {"type": "string", "format": "date"}, "'2020-02-30' is not date"),
        ("%%", {"type": "string", "contentEncoding": "base64"}, "'%%' is not bytes"),
        ("x", {"type": "string", "format": "of-somebody"}, None),
        (True, {"const": 1}, "True is not Literal[1]"),
        ([True], {"enum": [[1]]}, "[True] is not Literal[[1]]"),
        (float("inf"), INT, "inf is not int"),
        (1, {"type": "no-such-type"}, "1 is not anything"),
        (1, {"if": INT, "then": {"minimum": 2}}, "1 is less than 2"),
        ({"ab": 1}, {"patternProperties": {"^a": STR}}, "`ab`: 1 is not str"),
        ({"a": 1}, {"dependentRequired": {"a": ["b"]}}, "field `b` is missing beside `a`"),
        ({"a": 1}, {"propertyNames": {"maxLength": 0}}, "`a`: 1 characters, at most 0 are allowed"),
        ([1], {"contains": STR}, "0 items are str"),
    ],
)
def test_problems_of_values_are_told_in_words(value: Any, schema: Any, problem: str | None) -> None:
    assert problem_of(value, schema) == problem


def test_a_decoder_gives_back_what_fits_and_raises_for_the_rest() -> None:
    decode = decoder_of(SchemaRef(kind="named", name="Count"), {"Count": INT})
    assert decode is not None
    assert decode(3) == 3
    with pytest.raises(ValueError, match="'x' is not int"):
        decode("x")
    assert decoder_of(SchemaRef(), {}) is None


def test_a_decoder_fills_in_the_defaults_of_fields_left_out_at_any_depth() -> None:
    item = {**record((), tag={**STR, "default": "t"}), "required": []}
    order = record((), id=STR, items={**listed(item), "default": [{}]}, note={"default": None})
    order["required"] = ["id"]
    schema = {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/Order"}], "$defs": {"Order": order}}
    decode = decoder_of(SchemaRef(kind="inline", schema=schema), {})
    assert decode is not None
    given = {"id": "a"}
    assert decode(given) == {"id": "a", "items": [{"tag": "t"}], "note": None}
    assert given == {"id": "a"}
    assert decode({"id": "a", "items": [{"tag": "x"}, {}], "note": 1}) == {
        "id": "a",
        "items": [{"tag": "x"}, {"tag": "t"}],
        "note": 1,
    }
    assert decode(None) is None


@pytest.mark.parametrize(
    ("schema", "name"),
    [
        (listed(listed(listed(INT))), "list[list[list[int]]]"),
        ({"type": ["string", "null"]}, "str | None"),
        ({"type": "string", "format": "date-time"}, "datetime"),
        ({"type": "string", "contentEncoding": "base64"}, "bytes"),
        ({"$ref": "#/$defs/Order"}, "Order"),
        (record((), a=INT, b=record((), c=STR)), "{a: int, b: {c: str}}"),
        ({"type": "object", "additionalProperties": NUM}, "dict[str, float]"),
        ({**listed(STR), "uniqueItems": True}, "set[str]"),
        ({"const": None}, "None"),
        ({"enum": list(range(20))}, "Literal[0, 1, 2, 3, 4, 5, 6, 7, …]"),
        (False, "Never"),
        (True, "anything"),
    ],
)
def test_every_type_has_a_name(schema: Any, name: str) -> None:
    assert type_name(schema) == name
