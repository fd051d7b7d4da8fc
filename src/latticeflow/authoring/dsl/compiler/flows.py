"""One flow function, from its source to a graph that can stand inside another."""

from __future__ import annotations

import ast
import inspect
import typing
from types import FunctionType
from typing import Any

from latticeflow.authoring.dsl.compiler.graph import INPUT, Graph, finish, pointer
from latticeflow.authoring.dsl.compiler.schemas import schema_of
from latticeflow.authoring.dsl.compiler.scope import (
    FALL,
    RAISE,
    RESULT,
    RETURN,
    RETURNED,
    Exits,
    Scope,
    Slot,
)
from latticeflow.authoring.dsl.compiler.session import Compiled, Frame, Rules, Session, Unit
from latticeflow.authoring.dsl.compiler.source import FunctionNode, find_function
from latticeflow.authoring.dsl.compiler.statements import still_here
from latticeflow.authoring.dsl.compiler.types import ANY, TypeForm, item_type, plain
from latticeflow.authoring.dsl.compiler.values import (
    NULL,
    TRUE,
    UNKNOWN,
    Const,
    Ref,
    Unknown,
    Value,
)
from latticeflow.authoring.dsl.compiler.wiring import carry, feed, flush
from latticeflow.authoring.dsl.components import component_of
from latticeflow.authoring.dsl.options import FlowOptions, flow_options
from latticeflow.diagnostics import CheckError, Diagnostic, report
from latticeflow.flow.lattice import join_determinism, join_effects
from latticeflow.flow.model import Flow, Json, Output, Port
from latticeflow.runs import UnencodableValueError, to_json


def compile_function(session: Session, fn: FunctionType, rules: Rules) -> Compiled | None:
    """Compile a flow function once a session; None after its mistakes were reported."""
    if fn in session.compiled:
        return session.compiled[fn]
    session.stack.append(fn)
    # Its findings are kept apart: what calls it may be compiled more than once.
    around, session.issues = session.issues, []
    try:
        unit = _unit(session, fn)
        found = None if unit is None else _compile(unit, rules)
    finally:
        session.stack.pop()
        own, session.issues = session.issues, around
    session.kept.extend(own)
    session.compiled[fn] = None if any(issue.is_error for issue in own) else found
    return session.compiled[fn]


def _unit(session: Session, fn: FunctionType) -> Unit | None:
    options = flow_options(fn) or FlowOptions()
    source = find_function(fn)
    if isinstance(source, Diagnostic):
        session.issues.append(source)
        return None
    session.files[source.file.label] = source.file.text
    session.sources[fn] = source.node
    if "." in fn.__qualname__.rpartition("<locals>.")[2]:
        location = source.file.location(_head(source.node))
        session.issues.append(
            report("FLOW003", name=fn.__qualname__, what="a method", location=location)
        )
        return None
    hints: dict[str, Any] = {}
    try:
        component = component_of(fn)
        session.catalog[component.spec.identifier] = component
        hints = typing.get_type_hints(fn, include_extras=True)
    except CheckError as error:
        known = {(issue.code, issue.message) for issue in session.issues}
        new = [d for d in error.diagnostics if (d.code, d.message) not in known]
        session.issues.extend(new)
    return Unit(
        session=session,
        fn=fn,
        source=source,
        options=options,
        name=options.name or fn.__name__,
        hints=hints,
        outside=_closure(fn),
    )


def _closure(fn: FunctionType) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, cell in zip(fn.__code__.co_freevars, fn.__closure__ or (), strict=True):
        try:
            found[name] = cell.cell_contents
        except ValueError:  # bound later in the function around; unknown now
            continue
    return found


def _compile(unit: Unit, rules: Rules) -> Compiled:
    node = unit.source.node
    version = unit.options.version
    frame = Frame(unit=unit, rules=rules, graph=Graph(unit.name, version), scope=Scope())
    _check_decorators(frame, node)
    _declare_inputs(frame, node)
    exits = rules.block(frame, node.body)
    flush(frame, node)
    if FALL in exits:
        _return_nothing(frame, exits, node)
    declared = unit.hints.get("return", ANY)
    stream = isinstance(node, ast.AsyncFunctionDef) and inspect.isasyncgenfunction(unit.fn)
    output = None if stream else _output(frame, declared, exits)
    component = unit.session.catalog.get(_identifier(unit))
    flow = Flow(
        id=frame.graph.flow,
        name=unit.name,
        version=version,
        profile="dev",
        summary=None if component is None else component.spec.summary,
        inputs=dict(frame.inputs),
        output=output,
    )
    return Compiled(
        flow=finish(frame.graph, flow),
        identifier=_identifier(unit),
        spans=frame.graph.spans,
        result=_result(declared, frame, stream=stream),
        effects=join_effects(step.effects for step in frame.graph.nodes),
        determinism=join_determinism(step.determinism for step in frame.graph.nodes),
        stream=stream,
    )


