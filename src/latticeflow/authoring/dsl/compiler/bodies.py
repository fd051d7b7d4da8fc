"""Bodies: a block that becomes the sub-flow of one step, with what it reads as its inputs."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from weakref import WeakKeyDictionary

import msgspec

from latticeflow.authoring.dsl.compiler.graph import Graph, Step, finish, pointer, typed_port
from latticeflow.authoring.dsl.compiler.schemas import schema_of
from latticeflow.authoring.dsl.compiler.scope import (
    FLAG_EXITS,
    GOES_ON,
    RESULT,
    RETURN,
    Exits,
    Scope,
    Slot,
    names_bound,
)
from latticeflow.authoring.dsl.compiler.session import Frame
from latticeflow.authoring.dsl.compiler.types import NONE, TypeForm, union
from latticeflow.authoring.dsl.compiler.values import Const, Display, Ref, Unknown, Value
from latticeflow.authoring.dsl.compiler.wiring import (
    assemble,
    carry,
    feed,
    flush,
    place,
    record_schema,
)
from latticeflow.flow.lattice import join_determinism, join_effects
from latticeflow.flow.model import Flow, Output, Port, SchemaRef

_JUMPS = frozenset(FLAG_EXITS.values())


class Outputs(msgspec.Struct):
    """What a body hands out: values by field name.

    Those in `optional` may be null. Those in `kept` too, but nothing looks at them then.
    """

    fields: dict[str, Value] = msgspec.field(default_factory=dict)
    optional: set[str] = msgspec.field(default_factory=set)
    kept: set[str] = msgspec.field(default_factory=set)

    def add(self, name: str, slot: Slot) -> None:
        """Hand out what a variable holds."""
        self.fields[name] = slot.value
        if slot.maybe is not None:
            self.optional.add(name)


def open_body(frame: Frame, alias: str, at: ast.AST, *, loop: str | None = None) -> Frame:
    """Return the frame for a body of the step `alias`."""
    graph = Graph(f"{frame.graph.name}.{alias}", frame.graph.version)
    graph.add_input("std.input", "inline", frame.span(at))
    return Frame(
        unit=frame.unit,
        rules=frame.rules,
        graph=graph,
        scope=Scope(declared=dict(frame.scope.declared)),
        outer=frame,
        loop=loop,
        errors=frame.errors,
        sagas=frame.sagas,
    )


def close_body(body: Frame, outputs: Outputs, at: ast.AST) -> Flow:
    """Return the flow of a body whose value is the record of `outputs`, None if there are none."""
    flush(body, at)
    output: Output | None = None
    feeds: dict[str, Ref | Const | list[Ref]] = {}
    forms: dict[str, TypeForm] = {}
    for name, value in outputs.fields.items():
        item = feed(body, value, "value", at)
        if isinstance(item, Unknown):
            continue
        feeds[name] = item
        forms[name] = item.type
    if feeds:
        wide = {
            name: union([form, NONE]) if name in outputs.optional else form
            for name, form in forms.items()
        }
        ports = {
            name: typed_port(form, required=name not in outputs.optional)
            for name, form in wide.items()
        }
        schema = record_schema(wide | {name: forms[name] for name in outputs.kept & set(forms)})
        step = Step("out", "std.record", "Out", can_fail=False, ports=ports, output=schema)
        output = Output(from_=body.graph.add(step, feeds, body.span(at)), schema=schema)
    return _flow(body, output)


def close_with(body: Frame, value: Value, at: ast.AST) -> tuple[Flow, TypeForm] | None:
    """Return the flow of a body whose value is one value, with its type; None after a mistake."""
    flush(body, at)
    item = assemble(body, value, "value", at) if isinstance(value, Display) else value
    item = feed(body, item, "value", at)
    if isinstance(item, Const):
        item = carry(body, item, "value", at)
    if isinstance(item, Unknown):
        return None
    schema = schema_of(item.type)
    output = Output(from_=item.alias, select=pointer(item.path) or None, schema=schema)
    return _flow(body, output), item.type


def _flow(body: Frame, output: Output | None) -> Flow:
    if not body.inputs:
        body.graph.drop_input()
    flow = Flow(
        id=body.graph.flow,
        name=body.graph.name,
        version=body.graph.version,
        profile="dev",
        inputs=dict(body.inputs),
        output=output,
    )
    return finish(body.graph, flow)


def place_body(
    frame: Frame,
    body: Frame,
    flow: Flow,
    alias: str,
    at: ast.AST,
    *,
    feeds: Mapping[str, Ref | Const] | None = None,
    ports: Mapping[str, Port] | None = None,
    output: SchemaRef | None = None,
    **fields: Any,
) -> str:
    """Add the step `alias` whose body `flow` is; what the body captured is fed to it."""
    all_feeds: dict[str, Ref | Const | list[Ref]] = {}
    for port, value in body.captures.items():
        item = feed(frame, value, port, at)
        if not isinstance(item, Unknown):
            all_feeds[port] = item
    all_feeds.update(feeds or {})
    schema = output or (SchemaRef() if flow.output is None else flow.output.schema)
    step = Step(
        alias=alias,
        identifier=flow.name,
        name=alias,
        effects=join_effects(node.effects for node in flow.nodes),
        determinism=join_determinism(node.determinism for node in flow.nodes),
        kind="subflow",
        ports={**{port: body.inputs[port] for port in body.captures}, **(ports or {})},
        output=schema,
        fields={"subflow_ir": flow, **fields},
    )
    placed = place(frame, step, all_feeds, at)
    frame.graph.embed(placed, body.graph.spans)
    return placed


# -- scopes: bodies that run once ------------------------------------------------------------------


class Done(msgspec.Struct):
    """A block compiled as a body: its step, its ways out, and what it hands out.

    `values` says, for each name, where in the step's value it is (or the constant it is).
    """

    alias: str
    exits: Exits
    slots: dict[str, Slot]
    body: Frame


def body_of(
    frame: Frame,
    statements: list[ast.stmt],
    hint: str,
    at: ast.AST,
    *,
    wanted: Iterable[str],
    prefix: tuple[str, ...] = (),
    action: Callable[[Frame], Exits] | None = None,
    **fields: Any,
) -> Done:
    """Compile a block as the body of a step that runs it once.

    Args:
        frame: The graph the step stands in.
        statements: The block.
        hint: What the step is called.
        at: Where it stands.
        wanted: The names it gives values to that are read elsewhere.
        prefix: Where in the step's value the body's value is.
        action: Compiles the block, instead of compiling `statements`.
        **fields: Fields of the step's node.
    """
    flush(frame, at)
    alias = frame.graph.reserve(hint)
    body = open_body(frame, alias, at)
    exits = body.rules.block(body, statements) if action is None else action(body)
    outputs = Outputs()
    for name in wanted:
        slot = body.scope.slots.get(name)
        if slot is None or isinstance(slot.value, Unknown):
            continue
        if name in body.scope.own and exits & GOES_ON:
            outputs.add(name, slot)
            if exits & _JUMPS:
                # A way out may leave before it has a value; what reads it is not reached then.
                outputs.optional.add(name)
    hidden: dict[str, Slot] = {}
    for flag, exit_ in FLAG_EXITS.items():
        if exit_ in exits:
            value = body.scope.flag(flag)
            hidden[flag] = Slot(value)
            if not isinstance(value, Const):
                outputs.add(flag, hidden[flag])
    result = body.scope.slots.get(RESULT)
    if RETURN in exits and result is not None:
        several = exits - {RETURN}
        outputs.add(RESULT, Slot(result.value, "branch" if several else None))
    flow = close_body(body, outputs, at)
    body.scope.count(body.graph.fallible)
    placed = place_body(frame, body, flow, alias, at, **fields)
    slots: dict[str, Slot] = dict(hidden)
    for name, value in outputs.fields.items():
        form = value.type
        kept = body.scope.slots.get(name)
        maybe = kept.maybe if kept is not None and name != RESULT else None
        narrowed = name in outputs.optional
        slots[name] = Slot(Ref(placed, (*prefix, name), form, narrowed), maybe)
    lost = {name: slot for name, slot in body.scope.slots.items() if _is_lost(body, name, slot)}
    return Done(placed, exits, {**lost, **slots}, body)


def _is_lost(body: Frame, name: str, slot: Slot) -> bool:
    """Tell whether a name of the body has no value any more, such as that of a handled error."""
    return name in body.scope.own and isinstance(slot.value, Unknown)


def take_over(frame: Frame, done: Done, *, within: Ref | None = None) -> None:
    """Bind in `frame` what a body handed out; `within` is where its record was carried to."""
    frame.scope.lost |= lost_in(done.body)
    for name, slot in done.slots.items():
        value = slot.value
        if within is not None and isinstance(value, Ref) and value.alias == done.alias:
            value = Ref(within.alias, (*within.path, name), value.type, value.narrowed)
        frame.note_bound(name)
        frame.scope.bind(name, value)
        frame.scope.slots[name] = Slot(value, slot.maybe)
        if slot.maybe is not None and name in done.body.scope.falling:
            frame.scope.falling[name] = None


def lost_in(body: Frame) -> set[str]:
    """Return what a failed body may or may not have assigned before it failed."""
    return {name for name in body.scope.lost if name[0] != "%"}


def reads_outside(frame: Frame, statements: Iterable[ast.AST]) -> set[str]:
    """Return the names that the flow function reads anywhere but in `statements`."""
    everywhere = _reads_of_function(frame.unit.source.node)
    inside = Counter(name for statement in statements for name in _reads(statement))
    return {name for name, count in everywhere.items() if count > inside[name]}


def _reads_of_function(node: ast.AST) -> Counter[str]:
    found = _READS.get(node)
    if found is None:
        found = _READS[node] = Counter(_reads(node))
    return found


_READS: WeakKeyDictionary[ast.AST, Counter[str]] = WeakKeyDictionary()
"""How often a function reads each name; every loop and handler in it asks."""


def _reads(node: ast.AST) -> Iterator[str]:
    for part in ast.walk(node):
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load):
            yield part.id
        elif isinstance(part, ast.AugAssign) and isinstance(part.target, ast.Name):
            yield part.target.id


def wanted_of(frame: Frame, statements: list[ast.stmt]) -> list[str]:
    """Return the names that a block gives values to and that are read outside it."""
    outside = reads_outside(frame, statements)
    # What the compiler itself names is read where it was made.
    return [name for name in names_bound(statements) if name in outside or name.startswith("%")]
