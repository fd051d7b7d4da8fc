"""Calls of nodes, flows and data types: one step each."""

from __future__ import annotations

import ast
import inspect
import typing
from collections.abc import Callable, Sequence
from types import FunctionType
from typing import Any

import msgspec

from latticeflow.authoring.dsl.compiler import cel
from latticeflow.authoring.dsl.compiler.arguments import (
    Argument,
    match,
    parameters_of,
    return_type,
)
from latticeflow.authoring.dsl.compiler.graph import Step
from latticeflow.authoring.dsl.compiler.names import MISSING, resolve
from latticeflow.authoring.dsl.compiler.session import Compiled, Frame, Thing
from latticeflow.authoring.dsl.compiler.source import plain_function
from latticeflow.authoring.dsl.compiler.types import ANY, TypeForm, describe, kinds, union
from latticeflow.authoring.dsl.compiler.values import (
    RELATION,
    UNKNOWN,
    Const,
    Display,
    Ref,
    Unknown,
    Value,
)
from latticeflow.authoring.dsl.compiler.wiring import feed, feeds_of, place, type_of
from latticeflow.authoring.dsl.components import component_of
from latticeflow.authoring.dsl.options import NO_FALLBACK, NodeOptions, node_options
from latticeflow.diagnostics import CheckError, Edit, Fix, Range
from latticeflow.flow.component import Component
from latticeflow.flow.model import OPAQUE

_MUTATORS = frozenset(
    (
        *("append", "extend", "insert", "remove", "pop", "clear", "sort", "reverse"),
        *("update", "setdefault", "popitem", "add", "discard", "appendleft", "popleft"),
    )
)


class Callee(msgspec.Struct, frozen=True):
    """A component as a flow calls it."""

    parameters: Sequence[inspect.Parameter]
    component: Component
    hints: dict[str, TypeForm]
    options: NodeOptions
    is_async: bool
    is_stream: bool


def call_node(frame: Frame, node: ast.Call, thing: Thing, *, awaited: bool) -> Value:
    """Call a node function, or build a value of a data type."""
    callee = callee_of(frame, thing)
    if callee is None:
        look_at_arguments(frame, node)
        return UNKNOWN
    spec = callee.component.spec
    short = frame.text(node.func)
    arguments = match(frame, node, short, callee.parameters, spec.capabilities)
    good = True
    if callee.is_async != awaited and not callee.is_stream:
        awaiting(frame, node, short, is_async=callee.is_async)
        good = False
    if callee.is_stream and awaited:
        awaiting(frame, node, short, is_async=False)
        good = False
    if arguments is None or not good:
        return Unknown(_result(callee, thing, ())) if arguments is None else UNKNOWN
    values = [argument.value for argument in arguments]
    found = feeds_of(frame, values, node)
    feeds: dict[str, Ref | Const | list[Ref]] = {}
    for argument, item in zip(arguments, found, strict=True):
        if isinstance(item, Unknown):
            return Unknown(_result(callee, thing, ()))
        feeds[argument.port] = item
    step = step_of(frame, callee, alias=spec.name if spec.name.isidentifier() else thing.__name__)
    alias = place(frame, step, feeds, node)
    return Ref(alias, (), _result(callee, thing, arguments))


def _result(callee: Callee, thing: Thing, arguments: list[Argument] | tuple[()]) -> TypeForm:
    if isinstance(thing, type):
        return thing
    declared = callee.hints.get("return", ANY)
    return return_type(declared, callee.hints, list(arguments))


def callee_of(frame: Frame, thing: Thing) -> Callee | None:
    """Return what a node or data type declares; None after its mistakes were reported."""
    session = frame.unit.session
    known = session.callees.get(thing)
    if isinstance(known, Callee):
        return known
    try:
        component = component_of(thing)
    except CheckError as error:
        known = {(issue.code, issue.message) for issue in session.issues}
        session.issues.extend(d for d in error.diagnostics if (d.code, d.message) not in known)
        return None
    session.catalog[component.spec.identifier] = component
    fn = plain_function(thing) if not isinstance(thing, type) else None
    hints = _hints(fn) if fn is not None else {}
    callee = session.callees[thing] = Callee(
        parameters=parameters_of(thing),
        component=component,
        hints=hints,
        options=node_options(thing) or NodeOptions(),
        is_async=component.is_async,
        is_stream=fn is not None and inspect.isasyncgenfunction(fn),
    )
    return callee


def _hints(fn: FunctionType) -> dict[str, TypeForm]:
    try:
        return typing.get_type_hints(fn, include_extras=True)
    except Exception:  # noqa: BLE001  (reported by component_of)
        return {}


