"""The functions of the portable profile, with their types.

What CEL has beyond this differs from evaluator to evaluator, or from run to run, and is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from latticeflow.expr.types import (
    BOOL,
    BYTES,
    DOUBLE,
    DURATION,
    DYN,
    INT,
    STRING,
    TIMESTAMP,
    Dyn,
    List,
    Map,
    Record,
    String,
    Type,
    members_of,
    union,
)

Overload = tuple[tuple[Type, ...], Type]

LIST = List(DYN)
MAP = Map(DYN)


def _same(types: Sequence[Type], count: int, result: Type | None = None) -> tuple[Overload, ...]:
    return tuple(((type_,) * count, result or type_) for type_ in types)


FUNCTIONS: dict[str, tuple[Overload, ...]] = {
    "size": _same((STRING, BYTES, LIST, MAP), 1, INT),
    "int": _same((INT, DOUBLE, STRING, TIMESTAMP), 1, INT),
    "double": _same((DOUBLE, INT, STRING), 1, DOUBLE),
    "string": _same((STRING, INT, BOOL, BYTES, TIMESTAMP, DURATION), 1, STRING),
    "bool": _same((BOOL, STRING), 1, BOOL),
    "bytes": _same((BYTES, STRING), 1, BYTES),
    "timestamp": _same((TIMESTAMP, STRING, INT), 1, TIMESTAMP),
    "duration": _same((DURATION, STRING), 1, DURATION),
}
_NUMBERS = (INT, DOUBLE)
_SELECTIONS = (
    *_same(_NUMBERS, 2),
    *_same(_NUMBERS, 3),
    *_same(_NUMBERS, 4),
    *(((List(type_),), type_) for type_ in _NUMBERS),
)
NAMESPACES: dict[str, dict[str, tuple[Overload, ...]]] = {
    "math": {
        "greatest": _SELECTIONS,
        "least": _SELECTIONS,
        "abs": _same(_NUMBERS, 1),
        "ceil": _same((DOUBLE,), 1),
        "floor": _same((DOUBLE,), 1),
        "round": _same((DOUBLE,), 1),
        "trunc": _same((DOUBLE,), 1),
        "isNaN": _same((DOUBLE,), 1, BOOL),
        "isInf": _same((DOUBLE,), 1, BOOL),
        "isFinite": _same((DOUBLE,), 1, BOOL),
    }
}
_PARTS_OF_DAY: dict[str, tuple[Overload, ...]] = dict.fromkeys(
    (
        "getFullYear",
        "getMonth",
        "getDate",
        "getDayOfMonth",
        "getDayOfWeek",
        "getDayOfYear",
    ),
    (((TIMESTAMP, STRING), INT),),
)
_PARTS_OF_TIME: dict[str, tuple[Overload, ...]] = dict.fromkeys(
    ("getHours", "getMinutes", "getSeconds", "getMilliseconds"),
    (((TIMESTAMP, STRING), INT), ((DURATION,), INT)),
)
MEMBERS: dict[str, tuple[Overload, ...]] = {
    "size": FUNCTIONS["size"],
    "startsWith": (((STRING, STRING), BOOL),),
    "endsWith": (((STRING, STRING), BOOL),),
    "contains": (((STRING, STRING), BOOL),),
    "matches": (((STRING, STRING), BOOL),),
    "lowerAscii": (((STRING,), STRING),),
    "upperAscii": (((STRING,), STRING),),
    "trim": (((STRING,), STRING),),
    "charAt": (((STRING, INT), STRING),),
    "indexOf": (((STRING, STRING), INT), ((STRING, STRING, INT), INT)),
    "lastIndexOf": (((STRING, STRING), INT), ((STRING, STRING, INT), INT)),
    "substring": (((STRING, INT), STRING), ((STRING, INT, INT), STRING)),
    "replace": (((STRING, STRING, STRING), STRING), ((STRING, STRING, STRING, INT), STRING)),
    "split": (((STRING, STRING), List(STRING)), ((STRING, STRING, INT), List(STRING))),
    "join": (((List(STRING),), STRING), ((List(STRING), STRING), STRING)),
    **_PARTS_OF_DAY,
    **_PARTS_OF_TIME,
}
ZONED = frozenset(name for name in MEMBERS if name.startswith("get"))
"""Parts of a timestamp; what they are depends on the time zone."""
MACROS = frozenset({"all", "exists", "exists_one", "map", "filter"})
YIELDS_LIST = frozenset({"map", "filter"})

NOT_PORTABLE = {
    "dyn": "it switches the check off",
    "type": "types are no values here",
    "uint": "unsigned numbers are not part of it",
    "format": "hosts print numbers differently",
    "reverse": "hosts disagree about combined characters",
    "quote": "it is not part of every evaluator",
    "bind": "name the value in a step of its own",
    "sqrt": "hosts round differently",
    "sign": "compare with 0",
    "distinct": "it is not part of every evaluator",
    "flatten": "it is not part of every evaluator",
    "sort": "it is not part of every evaluator",
    "slice": "it is not part of every evaluator",
    "optional": "test with `has()`",
    "orValue": "test with `has()`",
    "hasValue": "test with `has()`",
    "getDayOfWeekISO": "it is not part of every evaluator",
}
"""Functions that CEL or its extensions have and the profile leaves out, with the reason."""

PYTHON_NAMES = {
    "len": "size",
    "str": "string",
    "float": "double",
    "startswith": "startsWith",
    "endswith": "endsWith",
    "lower": "lowerAscii",
    "upper": "upperAscii",
    "strip": "trim",
    "find": "indexOf",
    "min": "math.least",
    "max": "math.greatest",
    "abs": "math.abs",
    "round": "math.round",
    "any": "exists",
    "length": "size",
    "toLowerCase": "lowerAscii",
    "toUpperCase": "upperAscii",
    "includes": "contains",
}
"""What people write who come from Python or JavaScript."""


def accepts(param: Type, actual: Type) -> bool:
    """Tell whether a value of `actual` (not a union) fits `param`."""
    if isinstance(actual, Dyn) or isinstance(param, Dyn) or param == actual:
        return True
    if isinstance(param, String):
        return isinstance(actual, String)
    if isinstance(param, List) and isinstance(actual, List):
        return all(accepts(param.item, member) for member in members_of(actual.item))
    return isinstance(param, Map) and isinstance(actual, Map | Record)


def resolve(overloads: Sequence[Overload], args: Sequence[Type]) -> Type | None:
    """Return the type of a call with `args`, or None if some combination fits no overload."""
    results: list[Type] = []
    for combination in product(*(members_of(arg) for arg in args)):
        found = [
            result
            for params, result in overloads
            if len(params) == len(combination) and all(map(accepts, params, combination))
        ]
        if not found:
            return None
        results.append(found[0] if all(result == found[0] for result in found) else DYN)
    return union(results)
