"""When a loop goes on: its condition, before a round or inside it, and what ends it after one."""

from __future__ import annotations

import ast

from latticeflow.authoring.dsl.compiler.branches import join, route, walk
from latticeflow.authoring.dsl.compiler.cel import infix
from latticeflow.authoring.dsl.compiler.conditions import condition
from latticeflow.authoring.dsl.compiler.graph import INPUT
from latticeflow.authoring.dsl.compiler.operators import negation
from latticeflow.authoring.dsl.compiler.rounds import Block
from latticeflow.authoring.dsl.compiler.scope import BREAK, BROKE, CONTINUE, Exits, Slot
from latticeflow.authoring.dsl.compiler.session import Frame
from latticeflow.authoring.dsl.compiler.types import kinds
from latticeflow.authoring.dsl.compiler.values import OR, Cel, Const, Ref, Unknown, Value
from latticeflow.authoring.dsl.compiler.wiring import settle

_RUNS = "%runs"


def loop_condition(body: Frame, test: ast.expr | None) -> tuple[str | None, Value | None]:
    """Return a condition as text over the body's inputs, or as a value inside the body."""
    if test is None:
        return None, None
    value = condition(body, test)
    if isinstance(value, Const) and value.value is True:
        return "true", None
    # A test that made steps stands inside; so does one that may fail, to fail in its turn.
    alone = not body.pending and len(body.graph.nodes) == 1
    text = _text_over_inputs(value) if alone else None
    return (text, None) if text is not None else (None, value)


def _text_over_inputs(value: Value) -> str | None:
    """Write a condition over whole inputs; types are not known to it, so no float enters."""
    parts = value.parts if isinstance(value, Cel) else (value,) if isinstance(value, Ref) else ()
    text: list[str] = []
    for part in parts:
        if isinstance(part, str):
            text.append(part)
            continue
        plain = part.path and all(word.isidentifier() for word in part.path)
        if part.alias != INPUT or not plain or not kinds(part.type) <= _SAFE:
            return None
        text.append(".".join(part.path))
    return "".join(text) or None


_SAFE = frozenset({"int", "str", "bool", "none", "list", "dict", "object", "typeddict"})


def block_if(body: Frame, runs: Value, block: Block, node: ast.AST) -> Exits:
    """Compile a block that runs only if the condition in the body holds."""
    if isinstance(runs, Unknown):
        return block()
    routing = route(body, "if", runs, "cond_1", node)
    if routing is None:
        return block()
    yes = walk(body, body.graph.branch(routing, "true"), block, node)
    no = walk(body, body.graph.branch(routing, "false"), lambda: frozenset({CONTINUE}), node)
    join(body, [yes, no], node)
    body.scope.slots[_RUNS] = Slot(Ref(routing.source, _path(routing.pointer), bool))
    return yes.exits | {CONTINUE}


def _path(text: str) -> tuple[str, ...]:
    return tuple(text.split("/")[1:])


def stops_after(body: Frame, node: ast.AST, exits: Exits, runs: Value | None) -> Value | None:
    """Return the value that says whether the rounds end after this one, None if it never does."""
    over: Value | None = None
    slot = body.scope.slots.get(_RUNS)
    if runs is not None and slot is not None:
        over = settle(body, negation(body, slot.value), "over_1", node)
    if BREAK not in exits:
        return over
    broke = body.scope.flag(BROKE)
    if over is None or isinstance(broke, Const):
        return broke
    return settle(body, infix(body, over, "||", broke, bool, OR), "over_1", node)
