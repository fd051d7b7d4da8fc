"""EXPR: expressions. EXPR0xx at the check, EXPR1xx in a run."""

from __future__ import annotations

from latticeflow.diagnostics.codes import family, row

CODES = family(
    "expression",
    "expr",
    (
        row("EXPR001", "syntax", "An expression cannot be read.", "{why}"),
        row("EXPR002", "type", "An expression's parts have the wrong types.", "{why}"),
        row(
            "EXPR003",
            "unknown_name",
            "An expression uses a name that does not exist here.",
            "`{name}` is not known here{suggestion}",
        ),
        row(
            "EXPR004",
            "unknown_field",
            "An expression uses a field that its record does not have.",
            "`{type}` has no field `{field}`{suggestion}",
        ),
        row(
            "EXPR005",
            "not_portable",
            "An expression would not mean the same on every host.",
            "{why}",
        ),
        row(
            "EXPR006",
            "result_type",
            "An expression gives another type than is needed.",
            "this gives {given}, but {what} needs {wanted}",
        ),
        row("EXPR007", "too_costly", "An expression costs too much.", "{why}"),
        row(
            "EXPR008",
            "unknown_function",
            "An expression calls a function that does not exist.",
            "`{name}` is no function{suggestion}",
        ),
        row(
            "EXPR101",
            "overflow",
            "A whole number left 64 bits.",
            "{why}",
            status="runtime",
        ),
        row("EXPR102", "division_by_zero", "A division by zero.", "{why}", status="runtime"),
        row("EXPR103", "no_such_key", "A key that a map does not have.", "{why}", status="runtime"),
        row("EXPR104", "bad_index", "An index outside its list.", "{why}", status="runtime"),
        row("EXPR105", "conversion", "A value cannot be converted.", "{why}", status="runtime"),
        row("EXPR106", "failed", "An expression failed.", "{why}", status="runtime"),
        row(
            "EXPR107",
            "bad_binding",
            "A value given to an expression does not have its declared type.",
            "{why}",
            status="runtime",
        ),
    ),
)
