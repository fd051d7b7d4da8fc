"""List comprehensions: a loop whose rounds each give an item, or none."""

from __future__ import annotations

import ast

from latticeflow.authoring.dsl.compiler.assigning import bind
from latticeflow.authoring.dsl.compiler.bodies import (
    Outputs,
    close_body,
    close_with,
    open_body,
    place_body,
)
from latticeflow.authoring.dsl.compiler.branches import join, route, walk
from latticeflow.authoring.dsl.compiler.conditions import condition, told
from latticeflow.authoring.dsl.compiler.graph import pointer, typed_port
from latticeflow.authoring.dsl.compiler.iterating import read_iterable
from latticeflow.authoring.dsl.compiler.rounds import Rounds
from latticeflow.authoring.dsl.compiler.schemas import schema_of
from latticeflow.authoring.dsl.compiler.scope import FALLS, Exits, Slot
from latticeflow.authoring.dsl.compiler.session import Frame
from latticeflow.authoring.dsl.compiler.types import ANY, TypeForm, list_of
from latticeflow.authoring.dsl.compiler.values import (
    FALSE,
    TRUE,
    UNKNOWN,
    Const,
    Display,
    Ref,
    Unknown,
    Value,
)
from latticeflow.authoring.dsl.compiler.wiring import carry, feed, flush, settle, type_of
from latticeflow.flow.model import Flow
from latticeflow.flow.surfaces import EdgeRef, ForEachConfig, PartitionConfig

_KEEP = "keep"
_VALUE = "value"


def list_comprehension(frame: Frame, node: ast.ListComp) -> Value:
    """Compile `[element for target in each(...) if condition]`."""
    if len(node.generators) != 1:
        what = "a comprehension over several loops"
        hint = "make the inner list in a sub-flow, or flatten in a node"
        frame.report("FLOW008", node, what=what, hint=hint)
        return UNKNOWN
    generator = node.generators[0]
    flush(frame, node)
    rounds = read_iterable(frame, generator.iter, generator.target)
    if rounds is None:
        _rehearse(frame, node, generator)
        return Unknown(list_of(ANY))
    if rounds.unrolled is not None:
        return _unrolled(frame, node, generator, rounds.unrolled)
    if rounds.items is None:
        why = "a comprehension has no `break`; it goes over each(...)"
        frame.report("FLOW033", generator.iter, name="up_to", why=why)
        return UNKNOWN
    items = feed(frame, rounds.items, "items", node)
    if isinstance(items, Const):
        items = carry(frame, items, "items", node)
    alias = frame.graph.reserve("each_1")
    body = open_body(frame, alias, node, loop="comprehension")
    body.concurrent = 2  # `break` cannot stand in an expression; nothing else reads it
    body.reserved.add("items")
    rounds.bind(body)
    made = _kept(body, node, generator, rounds)
    if made is None or isinstance(items, Unknown):
        return UNKNOWN
    flow, form, filtered = made
    return _place(
        frame,
        node,
        rounds,
        body=body,
        flow=flow,
        alias=alias,
        items=items,
        form=form,
        filtered=filtered,
    )


def _rehearse(frame: Frame, node: ast.ListComp, generator: ast.comprehension) -> None:
    body = open_body(frame, frame.graph.reserve("each_1"), node, loop="comprehension")
    bind(body, generator.target, UNKNOWN)
    for test in generator.ifs:
        condition(body, test)
    body.rules.expression(body, node.elt)


def _kept(
    body: Frame, node: ast.ListComp, generator: ast.comprehension, rounds: Rounds
) -> tuple[Flow, TypeForm, bool] | None:
    """Compile a round: whether it gives an item, and which."""
    if not generator.ifs and rounds.valid is None:
        closed = close_with(body, body.rules.expression(body, node.elt), node)
        return None if closed is None else (*closed, False)
    kept: list[tuple[Value, Value]] = []
    body.scope.slots["%keep"] = Slot(FALSE)

    def block() -> Exits:
        kept.append(_filtered(body, node, list(generator.ifs)))
        _name(body, kept[0])
        return FALLS

    rounds.guard(body, block)
    keep, value = body.scope.slots.get("%keep"), body.scope.slots.get("%value")
    if keep is None or isinstance(kept[0][0], Unknown) or isinstance(kept[0][1], Unknown):
        return None
    outputs = Outputs()
    outputs.fields[_KEEP] = keep.value
    if value is not None:
        outputs.add(_VALUE, Slot(value.value, "branch"))
        outputs.kept.add(_VALUE)
    return close_body(body, outputs, node), type_of(kept[0][1]), True


