"""`try`: a body whose failure is a value, and the branches that take it."""

from __future__ import annotations

import ast
from collections.abc import Callable

from latticeflow.authoring.dsl.compiler.bodies import Done, body_of, take_over, wanted_of
from latticeflow.authoring.dsl.compiler.branches import Path, walk
from latticeflow.authoring.dsl.compiler.raising import HANDLED, again, exception_class
from latticeflow.authoring.dsl.compiler.regions import Routing
from latticeflow.authoring.dsl.compiler.scope import (
    FALL,
    FALLS,
    HIDDEN,
    RAISE,
    Exits,
    Slot,
    names_bound,
)
from latticeflow.authoring.dsl.compiler.session import Frame
from latticeflow.authoring.dsl.compiler.statements import join_then_rest, still_here
from latticeflow.authoring.dsl.compiler.types import CAUGHT
from latticeflow.authoring.dsl.compiler.values import UNKNOWN, Ref
from latticeflow.authoring.dsl.compiler.wiring import carry
from latticeflow.authoring.dsl.errors import exception_name
from latticeflow.flow.surfaces import Catch, ErrorHandlerConfig, Scope

_OK = "ok"
_RAISED = "raised"
_LOST = "a step after it in the `try` block may fail; give it its value after the block"


def try_(frame: Frame, node: ast.Try, rest: list[ast.stmt]) -> tuple[Exits, bool]:
    """Compile `try`."""
    if node.finalbody:
        return _with_finally(frame, node, rest)
    wanted = wanted_of(frame, node.body)
    done = body_of(frame, node.body, "try_1", node, wanted=wanted, prefix=("value",))
    catches = [
        Catch(on=_names(frame, handler), label=str(number))
        for number, handler in enumerate(node.handlers)
    ]
    routing = _catching(frame, node, done, catches)
    paths = [_went_well(frame, node, done, routing, node.orelse)]
    for number, handler in enumerate(node.handlers):
        region = frame.graph.branch(routing, str(number))
        action = _handling(frame, handler, done)
        paths.append(walk(frame, region, action, handler))
    return join_then_rest(frame, paths, rest, node)


def _names(frame: Frame, handler: ast.ExceptHandler) -> list[str]:
    if handler.type is None:
        return ["builtins:BaseException"]
    parts = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    kinds = [exception_class(frame, part) for part in parts]
    return [exception_name(kind) for kind in kinds if kind is not None]


def _catching(frame: Frame, node: ast.AST, done: Done, catches: list[Catch]) -> Routing:
    config = ErrorHandlerConfig(scope=Scope(nodes=[done.alias]), strategy="catch", catch=catches)
    span = frame.span(node)
    frame.graph.surface("error_handler", done.alias, [done.alias], config, span)
    return frame.graph.route("switch", done.alias, "/case", span)


def _went_well(
    frame: Frame, node: ast.AST, done: Done, routing: Routing, orelse: list[ast.stmt]
) -> Path:
    def action() -> Exits:
        if any(isinstance(slot.value, Ref) for slot in done.slots.values()):
            whole = Ref(done.alias, ("value",), dict, narrowed=True)
            take_over(frame, done, within=carry(frame, whole, "value", node))
        else:
            take_over(frame, done)
        jumps = done.exits - {FALL, RAISE}
        if FALL not in done.exits:
            return done.exits
        if not orelse:
            return done.exits
        if not jumps:
            return frame.rules.block(frame, orelse)
        further = still_here(frame, jumps, lambda: frame.rules.block(frame, orelse), node)
        return jumps | further

    region = frame.graph.branch(routing, _OK)
    return walk(frame, region, action, node)


def _handling(frame: Frame, handler: ast.ExceptHandler, done: Done) -> Callable[[], Exits]:
    def action() -> Exits:
        _forget_lost(frame, done)
        error = Ref(done.alias, ("error",), CAUGHT)
        frame.scope.slots[HANDLED] = Slot(error)
        frame.scope.own.add(HANDLED)
        saved = frame.errors
        if handler.name is not None:
            frame.scope.bind(handler.name, error)
            frame.errors = saved | {handler.name}
        try:
            exits = frame.rules.block(frame, handler.body)
        finally:
            frame.errors = saved
        # Python forgets both at the end of the handler.
        frame.scope.slots.pop(HANDLED, None)
        if handler.name is not None:
            frame.scope.slots[handler.name] = Slot(UNKNOWN, "it is gone after its handler")
        return exits

    return action


def _forget_lost(frame: Frame, done: Done) -> None:
    """Forget what a failed body may or may not have assigned before it failed."""
    for name, before in done.body.first_bound.items():
        if name in HIDDEN:
            continue
        if name in done.body.scope.own and done.body.graph.fallible > before:
            frame.scope.slots[name] = Slot(UNKNOWN, _LOST)
            frame.scope.own.add(name)


def _with_finally(frame: Frame, node: ast.Try, rest: list[ast.stmt]) -> tuple[Exits, bool]:
    """Compile `finally`: the block before it never fails, its error is raised again afterwards."""
    before: list[ast.stmt] = list(node.body)
    if node.handlers:
        inner = ast.Try(node.body, node.handlers, node.orelse, [])
        before = [ast.copy_location(inner, node)]
    wanted = wanted_of(frame, before)
    done = body_of(frame, before, "try_1", node, wanted=wanted, prefix=("value",))
    routing = _catching(frame, node, done, [Catch(on=["builtins:BaseException"], label=_RAISED)])
    saved = frame.scope.copy()
    for name in names_bound(before):
        frame.scope.slots[name] = Slot(UNKNOWN, "the `try` block may fail before it has one")
        frame.scope.own.add(name)
    exits = frame.rules.block(frame, node.finalbody)
    if exits != FALLS:
        frame.report("FLOW005", node.finalbody[0], what="a jump out of `finally`")
    for name in names_bound(before):
        if name in names_bound(node.finalbody):
            continue
        old = saved.slots.get(name)
        frame.scope.slots.pop(name, None)
        if old is not None:
            frame.scope.slots[name] = old

    def raise_again() -> Exits:
        again(frame, Ref(done.alias, ("error",), CAUGHT), node)
        return frozenset({RAISE})

    good = _went_well(frame, node, done, routing, [])
    bad = walk(frame, frame.graph.branch(routing, _RAISED), raise_again, node)
    return join_then_rest(frame, [good, bad], rest, node)