def _identifier(unit: Unit) -> str:
    try:
        return component_of(unit.fn).spec.identifier
    except CheckError:
        return unit.name


def _result(declared: TypeForm, frame: Frame, *, stream: bool) -> TypeForm:
    if stream:
        return item_type(declared)
    if declared is not ANY:
        return plain(declared)
    slot = frame.scope.slots.get(RESULT)
    return ANY if slot is None or isinstance(slot.value, Unknown) else slot.value.type


def _head(node: FunctionNode) -> ast.AST:
    head = ast.Pass()
    written = f"{'async ' if isinstance(node, ast.AsyncFunctionDef) else ''}def {node.name}"
    head.lineno = head.end_lineno = node.lineno
    head.col_offset = node.col_offset
    head.end_col_offset = node.col_offset + len(written.encode())
    return head


def _check_decorators(frame: Frame, node: FunctionNode) -> None:
    """Refuse decorators below `@flow`: calling the flow would run them, its graph would not."""
    below = False
    for mark in node.decorator_list:
        target = mark.func if isinstance(mark, ast.Call) else mark
        if below:
            frame.report("FLOW004", mark, decorator=frame.text(mark), flow=node.name)
        name = target.attr if isinstance(target, ast.Attribute) else getattr(target, "id", "")
        below = below or name == "flow"


def _declare_inputs(frame: Frame, node: FunctionNode) -> None:
    unit = frame.unit
    arguments = node.args
    for extra in (arguments.vararg, arguments.kwarg):
        if extra is not None:
            what = f"the parameter `*{extra.arg}` of a flow"
            frame.report("FLOW005", extra, what=what, hint="name each input")
    parameters = inspect.signature(unit.fn).parameters
    for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
        name = argument.arg
        form = unit.hints.get(name)
        if form is None and argument.annotation is None:
            what = f"parameter `{name}`"
            frame.report("FLOW013", argument, what=what, flow=unit.name)
        default = parameters[name].default
        required = default is inspect.Parameter.empty
        frame.inputs[name] = Port(
            schema=schema_of(form if form is not None else ANY),
            required=required,
            default=None if required else _json_default(frame, argument, default),
        )
        value: Value = Ref(INPUT, (name,), plain(form) if form is not None else ANY)
        frame.scope.slots[name] = Slot(value)
        frame.scope.own.add(name)
    if frame.inputs:
        frame.graph.add_input("std.input", "inline", frame.span(_head(node)))


def _json_default(frame: Frame, node: ast.AST, default: object) -> Json:
    try:
        return to_json(default)
    except UnencodableValueError as error:
        name, why = frame.unit.name, f"its default has no JSON form ({error})"
        frame.report("FLOW025", node, option=frame.text(node), name=name, why=why)
        return None


def _return_nothing(frame: Frame, exits: Exits, at: ast.AST) -> None:
    """Let the ways on which the function ends without a return give None."""

    def action() -> Exits:
        frame.scope.bind(RESULT, NULL)
        frame.scope.bind(RETURNED, TRUE)
        return frozenset({RETURN})

    jumps = exits - {FALL, RAISE}
    if jumps:
        still_here(frame, jumps, action, at)
    else:
        action()


def _output(frame: Frame, declared: TypeForm, exits: Exits) -> Output | None:
    slot = frame.scope.slots.get(RESULT)
    node = frame.unit.source.node
    if slot is None or slot.value is UNKNOWN or exits <= {RAISE}:
        return None
    value = feed(frame, slot.value, "result", node)
    if isinstance(value, Const):
        if value.value is None:
            return None
        value = carry(frame, value, "result", node)
    if isinstance(value, Unknown):
        return None
    schema = schema_of(declared if declared is not ANY else value.type)
    return Output(from_=value.alias, select=pointer(value.path) or None, schema=schema)
