"""EXPR: expressions. EXPR0xx at the check, EXPR1xx in a run."""

from __future__ import annotations

from latticeflow.diagnostics.codes import Row, family, row


def _checked(code: str, name: str, summary: str) -> Row:
    return row(code, name, summary, "{message}")


def _run(code: str, name: str, summary: str) -> Row:
    return row(code, name, summary, "{message}", status="runtime", owner="engine")


CODES = family(
    "expression",
    "expr",
    (
        _checked("EXPR001", "syntax", "An expression cannot be read."),
        _checked("EXPR002", "unknown_name", "An expression uses a name that is not known there."),
        _checked("EXPR003", "unknown_field", "An expression uses a field its record has not."),
        _checked("EXPR004", "wrong_type", "An expression's parts have types that do not fit."),
        _checked("EXPR005", "mixed_numbers", "Whole numbers and fractions are mixed silently."),
        _checked("EXPR006", "not_portable", "An expression means different things on hosts."),
        _checked("EXPR007", "unknown_function", "An expression calls a function that is not."),
        _checked("EXPR008", "may_be_null", "A value that may be null is used as if it were not."),
        _checked("EXPR009", "wrong_result", "An expression gives another type than is needed."),
        _checked("EXPR010", "too_large", "An expression is too long, too deep or too costly."),
        _checked("EXPR011", "bad_literal", "A literal has no value."),
        _checked("EXPR012", "unordered_map", "A list is made from a map, whose order is none."),
        _checked("EXPR013", "bad_template", "A text with `${{ }}` cannot be read."),
        _checked("EXPR014", "no_time_zone", "A part of a time is taken without a time zone."),
        _run("EXPR101", "overflow", "A whole number left 64 bits."),
        _run("EXPR102", "no_such_key", "A key that a map does not have."),
        _run("EXPR103", "division_by_zero", "A division by zero."),
        _run("EXPR104", "index_range", "An index outside its list."),
        _run("EXPR105", "bad_conversion", "A value that cannot be converted."),
        _run("EXPR106", "bad_binding", "A value that has not its declared type."),
        _run("EXPR107", "over_budget", "An expression cost more than it may."),
        _run("EXPR108", "wrong_dynamic_type", "A value whose type was not known did not fit."),
        _run("EXPR109", "evaluation", "An expression failed."),
    ),
)