def step_of(frame: Frame, callee: Callee, *, alias: str) -> Step:
    """Return the step that calls a component."""
    spec = callee.component.spec
    effects, determinism = frame.unit.session.judge(callee.component)
    fields: dict[str, Any] = {
        "summary": spec.summary,
        "idempotency": spec.idempotency,
        "config": {} if spec.sink is None else {"sink": spec.sink},
        "effect_hints": list(spec.effect_hints),
        "determinism_hints": list(spec.determinism_hints),
        "retry": spec.retry,
        "timeout_ms": spec.timeout_ms,
        "compensate": spec.compensate,
        "code_digest": spec.code_digest,
        "on_error": callee.options.on_error,
    }
    if callee.options.fallback is not NO_FALLBACK:
        fields["fallback"] = msgspec.to_builtins(callee.options.fallback)
    if spec.compensate is not None and callee.options.compensate is not None:
        undo = component_of(callee.options.compensate)
        frame.unit.session.catalog[undo.spec.identifier] = undo
    return Step(
        alias=alias,
        identifier=spec.identifier,
        name=spec.name,
        effects=effects,
        determinism=determinism,
        ports=dict(spec.inputs),
        output=spec.output,
        fields=fields,
    )


def call_flow(frame: Frame, node: ast.Call, thing: Thing, *, awaited: bool) -> Value:
    """Call another flow: its graph becomes the body of one step."""
    fn = plain_function(thing)
    if fn is None:
        return UNKNOWN
    short = frame.text(node.func)
    arguments = match(frame, node, short, parameters_of(fn), {})
    is_stream = inspect.isasyncgenfunction(fn)
    is_async = inspect.iscoroutinefunction(fn)
    if not is_stream and is_async != awaited:
        awaiting(frame, node, short, is_async=is_async)
        return UNKNOWN
    session = frame.unit.session
    if fn in session.stack:
        names = [inner.__name__ for inner in session.stack[session.stack.index(fn) :]]
        path = " → ".join([*names, fn.__name__])
        frame.report("FLOW051", node, flow=fn.__name__, path=path)
        return UNKNOWN
    compiled = frame.rules.flow(session, fn)
    if compiled is None or arguments is None:
        return UNKNOWN
    return place_flow(frame, node, compiled, arguments, alias=fn.__name__)


def place_flow(
    frame: Frame, node: ast.AST, compiled: Compiled, arguments: list[Argument], *, alias: str
) -> Value:
    """Add the step whose body is a compiled flow."""
    found = feeds_of(frame, [argument.value for argument in arguments], node)
    feeds: dict[str, Ref | Const | list[Ref]] = {}
    for argument, item in zip(arguments, found, strict=True):
        if isinstance(item, Unknown):
            return Unknown(compiled.result)
        feeds[argument.port] = item
    flow = compiled.flow
    step = Step(
        alias=alias,
        identifier=compiled.identifier,
        name=flow.name,
        effects=compiled.effects,
        determinism=compiled.determinism,
        kind="subflow",
        ports=flow.inputs,
        output=OPAQUE if flow.output is None else flow.output.schema,
        fields={"subflow_ir": flow, "summary": flow.summary},
    )
    name = place(frame, step, feeds, node)
    frame.graph.embed(name, compiled.spans)
    return Ref(name, (), compiled.result)


def awaiting(frame: Frame, node: ast.Call, name: str, *, is_async: bool) -> None:
    """Report an `await` that is missing or too much."""
    if not is_async:
        frame.report("FLOW024", node, name=name)
        return
    file = frame.unit.source.file
    start = file.range(node).start
    at = Range(start, start)
    fix = Fix("await it", (Edit(file.label, at, "await "),))
    frame.report("FLOW023", node, name=name, fix=fix)


def look_at_arguments(frame: Frame, node: ast.Call) -> None:
    """Compile the arguments of a refused call for the mistakes in them.

    What they name outside the flow is no mistake of its own there.
    """
    for argument in (*node.args, *(keyword.value for keyword in node.keywords)):
        inner = argument.value if isinstance(argument, ast.Starred) else argument
        local = isinstance(inner, ast.Name) and frame.lookup(inner.id) is not None
        if local or resolve(frame.unit, inner) is MISSING:
            frame.rules.expression(frame, inner)


def refuse_call(frame: Frame, node: ast.Call, what: str, *, hint: str | None = None) -> Value:
    """Report that something is called that does no work in a graph."""
    frame.report("FLOW009", node, name=frame.text(node.func), what=what, hint=hint)
    return UNKNOWN


