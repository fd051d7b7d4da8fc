"""What a call or an `await` stands for: a node, a flow, a surface, or something to refuse."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Container
from typing import Any

from latticeflow.authoring.dsl.compensation import saga
from latticeflow.authoring.dsl.compiler.calls import (
    call_extreme,
    call_flow,
    call_len,
    call_method,
    call_node,
    look_at_arguments,
    refuse_call,
)
from latticeflow.authoring.dsl.compiler.expressions import caught_error, message_of
from latticeflow.authoring.dsl.compiler.names import (
    MISSING,
    as_constant,
    resolve,
    unwrap_static,
    visible_names,
)
from latticeflow.authoring.dsl.compiler.ordering import join_orders
from latticeflow.authoring.dsl.compiler.session import Frame, Thing
from latticeflow.authoring.dsl.compiler.types import tuple_of
from latticeflow.authoring.dsl.compiler.values import UNKNOWN, Display, Unknown, Value
from latticeflow.authoring.dsl.compiler.waiting import AWAITED
from latticeflow.authoring.dsl.compiler.wiring import settle, type_of
from latticeflow.authoring.dsl.components import is_data_type
from latticeflow.authoring.dsl.concurrency import parallel
from latticeflow.authoring.dsl.iteration import each, static, up_to
from latticeflow.authoring.dsl.options import flow_options, node_options
from latticeflow.authoring.dsl.scopes import rate_limit, retry, timeout
from latticeflow.authoring.dsl.streams import join, session, sliding, tumbling, window
from latticeflow.authoring.dsl.waiting import sleep
from latticeflow.diagnostics import did_you_mean

_LOOPS = "it is what a `for` or a comprehension goes over"
_SCOPES = "it is a scope: `with ...:`"
_MISPLACED: dict[object, str] = {
    each: _LOOPS,
    up_to: _LOOPS,
    static: _LOOPS,
    window: _LOOPS,
    join: _LOOPS,
    zip: _LOOPS,
    retry: _SCOPES,
    timeout: _SCOPES,
    rate_limit: _SCOPES,
    saga: "it is a scope: `async with saga() as s:`",
    tumbling: "it is the second argument of window(...)",
    sliding: "it is the second argument of window(...)",
    session: "it is the second argument of window(...)",
}
_STANDARD: dict[tuple[str, str], object] = {
    ("asyncio.tasks", "gather"): parallel,
    ("asyncio.tasks", "sleep"): sleep,
    ("asyncio.timeouts", "timeout"): timeout,
}


def is_one_of(found: object, things: Container[Any]) -> bool:
    """Tell whether `found` is one of `things`; what cannot be hashed is not."""
    try:
        return found in things
    except TypeError:
        return False


def known_as(found: Thing) -> Thing:
    """Return our word for one of asyncio's own; it is not imported for that."""
    module, name = getattr(found, "__module__", None), getattr(found, "__qualname__", None)
    if not (isinstance(module, str) and isinstance(name, str)):
        return found
    return _STANDARD.get((module, name), found)


def await_(frame: Frame, node: ast.Await) -> Value:
    """Compile `await call(...)`."""
    if isinstance(node.value, ast.Call):
        return invoke(frame, node.value, awaited=True)
    value = frame.rules.expression(frame, node.value)
    if type_of(value) is not None:
        shown = frame.text(node.value)
        hint = "await the call itself"
        frame.report("FLOW024", node, name=shown, hint=hint)
    return UNKNOWN


def call(frame: Frame, node: ast.Call) -> Value:
    """Compile `call(...)`."""
    return invoke(frame, node, awaited=False)


def invoke(frame: Frame, node: ast.Call, *, awaited: bool) -> Value:
    """Compile a call; `awaited` tells whether an `await` stands before it."""
    found = _callee(frame, node)
    if found is MISSING:
        return _of_value(frame, node)
    if is_one_of(found, _COMPUTED):
        return _COMPUTED[found](frame, node)
    if found is parallel:
        return _parallel(frame, node, awaited=awaited)
    if is_one_of(found, AWAITED):
        return AWAITED[found](frame, node, awaited=awaited)
    if is_one_of(found, _MISPLACED):
        frame.report("FLOW033", node, name=frame.text(node.func), why=_MISPLACED[found])
        return UNKNOWN
    if node_options(found) is not None or is_data_type(found):
        return call_node(frame, node, found, awaited=awaited)
    if flow_options(found) is not None:
        return call_flow(frame, node, found, awaited=awaited)
    return _refused(frame, node, found)


