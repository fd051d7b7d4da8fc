"""Arguments that must be known before the run: durations, counts, exception classes."""

from __future__ import annotations

import ast
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from latticeflow.authoring.dsl.compiler.conditions import rehearsal
from latticeflow.authoring.dsl.compiler.names import MISSING, as_constant, resolve
from latticeflow.authoring.dsl.compiler.raising import exception_class
from latticeflow.authoring.dsl.compiler.session import Frame, Thing
from latticeflow.authoring.dsl.compiler.values import Const
from latticeflow.diagnostics import UsageError

T = TypeVar("T")


def known_before(frame: Frame, node: ast.expr) -> Thing:
    """Return the object that an argument is, `MISSING` if that is only known in a run."""
    if isinstance(node, ast.Tuple | ast.List):
        items = [known_before(frame, element) for element in node.elts]
        return MISSING if MISSING in items else tuple(items)
    found = MISSING if _is_local(frame, node) else resolve(frame.unit, node)
    if found is not MISSING:
        return found
    if isinstance(node, ast.Call) and resolve(frame.unit, node.func) is timedelta:
        return _timedelta(frame, node)
    with rehearsal(frame):
        value = frame.rules.expression(frame, node)
    return value.value if isinstance(value, Const) else MISSING


def _is_local(frame: Frame, node: ast.expr) -> bool:
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return isinstance(node, ast.Name) and frame.lookup(node.id) is not None


def _timedelta(frame: Frame, node: ast.Call) -> Thing:
    args = [known_before(frame, arg) for arg in node.args]
    named = {k.arg: known_before(frame, k.value) for k in node.keywords if k.arg is not None}
    if MISSING in args or MISSING in named.values():
        return MISSING
    try:
        return timedelta(*args, **named)
    except (TypeError, OverflowError):
        return MISSING


def call_now(
    frame: Frame, node: ast.Call, make: Callable[..., T], *, exceptions: tuple[str, ...] = ()
) -> T | None:
    """Call one of our own words with arguments known before the run; None after a mistake.

    Args:
        frame: Where the call stands.
        node: The call.
        make: What is called; it checks its arguments.
        exceptions: The parameters that take exception classes.
    """
    name = frame.text(node.func)
    args = [_argument(frame, name, argument, is_exception=False) for argument in node.args]
    named: dict[str, Thing] = {}
    for keyword in node.keywords:
        if keyword.arg is None:
            frame.report("FLOW016", keyword, call=frame.text(node))
            return None
        is_exception = keyword.arg in exceptions
        named[keyword.arg] = _argument(frame, name, keyword.value, is_exception=is_exception)
    if MISSING in args or MISSING in named.values():
        return None
    try:
        return make(*args, **named)
    except UsageError as error:
        location = frame.unit.source.file.location(node)
        for found in error.diagnostics:
            frame.place_issue(found, location)
    except TypeError as error:
        why = str(error).removeprefix(f"{getattr(make, '__name__', '')}() ")
        frame.report("FLOW022", node, name=name, why=why)
    return None


def _argument(frame: Frame, name: str, node: ast.expr, *, is_exception: bool) -> Thing:
    if is_exception:
        parts = node.elts if isinstance(node, ast.Tuple) else [node]
        kinds = [exception_class(frame, part) for part in parts]
        if None in kinds:
            return MISSING
        return tuple(kinds) if isinstance(node, ast.Tuple) else kinds[0]
    found = known_before(frame, node)
    if found is MISSING:
        why = "it must be known before the run"
        hint = "use a constant"
        frame.report("FLOW025", node, option=frame.text(node), name=name, why=why, hint=hint)
    return found


def constants_of(frame: Frame, node: ast.expr) -> list[Const] | None:
    """Return the items of something to unroll, None if they are not constants."""
    found = known_before(frame, node)
    if isinstance(node, ast.Call) and resolve(frame.unit, node.func) is range:
        bounds = [known_before(frame, argument) for argument in node.args]
        if all(type(bound) is int for bound in bounds) and 1 <= len(bounds) <= 3:
            found = list(range(*bounds))
    if isinstance(found, dict):
        found = list(found)
    if not isinstance(found, list | tuple | range):
        return None
    items = [as_constant(tuple(item) if isinstance(item, list) else item) for item in found]
    return [item for item in items if item is not None] if None not in items else None
