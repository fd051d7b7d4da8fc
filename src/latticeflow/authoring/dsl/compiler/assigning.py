"""Giving names values: assignment in all its forms."""

from __future__ import annotations

import ast
from typing import Any

from latticeflow.authoring.dsl.compiler.expressions import part
from latticeflow.authoring.dsl.compiler.operators import arithmetic
from latticeflow.authoring.dsl.compiler.session import Frame
from latticeflow.authoring.dsl.compiler.types import (
    ANY,
    TypeForm,
    describe,
    kinds,
    tuple_items,
)
from latticeflow.authoring.dsl.compiler.values import (
    UNKNOWN,
    Const,
    Display,
    Ref,
    Unknown,
    Value,
)
from latticeflow.authoring.dsl.compiler.wiring import settle


def assign(frame: Frame, node: ast.Assign) -> None:
    """Compile `a = b = value`."""
    value = frame.rules.expression(frame, node.value)
    settled = settle(frame, value, _hint(node.targets[0]), node)
    for target in node.targets:
        bind(frame, target, settled)


def annotated(frame: Frame, node: ast.AnnAssign) -> None:
    """Compile `name: type = value`."""
    if not isinstance(node.target, ast.Name):
        if node.value is not None:
            frame.rules.expression(frame, node.value)
        frame.report("FLOW006", node, what=f"{frame.text(node.target)} = ..")
        return
    form = _annotation(frame, node.annotation, node.target.id)
    frame.scope.declared[node.target.id] = form
    if node.value is None:
        return
    value = settle(frame, frame.rules.expression(frame, node.value), node.target.id, node)
    bind(frame, node.target, typed_as(value, form))


def typed_as(value: Value, form: TypeForm) -> Value:
    """Return `value` with its annotation, where that says more than the value itself."""
    if form is ANY or not kinds(value.type) & {"list", "dict", "any"}:
        return value
    if isinstance(value, Const):
        return Const(value.value, form)
    if isinstance(value, Ref):
        return Ref(value.alias, value.path, form, value.narrowed)
    return value


def _annotation(frame: Frame, node: ast.expr, name: str) -> TypeForm:
    unit = frame.unit
    names: dict[str, Any] = {**unit.fn.__globals__, **unit.outside}
    text = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None
    try:
        tree = ast.Expression(node) if text is None else ast.parse(text, mode="eval")
        return eval(compile(tree, "<annotation>", "eval"), names)  # noqa: S307  (as Python would)
    except Exception as error:  # noqa: BLE001  (an annotation may be any expression)
        frame.report("FLOW012", node, annotation=frame.text(node), name=name, why=str(error))
        return ANY


def augmented(frame: Frame, node: ast.AugAssign) -> None:
    """Compile `name += value`: a new value under the old name."""
    if not isinstance(node.target, ast.Name):
        frame.rules.expression(frame, node.value)
        frame.report("FLOW006", node, what=frame.text(node))
        return
    name = node.target.id
    read = ast.copy_location(ast.Name(name, ast.Load()), node.target)
    left = frame.rules.expression(frame, read)
    right = frame.rules.expression(frame, node.value)
    if isinstance(left, Unknown):
        frame.scope.bind(name, UNKNOWN)
        return
    if kinds(left.type) & {"list", "dict", "set"}:
        other = f"{name} = {name} + {frame.text(node.value)}"
        hint = f"make a new one: `{other}`"
        fix = frame.rewrite(node, other, "make a new list")
        frame.report("FLOW006", node, what=frame.text(node), hint=hint, fix=fix)
        frame.scope.bind(name, UNKNOWN)
        return
    value = arithmetic(frame, node, left, node.op, right)
    bind(frame, node.target, settle(frame, value, name, node))


def walrus(frame: Frame, node: ast.NamedExpr) -> Value:
    """Compile `(name := value)`."""
    value = settle(frame, frame.rules.expression(frame, node.value), node.target.id, node)
    bind(frame, node.target, value)
    return value


def bind(frame: Frame, target: ast.expr, value: Value) -> None:
    """Give the names of a target their values."""
    if isinstance(target, ast.Name):
        frame.note_bound(target.id)
        frame.scope.bind(target.id, value)
    elif isinstance(target, ast.Tuple | ast.List):
        _unpack(frame, target, value)
    elif isinstance(target, ast.Starred):
        frame.report("FLOW005", target, what=f"`{frame.text(target)}` in an assignment")
        bind(frame, target.value, UNKNOWN)
    else:
        frame.report("FLOW006", target, what=f"{frame.text(target)} = ..")


def _unpack(frame: Frame, target: ast.Tuple | ast.List, value: Value) -> None:
    parts = _parts(frame, target, value)
    for element, item in zip(target.elts, parts, strict=True):
        bind(frame, element, settle(frame, item, _hint(element), target))


def _parts(frame: Frame, target: ast.Tuple | ast.List, value: Value) -> list[Value]:
    count = len(target.elts)
    unknown: list[Value] = [UNKNOWN] * count
    if isinstance(value, Unknown) or any(isinstance(e, ast.Starred) for e in target.elts):
        return unknown
    if isinstance(value, Display) and len(value.items) == count:
        return list(value.items)
    if isinstance(value, Const) and isinstance(value.value, list) and len(value.value) == count:
        return [Const(item, type(item)) for item in value.value]
    items = tuple_items(value.type)
    if items is not None and len(items) == count:
        return [
            part(frame, value, str(number), form, target, fallible=False)
            for number, form in enumerate(items)
        ]
    if "any" in kinds(value.type):
        return [
            part(frame, value, str(number), ANY, target, fallible=True) for number in range(count)
        ]
    why = f"{describe(value.type)} does not always have {count} items"
    frame.report("FLOW029", target, expression=frame.text(target), why=why, hint="unpack a tuple")
    return unknown


def _hint(target: ast.expr) -> str:
    return target.id if isinstance(target, ast.Name) else "value"
