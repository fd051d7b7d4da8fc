"""`${{ }}` in text."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latticeflow.expr import (
    DOUBLE,
    DYN,
    INT,
    STRING,
    ExpressionError,
    Hole,
    List,
    Template,
    Text,
    compile_template,
    format_value,
    optional,
    parse_template,
)

VARIABLES = {"n": INT, "s": STRING, "xs": List(INT), "maybe": optional(STRING), "d": DOUBLE}


def template(text: str) -> Template:
    found = compile_template(text, {**VARIABLES, "any": DYN})
    assert isinstance(found, Template), found
    return found


def test_splits_text_and_expressions_with_offsets() -> None:
    text = "a ${{ n }} b${{s}}"
    assert parse_template(text) == (
        Text("a ", 0, 2),
        Hole("n", 2, 10, 6),
        Text(" b", 10, 12),
        Hole("s", 12, 18, 15),
    )


def test_an_escaped_opening_is_text() -> None:
    assert parse_template("$${{ n }} $x $$") == (Text("${{ n }} $x $$", 0, 15),)
    assert template("$${{${{ n }}").evaluate({"n": 1}) == "${{1"


def test_braces_inside_an_expression_do_not_close_it() -> None:
    assert template("${{ {'a': {'b': n}}.a.b }}").evaluate({"n": 3}) == 3
    assert template("<${{ '}}' + s }}>").evaluate({"s": "x"}) == "<}}x>"


def test_a_lone_expression_keeps_its_type() -> None:
    assert template("${{ xs }}").type == List(INT)
    assert template("${{ n }}").evaluate({"n": 2}) == 2
    assert template(" ${{ n }}").type == STRING
    assert template(" ${{ n }}").evaluate({"n": 2}) == " 2"
    assert template("plain").evaluate({}) == "plain"
    assert template("").evaluate({}) == ""


@pytest.mark.parametrize(
    ("text", "code", "offset"),
    [
        ("a ${{ n ", "EXPR013", 2),
        ("${{ }}", "EXPR013", 0),
        ("ab ${{ nope }}", "EXPR002", 7),
        ("${{ n + }}", "EXPR001", 7),
        ("x ${{ maybe }}", "EXPR008", 6),
    ],
)
def test_what_is_wrong_is_found_at_its_place(text: str, code: str, offset: int) -> None:
    found = compile_template(text, VARIABLES)
    assert not isinstance(found, Template)
    assert [(issue.code, issue.offset) for issue in found] == [(code, offset)]


def test_null_in_an_untyped_value_has_no_text() -> None:
    with pytest.raises(ExpressionError, match="is null"):
        template("x ${{ any.a }}").evaluate({"any": {"a": None}})


def test_references_of_all_parts() -> None:
    assert template("${{ n }} ${{ s }} ${{ n }}").references == (("n",), ("s",))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (12, "12"),
        (1.0, "1"),
        (-0.0, "0"),
        (0.1, "0.1"),
        (123456789.125, "123456789.125"),
        (1e21, "1e+21"),
        (1e20, "100000000000000000000"),
        (1e-7, "1e-7"),
        (0.000001, "0.000001"),
        (1.5e-9, "1.5e-9"),
        (2.5e300, "2.5e+300"),
        (float("nan"), "NaN"),
        (float("-inf"), "-Infinity"),
        ([1, "a", None], '[1,"a",null]'),
        ({"b": 1, "a": "é"}, '{"a":"é","b":1}'),
        (datetime(2024, 5, 1, 12, tzinfo=UTC), "2024-05-01T12:00:00Z"),
        (timedelta(seconds=-0.5), "-0.5s"),
        (b"ab", "YWI="),
    ],
)
def test_values_as_text(value: object, text: str) -> None:
    assert format_value(value) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_fraction_reads_back_from_its_text(value: float) -> None:
    assert float(format_value(value)) == value


@given(st.text(alphabet="ab$ {}'\"\\n"))
def test_any_text_is_split_or_refused(text: str) -> None:
    found = parse_template(text)
    if isinstance(found, tuple):
        assert all(isinstance(piece, Text | Hole) for piece in found)
        for piece in found:
            if isinstance(piece, Hole):
                assert text[piece.offset :].startswith(piece.expression)


@given(st.text())
def test_text_with_every_opening_escaped_is_itself(text: str) -> None:
    found = template(text.replace("${{", "$${{"))
    assert found.evaluate({}) == text


def test_json_text_of_lists_is_json() -> None:
    assert json.loads(str(format_value([{"a": [1.5, None]}]))) == [{"a": [1.5, None]}]
