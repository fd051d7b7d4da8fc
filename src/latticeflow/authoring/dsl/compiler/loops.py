"""Loops: `for` over each, up_to, static and zip, and `while`.

The body becomes the sub-flow of one step. A name that a round reads before it gives it a value is
carried from round to round; one that is read after the loop is carried out.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TypeAlias

import msgspec

from latticeflow.authoring.dsl.compiler.assigning import bind
from latticeflow.authoring.dsl.compiler.bodies import (
    Outputs,
    close_body,
    lost_in,
    open_body,
    place_body,
    reads_outside,
)
from latticeflow.authoring.dsl.compiler.branches import route, walk
from latticeflow.authoring.dsl.compiler.conditions import told
from latticeflow.authoring.dsl.compiler.graph import INPUT, pointer, typed_port
from latticeflow.authoring.dsl.compiler.iterating import read_iterable
from latticeflow.authoring.dsl.compiler.loop_ends import block_if, loop_condition, stops_after
from latticeflow.authoring.dsl.compiler.rounds import Rounds
from latticeflow.authoring.dsl.compiler.scope import (
    BREAK,
    BROKE,
    FALL,
    FALLS,
    RAISE,
    Exits,
    Slot,
    names_bound,
)
from latticeflow.authoring.dsl.compiler.session import Frame
from latticeflow.authoring.dsl.compiler.statements import join_then_rest
from latticeflow.authoring.dsl.compiler.streaming import read_stream
from latticeflow.authoring.dsl.compiler.types import ANY, NONE, TypeForm, kinds, members, union
from latticeflow.authoring.dsl.compiler.values import (
    FALSE,
    NULL,
    UNKNOWN,
    Const,
    Ref,
    Unknown,
)
from latticeflow.authoring.dsl.compiler.wiring import carry, feed, flush, record_schema
from latticeflow.flow.model import Flow, Port, SchemaRef
from latticeflow.flow.surfaces import EdgeRef, ForEachConfig, LoopConfig, PartitionConfig

STOPPED = "%stopped"
_MAX_PASSES = 6
_MAYBE = "the loop may have no rounds; give it a value before"
_FIELDS = frozenset({"items", "broke"})


LoopNode: TypeAlias = ast.For | ast.AsyncFor | ast.While
Compile: TypeAlias = Callable[[], Exits]


class Loop(msgspec.Struct):
    """A loop while it is compiled. `carried` are the names it carries, with their types."""

    rounds: Rounds
    alias: str
    targets: list[str]
    carried: dict[str, TypeForm] = msgspec.field(default_factory=dict)
    counts_breaks: bool = False
    passes: int = 0


class Round(msgspec.Struct):
    """A body, compiled: what a round leaves, and the text of the condition before it."""

    body: Frame
    exits: Exits
    flow: Flow
    slots: dict[str, Slot]
    condition: str | None
    stops: bool


def for_(frame: Frame, node: ast.For | ast.AsyncFor, rest: list[ast.stmt]) -> tuple[Exits, bool]:
    """Compile `for target in ...`."""
    read = read_stream if isinstance(node, ast.AsyncFor) else read_iterable
    rounds = read(frame, node.iter, node.target)
    if rounds is None:
        _rehearse(frame, node)
        return FALLS, False
    if rounds.unrolled is not None:
        return _unroll(frame, node, rounds.unrolled), False
    return _loop(frame, node, rounds, rest)


def while_(frame: Frame, node: ast.While, rest: list[ast.stmt]) -> tuple[Exits, bool]:
    """Compile `while condition`."""
    limit = frame.unit.options.max_iterations
    return _loop(frame, node, Rounds("while_1", limit=limit), rest)


def _rehearse(frame: Frame, node: ast.For | ast.AsyncFor) -> None:
    """Compile a body only for the mistakes in it."""
    alias = frame.graph.reserve("each_1")
    body = open_body(frame, alias, node, loop="each")
    bind(body, node.target, UNKNOWN)
    body.rules.block(body, node.body)
    for name in names_bound([node.target, *node.body]):
        frame.scope.bind(name, UNKNOWN)


def _unroll(frame: Frame, node: ast.For | ast.AsyncFor, items: list[Const]) -> Exits:
    exits: Exits = frozenset()
    frame.unrolled += 1
    try:
        for item in items:
            bind(frame, node.target, item)
            found = frame.rules.block(frame, node.body)
            exits |= found - FALLS
            if found != FALLS:
                if found - {RAISE, FALL}:
                    frame.report("FLOW017", node.body[0])
                if FALL not in found:
                    return exits
    finally:
        frame.unrolled -= 1
    return exits | (frame.rules.block(frame, node.orelse) if node.orelse else FALLS)


# -- one loop --------------------------------------------------------------------------------------


def _loop(frame: Frame, node: LoopNode, rounds: Rounds, rest: list[ast.stmt]) -> tuple[Exits, bool]:
    flush(frame, node)
    source = _items(frame, rounds, node)
    targets = [] if isinstance(node, ast.While) else names_bound([node.target])
    loop = Loop(rounds, frame.graph.reserve(rounds.hint), targets)
    # What stands behind `else` reads what the rounds leave, as all that follows does.
    outside = reads_outside(frame, node.body)
    issues = frame.unit.session.issues
    mark = len(issues)
    while True:
        done = _round(frame, node, loop)
        # What a round reads and leaves says what is carried, and of which type; then once more.
        loop.passes += 1
        if not _learn(frame, node, loop, done, outside) or loop.passes == _MAX_PASSES:
            break
        del issues[mark:]
    if rounds.concurrency > 1:
        for name in loop.carried:
            frame.report("FLOW031", node, name=name, count=rounds.concurrency)
    if source is None and rounds.items is not None:
        for name in loop.carried:
            frame.scope.bind(name, UNKNOWN)
        return FALLS, False
    alias = _place(frame, node, loop, done, source)
    return _go_on(frame, node, loop, done, alias=alias, rest=rest)


def _items(frame: Frame, rounds: Rounds, node: ast.AST) -> Ref | None:
    if rounds.items is None:
        return None
    items = feed(frame, rounds.items, "items", node)
    if isinstance(items, Const):
        items = carry(frame, items, "items", node)
    return None if isinstance(items, Unknown) else items


def _round(frame: Frame, node: LoopNode, loop: Loop) -> Round:
    rounds = loop.rounds
    body = open_body(frame, loop.alias, node, loop=rounds.hint)
    body.concurrent = rounds.concurrency
    body.reserved |= {"items"} if rounds.items is not None else set()
    for name, form in loop.carried.items():
        port = _field(name)
        unset = _is_unset(frame, name)
        body.inputs[port] = typed_port(union([form, NONE]) if unset else form)
        body.scope.bind(name, Ref(INPUT, (port,), form, narrowed=unset))
        if unset:
            body.scope.slots[name] = Slot(body.scope.slots[name].value, _MAYBE)
    rounds.bind(body)
    test = node.test if isinstance(node, ast.While) else None
    text, runs = loop_condition(body, test)

    def block() -> Exits:
        if test is not None:
            body.scope.facts.update(told(body, test, truth=True))
        return rounds.guard(body, lambda: body.rules.block(body, node.body))

    exits = block() if runs is None else block_if(body, runs, block, node)
    flush(body, node)
    outputs = Outputs()
    slots: dict[str, Slot] = {}
    for name in loop.carried:
        found = body.scope.slots.get(name)
        good = found is not None and not isinstance(found.value, Unknown)
        slots[name] = found if good and found is not None else Slot(NULL, _MAYBE)
        outputs.add(_field(name), slots[name])
    stops = stops_after(body, node, exits, runs)
    if stops is not None:
        outputs.fields[STOPPED] = stops
    loop.counts_breaks = runs is not None and BREAK in exits and bool(node.orelse)
    if loop.counts_breaks:
        body.inputs[BROKE] = typed_port(bool, required=False, default=False)
        outputs.fields[BROKE] = body.scope.flag(BROKE)
    return Round(body, exits, close_body(body, outputs, node), slots, text, stops is not None)


def _learn(frame: Frame, node: LoopNode, loop: Loop, done: Round, outside: set[str]) -> bool:
    """Note what has to be carried, from what a round reads and leaves; tell if that was new."""
    before = dict(loop.carried)
    own = done.body.scope.own
    for name in names_bound(node.body):
        if name in loop.targets or name not in own:
            continue
        after = done.body.scope.slots.get(name)
        if after is not None and after.maybe is not None and isinstance(after.value, Unknown):
            continue  # the name of a handled error, which is gone
        read_first = name in done.body.around
        if name not in loop.carried and not read_first and name not in outside:
            continue
        forms = [loop.carried[name]] if name in loop.carried else []
        found = frame.lookup(name)
        if found is not None and found[1] is None and not isinstance(found[0], Unknown):
            forms.append(frame.scope.declared.get(name, found[0].type))
        if after is not None and not isinstance(after.value, Unknown):
            forms.append(after.value.type)
        loop.carried[name] = _widest(forms)
    return loop.carried != before


def _widest(forms: list[TypeForm]) -> TypeForm:
    """Return the type of a carried name; an empty list takes the type of the full one."""
    parts = [member for form in forms for member in members(form)]
    known = [part for part in parts if "Any" not in str(part)]
    families = {kind for part in known for kind in kinds(part)} & {"list", "dict"}
    kept = [part for part in parts if part in known or not kinds(part) & families]
    return union(kept) if kept else ANY


def _place(frame: Frame, node: LoopNode, loop: Loop, done: Round, source: Ref | None) -> str:
    rounds = loop.rounds
    feeds: dict[str, Ref | Const] = {}
    ports: dict[str, Port] = {}
    if source is not None:
        feeds["items"] = source
        ports["items"] = typed_port(source.type)
    for name in loop.carried:
        found = frame.lookup(name)
        value = NULL if found is None or found[1] is not None else found[0]
        item = feed(frame, value, name, node)
        feeds[_field(name)] = NULL if isinstance(item, Unknown) else item
        ports[_field(name)] = done.body.inputs[_field(name)]
    state = [_field(name) for name in loop.carried]
    if loop.counts_breaks:
        feeds[BROKE] = FALSE
        ports[BROKE] = done.body.inputs[BROKE]
        state.append(BROKE)
    record = {_field(name): form for name, form in loop.carried.items()}
    alias = place_body(
        frame,
        done.body,
        done.flow,
        loop.alias,
        node,
        feeds=feeds,
        ports=ports,
        output=record_schema({**record, "broke": bool}) if record or done.stops else SchemaRef(),
    )
    stop = f"/{STOPPED}" if done.stops else None
    span = frame.span(node)
    if source is not None:
        each = ForEachConfig(
            source=source.alias,
            items_pointer=pointer(source.path),
            body_entry=alias,
            item=rounds.item,
            index=rounds.index,
            concurrency=rounds.concurrency,
            on_error=rounds.on_error,
            state=state,
            stop=stop,
        )
        frame.graph.surface("for_each", alias, [source.alias, alias], each, span)
    else:
        while_loop = LoopConfig(
            body_entry=alias,
            condition=None if done.condition == "true" else done.condition,
            state=state,
            index=rounds.index,
            stop=stop,
            max_iterations=rounds.limit,
            exhausted="finish" if rounds.finishes else "fail",
        )
        frame.graph.surface("loop", alias, [alias], while_loop, span)
    if rounds.key is not None and source is not None:
        edge = EdgeRef(from_=source.alias, to=alias)
        config = PartitionConfig(edge=edge, key=rounds.key)
        frame.graph.surface("partition", alias, [source.alias, alias], config, span)
    return alias


def _field(name: str) -> str:
    return f"{name}_" if name in _FIELDS else name.strip("%")


# -- after a loop ----------------------------------------------------------------------------------


def _go_on(
    frame: Frame, node: LoopNode, loop: Loop, done: Round, *, alias: str, rest: list[ast.stmt]
) -> tuple[Exits, bool]:
    """Bind what the loop carried out, and compile its `else`."""
    after_break, after_end = _doubts(frame, loop, done)
    # A later round may fail, and the loop too, when it does not end.
    frame.scope.lost |= lost_in(done.body) | (done.body.scope.own & set(loop.carried))
    for name, form in loop.carried.items():
        frame.note_bound(name)
        frame.scope.bind(name, Ref(alias, (_field(name),), form, narrowed=True))
    for name, slot in done.body.scope.slots.items():
        if name in done.body.scope.own and isinstance(slot.value, Unknown):
            frame.scope.lose(name, slot.maybe or _MAYBE)
    for name in loop.targets:
        frame.scope.lose(name, "it is the loop's own; there may be no last round")

    def ends(doubts: set[str], statements: list[ast.stmt]) -> Exits:
        for name in doubts:
            frame.scope.slots[name] = Slot(frame.scope.slots[name].value, _MAYBE)
        return frame.rules.block(frame, statements)

    def ends_itself() -> Exits:
        if isinstance(node, ast.While):
            frame.scope.facts.update(told(frame, node.test, truth=False))
        return ends(after_end, node.orelse)

    endless = done.condition == "true"
    if BREAK not in done.exits:
        return (frozenset({RAISE}), False) if endless else (ends_itself(), False)
    if not node.orelse or endless:
        return ends(after_break if endless else after_break | after_end, []), False
    where = BROKE if loop.counts_breaks else "broke"
    routing = route(frame, "if", Ref(alias, (where,), bool), "broke_1", node)
    if routing is None:
        return FALLS, False
    graph = frame.graph
    left = walk(frame, graph.branch(routing, "true"), lambda: ends(after_break, []), node)
    ended = walk(frame, graph.branch(routing, "false"), ends_itself, node)
    return join_then_rest(frame, [left, ended], rest, node)


def _doubts(frame: Frame, loop: Loop, done: Round) -> tuple[set[str], set[str]]:
    """Return which carried names may have no value after a break, and after the last round."""
    unset = {name for name in loop.carried if _is_unset(frame, name)}
    every = done.body.at_breaks
    after_break = {name for name in unset if not all(name in names for names in every)}
    after_end = {
        name for name in unset if not loop.rounds.at_least_one or done.slots[name].maybe is not None
    }
    return after_break, after_end


def _is_unset(frame: Frame, name: str) -> bool:
    found = frame.lookup(name)
    return found is None or found[1] is not None