def _name(body: Frame, found: tuple[Value, Value]) -> None:
    keep, value = found
    body.scope.slots["%keep"] = Slot(keep)
    body.scope.slots["%value"] = Slot(value)


def _filtered(body: Frame, node: ast.ListComp, tests: list[ast.expr]) -> tuple[Value, Value]:
    """Return whether the item is kept, and the item, computed only if it is."""
    if not tests:
        return TRUE, settle(body, body.rules.expression(body, node.elt), "value", node.elt)
    test, *more = tests
    holds = condition(body, test)
    if isinstance(holds, Unknown):
        _filtered(body, node, more)
        return UNKNOWN, UNKNOWN
    routing = route(body, "if", holds, "cond_1", test)
    if routing is None:
        return UNKNOWN, UNKNOWN
    found: list[tuple[Value, Value]] = []

    def inside() -> Exits:
        body.scope.facts.update(told(body, test, truth=True))
        found.append(_filtered(body, node, more))
        body.scope.slots["%keep"] = Slot(found[0][0])
        return FALLS

    def outside() -> Exits:
        body.scope.slots["%keep"] = Slot(FALSE)
        return FALLS

    paths = [
        walk(body, body.graph.branch(routing, "true"), inside, test),
        walk(body, body.graph.branch(routing, "false"), outside, test),
    ]
    join(body, paths, test)
    keep = body.scope.slots["%keep"].value
    return keep, found[0][1]


def _unrolled(
    frame: Frame, node: ast.ListComp, generator: ast.comprehension, items: list[Const]
) -> Value:
    saved = frame.scope
    found: list[Value] = []
    for item in items:
        frame.scope = saved.copy()
        bind(frame, generator.target, item)
        tests = [condition(frame, test) for test in generator.ifs]
        for test, value in zip(generator.ifs, tests, strict=True):
            if not isinstance(value, Const | Unknown):
                frame.report("FLOW050", test, expression=frame.text(test))
        if all(isinstance(value, Const) and value.value for value in tests):
            value = frame.rules.expression(frame, node.elt)
            found.append(settle(frame, value, "value", node.elt))
    frame.scope = saved
    if any(isinstance(value, Unknown) for value in found):
        return UNKNOWN
    keys = tuple(str(number) for number in range(len(found)))
    forms = [value.type for value in found]
    form = ANY if not forms else forms[0] if all(f == forms[0] for f in forms) else ANY
    if not found:
        return Const([], list_of(ANY))
    return Display("list", keys, tuple(found), list_of(form))


def _place(
    frame: Frame,
    node: ast.ListComp,
    rounds: Rounds,
    *,
    body: Frame,
    flow: Flow,
    alias: str,
    items: Ref,
    form: TypeForm,
    filtered: bool,
) -> Value:
    placed = place_body(
        frame,
        body,
        flow,
        alias,
        node,
        feeds={"items": items},
        ports={"items": typed_port(items.type)},
        output=schema_of(list_of(form)),
    )
    config = ForEachConfig(
        source=items.alias,
        items_pointer=pointer(items.path),
        body_entry=placed,
        item=rounds.item,
        index=rounds.index,
        concurrency=rounds.concurrency,
        on_error=rounds.on_error,
        keep=f"/{_KEEP}" if filtered else None,
        value=f"/{_VALUE}" if filtered else None,
    )
    span = frame.span(node)
    frame.graph.surface("for_each", placed, [items.alias, placed], config, span)
    if rounds.key is not None:
        edge = EdgeRef(from_=items.alias, to=placed)
        partition = PartitionConfig(edge=edge, key=rounds.key)
        frame.graph.surface("partition", placed, [items.alias, placed], partition, span)
    return Ref(placed, (), list_of(form))
