"""Expressions: their types, check, and evaluation. The only home of CEL."""

from latticeflow.expr.binding import misfit
from latticeflow.expr.issues import ExpressionError, ExpressionIssue
from latticeflow.expr.paths import Mention, find_paths
from latticeflow.expr.program import Program, compile_expression, fits
from latticeflow.expr.schema import from_json_schema, to_json_schema
from latticeflow.expr.template import (
    Hole,
    Template,
    Text,
    compile_template,
    format_value,
    has_expression,
    parse_template,
)
from latticeflow.expr.types import (
    BOOL,
    BYTES,
    DOUBLE,
    DURATION,
    DYN,
    INT,
    NULL,
    STRING,
    TIMESTAMP,
    Field,
    List,
    Map,
    Record,
    Type,
    describe,
    optional,
    record,
    union,
)

__all__ = [
    "BOOL",
    "BYTES",
    "DOUBLE",
    "DURATION",
    "DYN",
    "INT",
    "NULL",
    "STRING",
    "TIMESTAMP",
    "ExpressionError",
    "ExpressionIssue",
    "Field",
    "Hole",
    "List",
    "Map",
    "Mention",
    "Program",
    "Record",
    "Template",
    "Text",
    "Type",
    "compile_expression",
    "compile_template",
    "describe",
    "find_paths",
    "fits",
    "format_value",
    "from_json_schema",
    "has_expression",
    "misfit",
    "optional",
    "parse_template",
    "record",
    "to_json_schema",
    "union",
]