# -- what Python computes and a graph can too -----------------------------------------------------


def call_method(frame: Frame, node: ast.Call) -> Value:
    """Call a method of a value: only tests of text are taken."""
    assert isinstance(node.func, ast.Attribute)  # noqa: S101  (the dispatcher has looked)
    method = node.func.attr
    target = frame.rules.expression(frame, node.func.value)
    if isinstance(target, Unknown):
        look_at_arguments(frame, node)
        return UNKNOWN
    if method in ("startswith", "endswith") and kinds(target.type) <= {"str", "any"}:
        return _text_test(frame, node, target, method)
    look_at_arguments(frame, node)
    if method in _MUTATORS:
        frame.report("FLOW006", node, what=f"{frame.text(node.func)}(..)")
        return UNKNOWN
    if method in ("startswith", "endswith"):
        why = f"`{method}` does not take {describe(target.type)}"
        frame.report("FLOW029", node, expression=frame.text(node), why=why)
        return UNKNOWN
    frame.report(
        "FLOW009",
        node,
        name=f".{method}()",
        what="is a method, and only nodes do work",
        hint="call it inside a node",
    )
    return UNKNOWN


def _text_test(frame: Frame, node: ast.Call, target: Value, method: str) -> Value:
    if len(node.args) != 1 or node.keywords:
        return refuse_call(frame, node, "takes one text in a flow", hint="test each text with `or`")
    argument = frame.rules.expression(frame, node.args[0])
    if isinstance(argument, Unknown):
        return UNKNOWN
    if not kinds(argument.type) <= {"str", "any"}:
        return refuse_call(frame, node, "takes one text in a flow", hint="test each text with `or`")
    if isinstance(target, Const) and isinstance(argument, Const):
        return Const(getattr(target.value, method)(argument.value), bool)
    name = "startsWith" if method == "startswith" else "endsWith"
    return cel.method(frame, target, name, [argument], bool)


def call_len(frame: Frame, node: ast.Call) -> Value:
    """Compile `len(value)`."""
    if len(node.args) != 1 or node.keywords:
        return refuse_call(frame, node, "takes one value")
    value = frame.rules.expression(frame, node.args[0])
    if isinstance(value, Unknown):
        return UNKNOWN
    if isinstance(value, Const) and isinstance(value.value, str | list | dict):
        return Const(len(value.value), int)
    if isinstance(value, Display):
        return Const(len(value.items), int)
    found = kinds(value.type)
    if not found <= {"str", "list", "dict", "tuple", "any"}:
        why = f"`len` does not take {describe(value.type)}"
        frame.report("FLOW029", node, expression=frame.text(node), why=why)
        return UNKNOWN
    return cel.call(frame, "size", [value], int, fallible="any" in found)


def call_extreme(frame: Frame, node: ast.Call, *, largest: bool) -> Value:
    """Compile `min(a, b)`, `max(a, b)`: the first of the smallest or largest, as in Python."""
    name = "max" if largest else "min"
    if len(node.args) < 2 or node.keywords:
        what = f"of one list cannot be part of a flow; `{name}(a, b)` can"
        return refuse_call(frame, node, what, hint="compute it in a node")
    values = [
        frame.rules.expression(frame, arg.value if isinstance(arg, ast.Starred) else arg)
        for arg in node.args
    ]
    if any(isinstance(value, Unknown) for value in values):
        return UNKNOWN
    found = [kinds(value.type) for value in values]
    alike = all(kind == found[0] for kind in found) and len(found[0]) == 1
    if not alike or not found[0] <= {"int", "float", "str"}:
        shown = ", ".join(describe(type_of(value)) for value in values)
        why = f"`{name}` does not take {shown} together"
        frame.report("FLOW029", node, expression=frame.text(node), why=why)
        return UNKNOWN
    if all(isinstance(value, Const) for value in values):
        pick: Callable[[list[Any]], Any] = max if largest else min
        best = pick([value.value for value in values if isinstance(value, Const)])
        return Const(best, type(best))
    form = union(value.type for value in values)
    result = feed(frame, values[0], name, node)
    for number, value in enumerate(values[1:]):
        other = feed(frame, value, name, node)
        test = cel.infix(frame, other, ">" if largest else "<", result, bool, RELATION)
        chosen = cel.choice(frame, test, other, result, form)
        if number == len(values) - 2:
            return chosen
        result = feed(frame, chosen, name, node)
    return UNKNOWN
