"""The types of operators."""

from __future__ import annotations

from itertools import product

from latticeflow.expr.functions import Overload, resolve
from latticeflow.expr.types import (
    BOOL,
    BYTES,
    DOUBLE,
    DURATION,
    INT,
    STRING,
    TIMESTAMP,
    Double,
    Dyn,
    Int,
    List,
    Map,
    Record,
    String,
    Type,
    members_of,
    union,
)

_ARITHMETIC: tuple[Overload, ...] = (((INT, INT), INT), ((DOUBLE, DOUBLE), DOUBLE))
_OPERATORS: dict[str, tuple[Overload, ...]] = {
    "+": (
        *_ARITHMETIC,
        ((STRING, STRING), STRING),
        ((BYTES, BYTES), BYTES),
        ((TIMESTAMP, DURATION), TIMESTAMP),
        ((DURATION, TIMESTAMP), TIMESTAMP),
        ((DURATION, DURATION), DURATION),
    ),
    "-": (
        *_ARITHMETIC,
        ((TIMESTAMP, TIMESTAMP), DURATION),
        ((TIMESTAMP, DURATION), TIMESTAMP),
        ((DURATION, DURATION), DURATION),
    ),
    "*": _ARITHMETIC,
    "/": _ARITHMETIC,
    "%": (((INT, INT), INT),),
}
_ORDERED = tuple(
    ((type_, type_), BOOL) for type_ in (INT, DOUBLE, STRING, BYTES, BOOL, TIMESTAMP, DURATION)
)


def comparable(left: Type, right: Type) -> bool:
    """Tell whether a value of `left` can equal one of `right`."""
    return any(_equal_kinds(a, b) for a, b in product(members_of(left), members_of(right)))


def _equal_kinds(a: Type, b: Type) -> bool:
    if isinstance(a, Dyn) or isinstance(b, Dyn):
        return True
    if isinstance(a, List) and isinstance(b, List):
        return comparable(a.item, b.item)
    if isinstance(a, Map | Record) and isinstance(b, Map | Record):
        return True
    return type(a) is type(b)


def mixes_numbers(left: Type, right: Type) -> bool:
    """Tell whether one side may be a whole number where the other may be a fraction."""
    pairs = product(members_of(left), members_of(right))
    return any({type(a), type(b)} == {Int, Double} for a, b in pairs)


def never_equal_choices(left: Type, right: Type) -> bool:
    """Tell whether both are texts from closed choices that share none."""
    return (
        isinstance(left, String)
        and isinstance(right, String)
        and bool(left.choices)
        and bool(right.choices)
        and not set(left.choices) & set(right.choices)
    )


def binary_type(op: str, left: Type, right: Type) -> Type | None:
    """Return the type of `left op right` for arithmetic and order, or None if there is none."""
    if op in ("<", "<=", ">", ">="):
        return resolve(_ORDERED, (left, right))
    if op == "+" and isinstance(left, List) and isinstance(right, List):
        joined = comparable(left.item, right.item) and not mixes_numbers(left.item, right.item)
        return List(union((left.item, right.item))) if joined else None
    if op == "+" and isinstance(left, List) and isinstance(right, Dyn):
        return left
    if op == "+" and isinstance(right, List) and isinstance(left, Dyn):
        return right
    return resolve(_OPERATORS[op], (left, right))