def _callee(frame: Frame, node: ast.Call) -> Thing:
    root = node.func
    while isinstance(root, ast.Attribute | ast.Subscript):
        root = root.value
    if isinstance(root, ast.Name) and frame.lookup(root.id) is not None:
        return MISSING
    return known_as(unwrap_static(resolve(frame.unit, node.func)))


def _of_value(frame: Frame, node: ast.Call) -> Value:
    """Compile a call of something that is no name from outside: a method, or a mistake."""
    if isinstance(node.func, ast.Attribute):
        base = resolve(frame.unit, node.func.value)
        local = isinstance(node.func.value, ast.Name) and frame.lookup(node.func.value.id)
        if base is MISSING or local or as_constant(base) is not None:
            return call_method(frame, node)
        attribute = node.func.attr
        if hasattr(base, attribute):
            return refuse_call(frame, node, "is not a node")
        shown, suggestion = frame.text(node.func), did_you_mean(attribute, dir(base))
        frame.report("FLOW018", node.func, name=shown, suggestion=suggestion)
    elif isinstance(node.func, ast.Name) and frame.lookup(node.func.id) is None:
        suggestion = did_you_mean(node.func.id, visible_names(frame))
        frame.report("FLOW018", node.func, name=node.func.id, suggestion=suggestion)
    else:
        refuse_call(frame, node, "is a value, not a node")
    look_at_arguments(frame, node)
    return UNKNOWN


def _refused(frame: Frame, node: ast.Call, found: object) -> Value:
    is_builtin = any(found is known for known in vars(builtins).values())
    if not is_builtin:
        look_at_arguments(frame, node)
    if isinstance(found, type) and issubclass(found, BaseException):
        return refuse_call(
            frame, node, "is an exception", hint="raise it, or build it inside a node"
        )
    module = getattr(found, "__module__", None)
    foreign = module != frame.unit.fn.__module__
    if is_builtin or foreign or isinstance(found, type):
        return refuse_call(frame, node, "is not a node", hint="call it inside a node")
    return refuse_call(frame, node, "is not a node")


_COMPUTED: dict[Any, Callable[[Frame, ast.Call], Value]] = {
    len: call_len,
    min: lambda frame, node: call_extreme(frame, node, largest=False),
    max: lambda frame, node: call_extreme(frame, node, largest=True),
}


def _text_of(frame: Frame, node: ast.Call) -> Value:
    """Compile `str(error)`; other values are made text in a node."""
    error = caught_error(frame, node.args[0]) if len(node.args) == 1 else None
    if error is not None and not node.keywords:
        return message_of(error)
    look_at_arguments(frame, node)
    hint = "write an f-string of str and int, or call it inside a node"
    return refuse_call(frame, node, "is not a node", hint=hint)


_COMPUTED[str] = _text_of


def _parallel(frame: Frame, node: ast.Call, *, awaited: bool) -> Value:
    """Compile `await parallel(a(), b())`: the calls do not wait for each other."""
    short = frame.text(node.func)
    if not awaited:
        frame.report("FLOW023", node, name=short)
    for keyword in node.keywords:
        why = f"it has no parameter `{keyword.arg}` in a flow"
        frame.report("FLOW022", keyword, name=short, why=why)
    graph = frame.graph
    before, orders = graph.order, []
    items: list[Value] = []
    for argument in node.args:
        graph.order = before.copy()
        if isinstance(argument, ast.Starred):
            frame.report("FLOW016", argument, call=short)
            items.append(UNKNOWN)
        elif isinstance(argument, ast.Call):
            value = invoke(frame, argument, awaited=True)
            items.append(settle(frame, value, "value", argument))
        else:
            frame.rules.expression(frame, argument)
            why = "its arguments are calls of async nodes and flows"
            frame.report("FLOW033", argument, name=short, why=why)
            items.append(UNKNOWN)
        orders.append(graph.order)
    graph.order = join_orders(orders) if orders else before
    if any(isinstance(item, Unknown) for item in items):
        return UNKNOWN
    keys = tuple(str(number) for number in range(len(items)))
    return Display("tuple", keys, tuple(items), tuple_of(item.type for item in items))
