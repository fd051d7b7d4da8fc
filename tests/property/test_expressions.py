"""Generated expressions: what the check accepts has a value of the type it said, or a coded error.

The evaluator's own type check must accept them too: ours is stricter, never laxer.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from latticeflow.expr import (
    BOOL,
    DOUBLE,
    DURATION,
    INT,
    STRING,
    TIMESTAMP,
    ExpressionError,
    List,
    Map,
    Program,
    Type,
    compile_expression,
    evaluator,
    misfit,
    optional,
    record,
)
from latticeflow.expr.program import fits

ITEM = record({"name": STRING, "n": INT, "at": TIMESTAMP, "maybe": optional(INT)}, "Item")
VARIABLES: dict[str, Type] = {
    "b": BOOL,
    "i": INT,
    "d": DOUBLE,
    "s": STRING,
    "t": TIMESTAMP,
    "u": DURATION,
    "xs": List(INT),
    "ss": List(STRING),
    "m": Map(INT),
    "item": ITEM,
    "items": List(ITEM),
    "o": optional(INT),
}
ITEMS = st.fixed_dictionaries(
    {
        "name": st.text(max_size=3),
        "n": st.integers(-5, 5),
        "at": st.just(datetime(2024, 1, 1, tzinfo=UTC)),
        "maybe": st.none() | st.integers(0, 3),
    }
)
BINDINGS = st.fixed_dictionaries(
    {
        "b": st.booleans(),
        "i": st.integers(-(2**63), 2**63 - 1) | st.integers(-3, 3),
        "d": st.floats(allow_nan=False),
        "s": st.text(max_size=4),
        "t": st.just(datetime(2024, 5, 1, 12, tzinfo=UTC)),
        "u": st.just(timedelta(minutes=5)),
        "xs": st.lists(st.integers(-9, 9), max_size=4),
        "ss": st.lists(st.text(max_size=2), max_size=3),
        "m": st.dictionaries(st.text(max_size=2), st.integers(0, 9), max_size=3),
        "item": ITEMS,
        "items": st.lists(ITEMS, max_size=3),
        "o": st.none() | st.integers(0, 3),
    }
)


def joined(template: str, *parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(*parts).map(lambda texts: template.format(*texts))


def expressions(depth: int) -> dict[str, st.SearchStrategy[str]]:
    """Return strategies of expressions by type, mostly right and sometimes wrong."""
    if depth == 0:
        return {
            "bool": st.sampled_from(["b", "true", "false", "has(m.k)", "o == null"]),
            "int": st.sampled_from(["i", "1", "-2", "item.n", "items[0].n", "m.k", "o", "size(s)"]),
            "double": st.sampled_from(["d", "1.5", "-0.0", "double(i)"]),
            "string": st.sampled_from(["s", "'a'", "item.name", "ss[1]", "string(i)"]),
            "time": st.sampled_from(["t", "item.at", "timestamp(0)", "t + u"]),
            "ints": st.sampled_from(["xs", "[1, 2]", "items.map(x, x.n)"]),
        }
    inner = expressions(depth - 1)
    boolean, whole, fraction = inner["bool"], inner["int"], inner["double"]
    text, time, ints = inner["string"], inner["time"], inner["ints"]
    comparison = st.sampled_from(["<", "<=", ">", ">=", "==", "!="])
    either = st.one_of(*inner.values())
    return {
        "bool": st.one_of(
            boolean,
            joined("({} {} {})", whole, comparison, whole),
            joined("({} {} {})", fraction, comparison, fraction),
            joined("({} {} {})", text, comparison, text),
            joined("({} {} {})", time, comparison, time),
            joined("({} && {})", boolean, boolean),
            joined("({} || {})", boolean, boolean),
            joined("!{}", boolean),
            joined("({} in {})", whole, ints),
            joined("{}.contains({})", text, text),
            joined("{}.exists(x, x > {})", ints, whole),
            joined("items.all(x, x.n > {} || {})", whole, boolean),
            joined("items.exists(x, x.maybe != null && x.maybe > {})", whole),
            joined("items.exists(x, x.at < {})", time),
            joined("(o != null && o > {})", whole),
            joined("({} == {})", either, either),
        ),
        "int": st.one_of(
            whole,
            joined("({} + {})", whole, whole),
            joined("({} * {})", whole, whole),
            joined("({} / {})", whole, whole),
            joined("({} % {})", whole, whole),
            joined("({} ? {} : {})", boolean, whole, whole),
            joined("size({})", text),
            joined("{}[{}]", ints, whole),
            joined("int({})", fraction),
            joined("{}.getHours('UTC')", time),
            joined("math.greatest({}, {})", whole, whole),
        ),
        "double": st.one_of(
            fraction,
            joined("({} + {})", fraction, fraction),
            joined("({} / {})", fraction, fraction),
            joined("double({})", whole),
            joined("({} ? {} : {})", boolean, fraction, fraction),
        ),
        "string": st.one_of(
            text,
            joined("({} + {})", text, text),
            joined("string({})", whole),
            joined("{}.upperAscii()", text),
            joined("({} ? {} : {})", boolean, text, text),
            joined("items.filter(x, x.name == {})[0].name", text),
        ),
        "time": st.one_of(
            time, joined("({} + u)", time), joined("({} ? {} : {})", boolean, time, time)
        ),
        "ints": st.one_of(
            ints,
            joined("{}.filter(x, x > {})", ints, whole),
            joined("{}.map(x, x + {})", ints, whole),
            joined("({} + {})", ints, ints),
        ),
    }


ANY = st.one_of(*expressions(3).values())


@given(text=ANY, bindings=BINDINGS)
@settings(max_examples=600, deadline=None)
def test_an_accepted_expression_has_a_value_of_its_type(
    text: str, bindings: dict[str, Any]
) -> None:
    program = compile_expression(text, VARIABLES)
    if not isinstance(program, Program):
        assert all(issue.code.startswith("EXPR0") for issue in program)
        return
    try:
        value = program.evaluate(bindings)
    except ExpressionError as error:
        if error.code not in {"EXPR101", "EXPR102", "EXPR103", "EXPR104", "EXPR105"}:
            raise
        return
    assert misfit(value, program.type) is None, (value, program.type)


@given(text=ANY)
@settings(max_examples=600, deadline=None)
def test_what_is_accepted_the_evaluator_accepts_too(text: str) -> None:
    program = compile_expression(text, VARIABLES)
    if isinstance(program, Program) and program.path is None:
        rewritten, signature = program.prepared_text()
        assert evaluator.accepts(rewritten, signature), rewritten


@given(text=st.text(alphabet="abi1. ()[]{}'\"+-*/%<>=!&|?:,\\\n", max_size=30))
@settings(max_examples=600, deadline=None)
def test_any_text_is_compiled_or_refused(text: str) -> None:
    found = compile_expression(text, VARIABLES)
    if isinstance(found, Program):
        return
    for issue in found:
        assert 0 <= issue.offset <= issue.end <= max(len(text), issue.offset)


@given(text=ANY)
@settings(max_examples=300, deadline=None)
def test_the_expected_type_is_one_that_fits(text: str) -> None:
    program = compile_expression(text, VARIABLES)
    if isinstance(program, Program):
        assert fits(program.type, program.type)
        assert isinstance(compile_expression(text, VARIABLES, expected=program.type), Program)
