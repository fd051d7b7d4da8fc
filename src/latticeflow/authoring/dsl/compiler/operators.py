"""Operators on which Python and the graph's expressions agree, and the refusal of all others."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import Any, get_args

from latticeflow.authoring.dsl.compiler import cel
from latticeflow.authoring.dsl.compiler.session import Frame
from latticeflow.authoring.dsl.compiler.types import (
    ANY,
    TypeForm,
    describe,
    is_data,
    is_optional,
    item_type,
    kind_of,
    kinds,
    list_of,
    members,
    union,
    without_none,
)
from latticeflow.authoring.dsl.compiler.values import (
    ADD,
    ATOM,
    FALSE,
    MULTIPLY,
    RELATION,
    UNARY,
    UNKNOWN,
    Cel,
    Const,
    Display,
    Unknown,
    Value,
)

_SYMBOLS: dict[type[ast.operator], str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*"}
_FOLDED: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}
_RELATIONS: dict[type[ast.cmpop], tuple[str, Callable[[Any, Any], Any]]] = {
    ast.Eq: ("==", operator.eq),
    ast.NotEq: ("!=", operator.ne),
    ast.Lt: ("<", operator.lt),
    ast.LtE: ("<=", operator.le),
    ast.Gt: (">", operator.gt),
    ast.GtE: (">=", operator.ge),
}
_NUMBERS = frozenset({"int", "float"})
_GROUPS = {"int": "number", "float": "number", "bool": "bool", "str": "str", "none": "none"}


def arithmetic(frame: Frame, node: ast.AST, left: Value, sign: ast.operator, right: Value) -> Value:
    """Compute `left sign right`."""
    if isinstance(left, Unknown) or isinstance(right, Unknown):
        return UNKNOWN
    folded = _fold(left, sign, right)
    if folded is not None:
        return folded
    symbol = _SYMBOLS.get(type(sign))
    if symbol is None:
        frame.report("FLOW014", node, expression=frame.text(node))
        return UNKNOWN
    return _agreed(frame, node, left, symbol, right)


def _agreed(frame: Frame, node: ast.AST, left: Value, symbol: str, right: Value) -> Value:
    level = MULTIPLY if symbol == "*" else ADD
    ours, theirs = kinds(left.type), kinds(right.type)
    if "any" in ours | theirs:
        joined = cel.infix(frame, left, symbol, right, ANY, level)
        return _may_fail(frame, joined)
    if ours | theirs <= _NUMBERS and len(ours) == len(theirs) == 1:
        if ours == theirs:
            return cel.infix(frame, left, symbol, right, left_plain(left), level)
        left, right = as_float(frame, left), as_float(frame, right)
        return cel.infix(frame, left, symbol, right, float, level)
    if symbol == "+" and ours == theirs == {"str"}:
        return cel.infix(frame, left, symbol, right, str, level)
    if symbol == "+" and ours == theirs == {"list"}:
        return _concatenated(frame, node, left, right)
    _refuse(frame, node, _why_not(left.type, right.type, f"`{symbol}`"))
    return UNKNOWN


def left_plain(value: Value) -> TypeForm:
    """Return the class of a number, where its type may be a literal."""
    return int if kinds(value.type) == {"int"} else float


def _concatenated(frame: Frame, node: ast.AST, left: Value, right: Value) -> Value:
    ours, theirs = item_type(left.type), item_type(right.type)
    empty = [side for side in (left, right) if isinstance(side, Const) and not side.value]
    form = union(item_type(side.type) for side in (left, right) if side not in empty)
    if not is_data(form):
        hint = "make the new list in a node"
        frame.report(
            "FLOW029",
            node,
            expression=frame.text(node),
            why=f"lists of {describe(union((ours, theirs)))} are joined in a node",
            hint=hint,
        )
        return UNKNOWN
    if kinds(form) >= _NUMBERS:
        _refuse(frame, node, "one list holds int, the other float")
        return UNKNOWN
    return cel.infix(frame, left, "+", right, list_of(form), ADD)


def negative(frame: Frame, node: ast.AST, value: Value) -> Value:
    """Compute `-value`."""
    if isinstance(value, Unknown):
        return UNKNOWN
    if isinstance(value, Const) and type(value.value) in (int, float):
        return Const(-value.value, value.type)
    found = kinds(value.type)
    if not (found <= _NUMBERS and len(found) == 1) and "any" not in found:
        _refuse(frame, node, f"`-` does not take {describe(value.type)}")
        return UNKNOWN
    fallible = cel.is_fallible(value) or "any" in found
    inner = cel.as_cel(frame, value)
    if inner is None:
        return UNKNOWN
    form = ANY if "any" in found else left_plain(value)
    parts = ("-", *cel.wrapped(inner, ATOM))
    return cel.made(frame, parts, form, UNARY, fallible=fallible)


def as_float(frame: Frame, value: Value) -> Value:
    """Return a number as float."""
    if kinds(value.type) != {"int"}:
        return value
    if isinstance(value, Const):
        return Const(float(value.value), float)
    return cel.call(frame, "double", [value], float)


def compare(frame: Frame, node: ast.AST, left: Value, sign: ast.cmpop, right: Value) -> Value:
    """Compute one comparison."""
    if isinstance(left, Unknown) or isinstance(right, Unknown):
        return UNKNOWN
    if isinstance(sign, ast.Is | ast.IsNot):
        return _is_none(frame, node, left, right, negated=isinstance(sign, ast.IsNot))
    if isinstance(sign, ast.In | ast.NotIn):
        return _contains(frame, node, left, right, negated=isinstance(sign, ast.NotIn))
    symbol, fold = _RELATIONS[type(sign)]
    equality = symbol in ("==", "!=")
    if isinstance(left, Const) and isinstance(right, Const) and _foldable(left, right, equality):
        return Const(fold(left.value, right.value), bool)
    if {"any"} & (kinds(left.type) | kinds(right.type)):
        joined = cel.infix(frame, left, symbol, right, bool, RELATION)
        return joined if equality else _may_fail(frame, joined)
    if equality:
        return _equality(frame, node, left, symbol, right)
    return _ordered(frame, node, left, symbol, right)


def _ordered(frame: Frame, node: ast.AST, left: Value, symbol: str, right: Value) -> Value:
    ours, theirs = kinds(left.type), kinds(right.type)
    if len(ours) == len(theirs) == 1:
        if ours == theirs and ours <= {"int", "float", "str"}:
            return cel.infix(frame, left, symbol, right, bool, RELATION)
        if ours | theirs == _NUMBERS:
            left, right = as_float(frame, left), as_float(frame, right)
            return cel.infix(frame, left, symbol, right, bool, RELATION)
    _refuse(frame, node, _why_not(left.type, right.type, f"`{symbol}`"))
    return UNKNOWN


def _equality(frame: Frame, node: ast.AST, left: Value, symbol: str, right: Value) -> Value:
    why = _why_unequal(left.type, right.type)
    if why is not None:
        _refuse(frame, node, why)
        return UNKNOWN
    ours, theirs = kinds(without_none(left.type)), kinds(without_none(right.type))
    if ours | theirs == _NUMBERS:
        if len(ours) > 1 or len(theirs) > 1 or is_optional(left.type) or is_optional(right.type):
            _refuse(frame, node, _why_not(left.type, right.type, f"`{symbol}`"))
            return UNKNOWN
        left, right = as_float(frame, left), as_float(frame, right)
    return cel.infix(frame, left, symbol, right, bool, RELATION)


def _why_unequal(left: TypeForm, right: TypeForm) -> str | None:
    """Say why two types cannot be compared for equality, None if they can."""
    if _enums(left) and _enums(left) == _enums(right):
        return None
    ours, theirs = without_none(left), without_none(right)
    groups = [{_GROUPS.get(kind, kind) for kind in kinds(form)} for form in (ours, theirs)]
    scalar = {"number", "bool", "str", "none"}
    if groups[0] <= scalar and groups[1] <= scalar:
        if {"none"} in groups:
            return None
        if not groups[0] & groups[1]:
            return f"{describe(left)} and {describe(right)} are never equal in a graph"
        if len(groups[0]) == len(groups[1]) == 1:
            return None
        if "bool" in groups[0] ^ groups[1]:
            return "in Python True equals 1, in a graph it does not"
        return None
    if is_data(left) and is_data(right) and ours == theirs and "float" not in str(ours):
        return None
    shown = describe(left) if not groups[0] <= scalar else describe(right)
    return f"how {shown} compares is known to Python only"


def _enums(form: TypeForm) -> set[object]:
    """Return the enumerations that `form` is made of, none if there is anything else in it."""
    found: set[object] = set()
    for member in members(without_none(form)):
        if kind_of(member) != "enum":
            return set()
        args = get_args(member)
        found.update(type(arg) for arg in args)
        if not args:
            found.add(member)
    return found


def _is_none(frame: Frame, node: ast.AST, left: Value, right: Value, *, negated: bool) -> Value:
    if isinstance(left, Const) and left.value is None:
        left, right = right, left
    if not (isinstance(right, Const) and right.value is None):
        frame.report(
            "FLOW008",
            node,
            what="`is` between values",
            hint="compare with `==`; `is` is for None",
        )
        return UNKNOWN
    if isinstance(left, Const):
        return Const((left.value is None) is not negated, bool)
    if isinstance(left, Display):
        return Const(negated, bool)
    symbol = "!=" if negated else "=="
    return cel.infix(frame, left, symbol, right, bool, RELATION)


def _contains(frame: Frame, node: ast.AST, left: Value, right: Value, *, negated: bool) -> Value:
    found = _contained(frame, node, left, right)
    if not negated or isinstance(found, Unknown):
        return found
    return negation(frame, found)


def negation(frame: Frame, value: Value) -> Value:
    """Compute `not value` of a boolean."""
    if isinstance(value, Unknown):
        return UNKNOWN
    if isinstance(value, Const):
        return Const(not value.value, bool)
    fallible = cel.is_fallible(value)
    inner = cel.as_cel(frame, value)
    if inner is None:
        return UNKNOWN
    return cel.made(frame, ("!", *cel.wrapped(inner, ATOM)), bool, UNARY, fallible=fallible)


def _contained(frame: Frame, node: ast.AST, left: Value, right: Value) -> Value:
    into = kinds(right.type)
    if isinstance(left, Const) and isinstance(right, Const) and isinstance(right.value, str | list):
        try:
            return Const(left.value in right.value, bool)
        except TypeError:
            pass
    if "any" in into:
        return _may_fail(frame, cel.infix(frame, left, "in", right, bool, RELATION))
    if into == {"str"} and kinds(left.type) == {"str"}:
        return cel.method(frame, right, "contains", [left], bool)
    if into == {"dict"} and kinds(left.type) == {"str"}:
        return cel.infix(frame, left, "in", right, bool, RELATION)
    if (len(into) == 1 and into <= {"list", "tuple"}) or _is_set_display(right):
        return _in_items(frame, node, left, right)
    _refuse(frame, node, f"`in` does not take {describe(right.type)} here")
    return UNKNOWN


def _is_set_display(value: Value) -> bool:
    return isinstance(value, Display | Const) and kinds(value.type) == {"set"}


def _in_items(frame: Frame, node: ast.AST, left: Value, right: Value) -> Value:
    if isinstance(right, Display | Const) and not (
        right.items if isinstance(right, Display) else right.value
    ):
        return FALSE
    items = item_type(right.type)
    why = None if "any" in kinds(items) else _why_unequal(left.type, items)
    numbers = kinds(without_none(left.type)) | kinds(without_none(items))
    if why is None and numbers >= _NUMBERS:
        why = "int and float are mixed"
    if why is not None:
        _refuse(frame, node, why)
        return UNKNOWN
    return cel.infix(frame, left, "in", right, bool, RELATION)


def _fold(left: Value, sign: ast.operator, right: Value) -> Value | None:
    if not (isinstance(left, Const) and isinstance(right, Const)):
        return None
    fold = _FOLDED.get(type(sign))
    scalars = (int, float, str)
    if fold is None or type(left.value) not in scalars or type(right.value) not in scalars:
        return None
    if isinstance(left.value, str) is not isinstance(right.value, str):
        return None
    if isinstance(left.value, str) and not isinstance(sign, ast.Add):
        return None
    try:
        value = fold(left.value, right.value)
    except ArithmeticError:
        return None
    return Const(value, type(value)) if cel.literal(value) is not None else None


def _foldable(left: Const, right: Const, equality: bool) -> bool:  # noqa: FBT001
    ours, theirs = type(left.value), type(right.value)
    numbers = (int, float)
    alike = ours is theirs or (ours in numbers and theirs in numbers)
    return alike and (equality or ours in (*numbers, str))


def _may_fail(frame: Frame, value: Value) -> Value:
    """Let a text over values of unknown type fail at its turn."""
    if isinstance(value, Cel):
        return cel.made(frame, value.parts, value.type, value.level, fallible=True)
    return value


def _why_not(left: TypeForm, right: TypeForm, symbol: str) -> str:
    for form in (left, right):
        if is_optional(form):
            return f"{describe(form)} may be None"
    if "bool" in kinds(left) | kinds(right):
        return "in Python True counts as 1, in a graph it does not"
    for form in (left, right):
        if kinds(form) >= _NUMBERS:
            return f"{describe(form)} may be either; give it one type in a node"
    return f"{symbol} does not take {describe(left)} and {describe(right)}"


def _refuse(frame: Frame, node: ast.AST, why: str) -> None:
    frame.report("FLOW029", node, expression=frame.text(node), why=why, hint="compute it in a node")
