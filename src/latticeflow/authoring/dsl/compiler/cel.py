"""Writing expressions: constants, parentheses, and values as text with holes."""

from __future__ import annotations

import json
import math

from latticeflow.authoring.dsl.compiler.session import Frame
from latticeflow.authoring.dsl.compiler.types import TypeForm
from latticeflow.authoring.dsl.compiler.values import (
    ADD,
    ATOM,
    TERNARY,
    UNARY,
    UNKNOWN,
    Cel,
    Const,
    Display,
    Pending,
    Ref,
    Unknown,
    Value,
)
from latticeflow.flow.model import Json

INT_MIN, INT_MAX = -(2**63), 2**63 - 1


def literal(value: Json) -> str | None:
    """Return a JSON value as an expression, None if it has no such form."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value) if INT_MIN <= value <= INT_MAX else None
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else None
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, list):
        items = [literal(item) for item in value]
        return None if None in items else f"[{', '.join(item for item in items if item)}]"
    return None


def is_fallible(value: Value) -> bool:
    """Tell whether computing `value` may fail and has no step yet."""
    return isinstance(value, Pending) and value.settled is None


def as_cel(frame: Frame, value: Value) -> Cel | None:
    """Return `value` as text, None for one that has no such form or was a mistake.

    A value that may fail is taken over: the expression it enters may fail instead.
    """
    if isinstance(value, Pending):
        if value.settled is not None:
            value = value.settled
        else:
            frame.pending = [other for other in frame.pending if other is not value]
            value = value.value
    if isinstance(value, Cel):
        return value
    if isinstance(value, Ref):
        return Cel((value,), value.type)
    if isinstance(value, Const):
        text = literal(value.value)
        level = UNARY if text is not None and text.startswith("-") else ATOM
        return None if text is None else Cel((text,), value.type, level)
    if isinstance(value, Display) and value.kind != "record":
        return _list(frame, value)
    return None


def _list(frame: Frame, value: Display) -> Cel | None:
    parts: list[str | Ref] = ["["]
    for number, item in enumerate(value.items):
        inner = as_cel(frame, item)
        if inner is None:
            return None
        if number:
            parts.append(", ")
        parts.extend(inner.parts)
    parts.append("]")
    return Cel(tuple(parts), value.type)


def wrapped(value: Cel, level: int) -> tuple[str | Ref, ...]:
    """Return the parts of `value`, in parentheses if it binds less strongly than `level`."""
    return value.parts if value.level >= level else ("(", *value.parts, ")")


def made(
    frame: Frame,
    parts: tuple[str | Ref, ...],
    form: TypeForm,
    level: int,
    *,
    fallible: bool = False,
) -> Value:
    """Return the value of a text; one that may fail gets its turn in the program."""
    value = Cel(parts, form, level)
    if not fallible:
        return value
    pending = Pending(value)
    frame.pending.append(pending)
    return pending


def call(
    frame: Frame, name: str, values: list[Value], form: TypeForm, *, fallible: bool = False
) -> Value:
    """Return `name(values)`."""
    fallible = fallible or any(is_fallible(value) for value in values)
    parts: list[str | Ref] = [name, "("]
    for number, value in enumerate(values):
        inner = as_cel(frame, value)
        if inner is None:
            return UNKNOWN
        if number:
            parts.append(", ")
        parts.extend(inner.parts)
    return made(frame, (*parts, ")"), form, ATOM, fallible=fallible)


def method(frame: Frame, target: Value, name: str, values: list[Value], form: TypeForm) -> Value:
    """Return `target.name(values)`."""
    fallible = is_fallible(target) or any(is_fallible(value) for value in values)
    on = as_cel(frame, target)
    inner = [as_cel(frame, value) for value in values]
    if on is None or None in inner:
        return UNKNOWN
    arguments: list[str | Ref] = []
    for number, value in enumerate(inner):
        if value is not None:
            arguments.extend([", "] if number else [])
            arguments.extend(value.parts)
    parts = (*wrapped(on, ATOM), f".{name}(", *arguments, ")")
    return made(frame, parts, form, ATOM, fallible=fallible)


def infix(  # noqa: PLR0917  (it reads like the text it makes)
    frame: Frame, left: Value, operator: str, right: Value, form: TypeForm, level: int
) -> Value:
    """Return `left operator right`; all our operators bind to the left, comparisons not at all."""
    fallible = is_fallible(left) or is_fallible(right)
    ours, theirs = as_cel(frame, left), as_cel(frame, right)
    if ours is None or theirs is None:
        return UNKNOWN
    tight = level if level >= ADD else level + 1
    parts = (*wrapped(ours, tight), f" {operator} ", *wrapped(theirs, level + 1))
    return made(frame, parts, form, level, fallible=fallible)


def choice(frame: Frame, condition: Value, then: Value, otherwise: Value, form: TypeForm) -> Value:
    """Return `condition ? then : otherwise`."""
    fallible = any(is_fallible(value) for value in (condition, then, otherwise))
    found = [as_cel(frame, value) for value in (condition, then, otherwise)]
    if any(part is None for part in found):
        return UNKNOWN
    a, b, c = (part for part in found if part is not None)
    parts = (
        *wrapped(a, TERNARY + 1),
        " ? ",
        *wrapped(b, TERNARY + 1),
        " : ",
        *wrapped(c, TERNARY + 1),
    )
    return made(frame, parts, form, TERNARY, fallible=fallible)


def known(value: Value) -> bool:
    """Tell whether `value` is no mistake."""
    return not isinstance(value, Unknown)
