"""The evaluator behind the interface: the official C++ implementation of CEL.

It is imported when the first expression is compiled, and only here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from latticeflow.expr import issues
from latticeflow.expr.issues import ExpressionError
from latticeflow.expr.types import (
    DYN,
    STRING,
    List,
    Map,
    Null,
    Record,
    String,
    Type,
    Union,
)

if TYPE_CHECKING:
    from cel_expr_python import cel

Signature = tuple[tuple[str, Type], ...]
"""The variables of a rewritten text, each with its erased type."""

MAX_ROUNDS = 9_999
"""How many rounds all macros of an expression may take together in one evaluation.

The evaluator fixes it; it is part of the profile, so every other evaluator must keep to it too.
"""

_UNBOUND = re.compile(r'No value with name "([^"]*)"')
_ERRORS = (
    ("divide by zero", issues.DIVISION_BY_ZERO, "division by zero"),
    ("modulus by zero", issues.DIVISION_BY_ZERO, "division by zero"),
    ("overflow", issues.OVERFLOW, "the result does not fit in 64 bits"),
    ("out of int64 range", issues.OVERFLOW, "the result does not fit in 64 bits"),
    ("Index error", issues.INDEX_RANGE, "the index is outside the list"),
    ("index out of range", issues.INDEX_RANGE, "the index is outside the text"),
    ("greater than <string>.size()", issues.INDEX_RANGE, "the index is outside the text"),
    ("<end> is less than", issues.INDEX_RANGE, "the end is before the start"),
    ("to Duration conversion", issues.BAD_CONVERSION, "the text is not a duration"),
    ("to Timestamp conversion", issues.BAD_CONVERSION, "the text is not a timestamp"),
    ("malformed UTF-8", issues.BAD_CONVERSION, "the bytes are not UTF-8"),
    ("conver", issues.BAD_CONVERSION, "the value can't be converted"),
    ("time zone", issues.BAD_CONVERSION, "the time zone is not known"),
    ("timezone", issues.BAD_CONVERSION, "the time zone is not known"),
    ("budget exceeded", issues.OVER_BUDGET, f"the macros take more than {MAX_ROUNDS} rounds"),
    ("No matching overloads", issues.WRONG_DYNAMIC_TYPE, "a value has the wrong type"),
    ("non-message type", issues.WRONG_DYNAMIC_TYPE, "a value has no fields"),
    ("must be", issues.WRONG_DYNAMIC_TYPE, "a value has the wrong type"),
)
_MISSING_KEY = re.compile(r"Key not found in map : (.*)")


def erase(type_: Type) -> Type:
    """Return what the evaluator knows of `type_`: records are maps, unions are untyped."""
    match type_:
        case List(item=item):
            return List(erase(item))
        case Map(value=value):
            return Map(erase(value))
        case Record():
            return Map(DYN)
        case String():
            return STRING
        case Union() | Null():
            return DYN
        case _:
            return type_


@lru_cache(maxsize=512)
def _environment(signature: Signature) -> cel.Env:
    from cel_expr_python import cel
    from cel_expr_python.ext import ext_math, ext_strings

    return cel.NewEnv(
        variables={name: _cel_type(cel.Type, type_) for name, type_ in signature},
        extensions=[ext_strings.ExtStrings(), ext_math.ExtMath()],
    )


def _cel_type(types: type[cel.Type], type_: Type) -> cel.Type:
    # Built from parts: the evaluator reads `list(map(string, dyn))` but can't bind a value to it.
    match type_:
        case List(item=item):
            return types.List(_cel_type(types, item))
        case Map(value=value):
            return types.Map(types.STRING, _cel_type(types, value))
        case _:
            found: cel.Type = getattr(types, type(type_).__name__.upper())
            return found


@lru_cache(maxsize=4096)
def prepare(text: str, signature: Signature) -> cel.Expression:
    """Compile the rewritten `text`.

    The own check has judged the types already, with records that the evaluator does not know, so
    its verdict stands where the two differ.

    Raises:
        ValueError: the evaluator can't parse the text; the message is its first line.
    """
    environment = _environment(signature)
    try:
        return environment.compile(text)
    except RuntimeError:
        try:
            return environment.compile(text, disable_check=True)
        except RuntimeError as error:
            first = str(error).splitlines()[0]
            raise ValueError(first.rsplit("ERROR: ", 1)[-1]) from error


def accepts(text: str, signature: Signature) -> bool:
    """Tell whether the evaluator's own type check accepts `text`."""
    try:
        _environment(signature).compile(text)
    except RuntimeError:
        return False
    return True


def run(expression: cel.Expression, data: Mapping[str, object]) -> tuple[object, str | None]:
    """Evaluate `expression`; return the value, or None and the evaluator's message."""
    try:
        value = expression.eval(data=dict(data))
    except RuntimeError as error:
        return None, str(error)
    found: Any = value.plain_value()
    if isinstance(found, str) and value.type().name() == "ERROR":
        return None, found
    return _plain(found), None


def unbound_name(message: str) -> str | None:
    """Return the variable that an error says has no value."""
    match = _UNBOUND.search(message)
    return match[1] if match else None


def as_error(message: str) -> ExpressionError:
    """Return our error for the evaluator's `message`."""
    missing = _MISSING_KEY.search(message)
    if missing is not None:
        return ExpressionError(issues.NO_SUCH_KEY, f"there is no key {missing[1]}")
    for part, code, text in _ERRORS:
        if part in message:
            return ExpressionError(code, text)
    return ExpressionError(issues.EVALUATION, message)


def _plain(value: object) -> object:
    """Return `value` as plain Python; keys are sorted, as the evaluator's order is random."""
    if isinstance(value, dict):
        return {key: _plain(value[key]) for key in sorted(value)}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return bytes(value) if isinstance(value, bytearray) else value
