"""The reference page of expressions, from the tables of the profile."""

from __future__ import annotations

from collections.abc import Iterable

from latticeflow.expr.evaluator import MAX_ROUNDS
from latticeflow.expr.functions import FUNCTIONS, MEMBERS, NAMESPACES, NOT_PORTABLE, Overload
from latticeflow.expr.macro_checks import MAX_NESTED_MACROS
from latticeflow.expr.parser import MAX_DEPTH, MAX_TEXT
from latticeflow.expr.types import describe

_HEAD = f"""\
# Expressions

Expressions are [CEL](https://cel.dev), in a profile that means the same on every host. Each is
parsed and type-checked before anything runs: names, fields of records, arguments, and whether a
value may be null.

## What differs from plain CEL

- Fields of records are checked. A value that may be null must be tested first:
  `order.coupon != null && order.coupon.startsWith("VIP")`.
- Whole numbers and fractions do not mix: write `2.0`, or convert with `double(…)` and `int(…)`.
  Whole numbers have 64 bits; leaving them is an error, not a wrap.
- `map` and `filter` over a map are refused, as their order is not defined; `all`, `exists` and
  `exists_one` are fine.
- The parts of a timestamp need a time zone: `at.getHours("UTC")`.
- The pattern of `matches` is a constant, without what regular expressions disagree about.
- A name with a hyphen goes in brackets or backquotes: `steps["fetch-data"]`.
- There are no unsigned numbers, no `dyn`, no `type`, and maps have text keys.

An expression has at most {MAX_TEXT} characters and nests at most {MAX_DEPTH} deep; its macros nest
at most {MAX_NESTED_MACROS} deep and take at most {MAX_ROUNDS} rounds in one evaluation.

## In text

`${{{{ }}}}` in a text stands for the value of an expression. A text that is one expression and
nothing else keeps the type of its value. Otherwise numbers are written in their shortest form (as
JavaScript does), times as RFC 3339, lists and maps as JSON; null has no text. `$${{{{` stands for
`${{{{` itself.
"""

_OPERATORS = """\
`? :`, `||`, `&&`, `!`, `==`, `!=`, `<`, `<=`, `>`, `>=`, `in`, `+`, `-`, `*`, `/`, `%`, `[ ]`,
`.`. Division of whole numbers drops the fraction.
"""
_MACROS = """\
`has(a.b)`, `list.all(x, …)`, `list.exists(x, …)`, `list.exists_one(x, …)`, `list.map(x, …)`,
`list.map(x, condition, …)`, `list.filter(x, …)`.
"""


def expression_reference() -> str:
    """Return the page as Markdown."""
    left_out = ((f"`{name}`", why) for name, why in sorted(NOT_PORTABLE.items()))
    parts = [
        _HEAD,
        "## Operators",
        _OPERATORS,
        "## Macros",
        _MACROS,
        "## Functions",
        _table(_functions()),
        "## Methods",
        _table(_methods()),
        "## Left out",
        _table(left_out),
    ]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _functions() -> Iterable[tuple[str, str]]:
    for name, overloads in FUNCTIONS.items():
        yield f"`{name}`", _signatures(name, overloads, 0)
    for space, functions in NAMESPACES.items():
        for name, overloads in functions.items():
            yield f"`{space}.{name}`", _signatures(name, overloads, 0)


def _methods() -> Iterable[tuple[str, str]]:
    for name, overloads in MEMBERS.items():
        yield f"`{name}`", _signatures(name, overloads, 1)


def _signatures(name: str, overloads: Iterable[Overload], skip: int) -> str:
    shown = []
    for params, result in overloads:
        owner = f"{describe(params[0])}.{name}" if skip else ""
        args = ", ".join(map(describe, params[skip:]))
        shown.append(f"`{owner}({args})` → {describe(result)}")
    return "<br>".join(shown)


def _table(rows: Iterable[tuple[str, str]]) -> str:
    return "\n".join(("| | |", "|---|---|", *(f"| {left} | {right} |" for left, right in rows)))
