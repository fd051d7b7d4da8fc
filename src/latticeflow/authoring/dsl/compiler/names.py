"""What a name means outside the flow: nodes, flows, types, constants. Looked up, never run."""

from __future__ import annotations

import ast
import builtins
import inspect
import math
from enum import Enum
from types import FunctionType, ModuleType
from typing import Final

from latticeflow.authoring.dsl.compiler.cel import INT_MAX, INT_MIN
from latticeflow.authoring.dsl.compiler.session import Frame, Thing, Unit
from latticeflow.authoring.dsl.compiler.types import ANY, set_of, tuple_of, union
from latticeflow.authoring.dsl.compiler.values import Const


class _Missing:
    """The type of `MISSING`."""

    def __repr__(self) -> str:
        return "missing"


MISSING: Final = _Missing()


def resolve(unit: Unit, node: ast.expr) -> Thing:
    """Return the object that a dotted name stands for outside the flow, or `MISSING`."""
    if isinstance(node, ast.Name):
        found = root_of(unit, node.id)
        unit.session.roots.append((unit, node.id, found))
        return found
    if isinstance(node, ast.Attribute):
        base = resolve(unit, node.value)
        # Only where reading a field runs nothing of the user's.
        if isinstance(base, ModuleType | type | FunctionType):
            return (
                inspect.getattr_static(base, node.attr, MISSING)
                if isinstance(base, type) and not isinstance(base, type(Enum))
                else _read(base, node.attr)
            )
    if isinstance(node, ast.Subscript):
        # `Window[Click](...)`: a generic type with arguments is called like the type.
        base = resolve(unit, node.value)
        return base if isinstance(base, type) else MISSING
    return MISSING


def root_of(unit: Unit, name: str) -> Thing:
    """Return what a plain name stands for outside the flow, or `MISSING`."""
    for scope in (unit.outside, unit.fn.__globals__, vars(builtins)):
        if name in scope:
            return scope[name]
    return MISSING


def _read(base: object, name: str) -> Thing:
    return getattr(base, name, MISSING)


def unwrap_static(found: object) -> object:
    """Return the function inside a `staticmethod` object."""
    return found.__func__ if isinstance(found, staticmethod) else found


def as_constant(found: object) -> Const | None:
    """Return an object from outside as a constant, None if it is none."""
    if isinstance(found, Enum):
        inner = as_constant(found.value)
        return None if inner is None else Const(inner.value, type(found))
    if found is None or type(found) in (bool, str):
        return Const(found, type(found))
    if type(found) is int and INT_MIN <= found <= INT_MAX:
        return Const(found, int)
    if type(found) is float and math.isfinite(found):
        return Const(found, float)
    if type(found) in (tuple, frozenset):
        return _group(found)
    return None


def _group(found: Thing) -> Const | None:
    items = [as_constant(item) for item in found]
    if any(item is None for item in items):
        return None
    known = [item for item in items if item is not None]
    values = [item.value for item in known]
    if isinstance(found, frozenset):
        form = union(item.type for item in known) if known else ANY
        try:
            return Const(sorted(values), set_of(form))
        except TypeError:
            return None
    return Const(values, tuple_of(item.type for item in known))


def describe_object(found: object) -> str:
    """Say what an object is, for a message."""
    if isinstance(found, ModuleType):
        return "a module"
    if isinstance(found, type):
        return "a class"
    if callable(found):
        return "a function"
    kind = type(found).__name__
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"


def visible_names(frame: Frame) -> set[str]:
    """Return the names that could have been meant."""
    names = set(frame.unit.fn.__globals__) | set(frame.unit.outside)
    inner: Frame | None = frame
    while inner is not None:
        names.update(name for name in inner.scope.slots if not name.startswith("%"))
        inner = inner.outer
    return {name for name in names if not name.startswith("__")}
