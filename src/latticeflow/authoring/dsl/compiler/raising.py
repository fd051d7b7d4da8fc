"""`raise`: a step that fails."""

from __future__ import annotations

import ast
from typing import TypeGuard

from latticeflow.authoring.dsl.compiler.graph import Step, typed_port
from latticeflow.authoring.dsl.compiler.names import resolve
from latticeflow.authoring.dsl.compiler.scope import RAISE, Exits
from latticeflow.authoring.dsl.compiler.session import Frame, Thing
from latticeflow.authoring.dsl.compiler.values import Const, Ref, Unknown, Value
from latticeflow.authoring.dsl.compiler.wiring import feeds_of, place
from latticeflow.authoring.dsl.errors import exception_name

HANDLED = "%error"
"""The variable that holds the error a handler handles, as a record."""


def raise_(frame: Frame, node: ast.Raise, _rest: list[ast.stmt]) -> tuple[Exits, bool]:
    """Compile `raise`."""
    if node.exc is None:
        return _again(frame, node)
    target = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
    if isinstance(target, ast.Name) and target.id in frame.errors:
        return _again(frame, node)
    kind = exception_class(frame, target)
    values: list[Value] = []
    good = kind is not None
    if isinstance(node.exc, ast.Call):
        for argument in node.exc.args:
            if isinstance(argument, ast.Starred):
                frame.report("FLOW016", argument, call=frame.text(node.exc))
                good = False
            else:
                values.append(frame.rules.expression(frame, argument))
        for keyword in node.exc.keywords:
            what = f"`{frame.text(keyword)}` of an exception"
            hint = "pass it by position"
            frame.report("FLOW008", keyword, what=what, hint=hint)
            frame.rules.expression(frame, keyword.value)
            good = False
    if not good or kind is None:
        return frozenset({RAISE}), False
    fail(frame, exception_name(kind), values, node)
    return frozenset({RAISE}), False


def fail(frame: Frame, name: str, values: list[Value], at: ast.AST) -> None:
    """Add a step that raises the exception class `name` with `values`."""
    feeds: dict[str, Ref | Const | list[Ref]] = {}
    for number, item in enumerate(feeds_of(frame, values, at)):
        if isinstance(item, Unknown):
            return
        feeds[str(number)] = item
    ports = {
        port: typed_port(item.type) for port, item in feeds.items() if not isinstance(item, list)
    }
    step = Step(
        alias="raise_1",
        identifier="std.fail",
        name="Fail",
        ports=ports,
        fields={"config": {"error": name}},
    )
    place(frame, step, feeds, at)


def _again(frame: Frame, node: ast.Raise) -> tuple[Exits, bool]:
    found = frame.lookup(HANDLED)
    if found is None or not isinstance(found[0], Ref):
        if not isinstance(found and found[0], Unknown):
            why = "there is no error to raise again here"
            frame.report("FLOW033", node, name="raise", why=why)
        return frozenset({RAISE}), False
    again(frame, found[0], node)
    return frozenset({RAISE}), False


def again(frame: Frame, error: Ref, at: ast.AST) -> None:
    """Add a step that raises an error that was caught."""
    step = Step(
        alias="raise_1",
        identifier="std.fail",
        name="Fail",
        ports={"error": typed_port(dict)},
        fields={"config": {"error": "builtins:BaseException", "again": True}},
    )
    place(frame, step, {"error": error}, at)


def exception_class(frame: Frame, node: ast.expr) -> type[BaseException] | None:
    """Return the exception class that `node` names; report it if there is none."""
    found = resolve(frame.unit, node)
    if _is_exception(found) and "<locals>" not in found.__qualname__:
        return found
    frame.report("FLOW041", node, expression=frame.text(node))
    return None


def _is_exception(found: Thing) -> TypeGuard[type[BaseException]]:
    return isinstance(found, type) and issubclass(found, BaseException)
