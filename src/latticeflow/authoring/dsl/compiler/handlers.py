"""`try`: a body whose failure is a value, and the branches that take it."""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import partial

from latticeflow.authoring.dsl.compiler.bodies import (
    Done,
    body_of,
    lost_in,
    reads_outside,
    take_over,
    wanted_of,
)
from latticeflow.authoring.dsl.compiler.branches import Path, join, route, walk
from latticeflow.authoring.dsl.compiler.raising import HANDLED, again, exception_class
from latticeflow.authoring.dsl.compiler.regions import Routing
from latticeflow.authoring.dsl.compiler.scope import (
    FALL,
    FALLS,
    RAISE,
    THREW,
    THROW,
    Exits,
    Slot,
    names_bound,
    names_read,
)
from latticeflow.authoring.dsl.compiler.session import Frame, Guard
from latticeflow.authoring.dsl.compiler.statements import join_then_rest, still_here
from latticeflow.authoring.dsl.compiler.types import CAUGHT
from latticeflow.authoring.dsl.compiler.values import FALSE, TRUE, Const, Ref, Unknown
from latticeflow.authoring.dsl.compiler.wiring import carry, flush
from latticeflow.authoring.dsl.errors import exception_name
from latticeflow.flow.surfaces import Catch, ErrorHandlerConfig, Scope

_OK = "ok"
_RAISED = "raised"
_LOST = "a step after it in the `try` block may fail; give it its value after the block"


def try_(frame: Frame, node: ast.Try, rest: list[ast.stmt]) -> tuple[Exits, bool]:
    """Compile `try`."""
    if node.finalbody:
        return _with_finally(frame, node, rest)
    catches = [
        Catch(on=_names(frame, handler), label=str(number))
        for number, handler in enumerate(node.handlers)
    ]
    if _loses(node.body, _needed(frame, node)):
        return _step_by_step(frame, node, catches, rest)
    wanted = wanted_of(frame, node.body)
    done = body_of(frame, node.body, "try_1", node, wanted=wanted, prefix=("value",))
    routing = _catching(frame, node, done, catches)
    paths = [_went_well(frame, node, done, routing, node.orelse)]
    for number, handler in enumerate(node.handlers):
        region = frame.graph.branch(routing, str(number))
        action = _handling(frame, handler, Ref(done.alias, ("error",), CAUGHT), lost_in(done.body))
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


def _handling(
    frame: Frame, handler: ast.ExceptHandler, error: Ref, lost: set[str]
) -> Callable[[], Exits]:
    def action() -> Exits:
        _forget(frame, lost)
        saved, around = frame.errors, frame.scope.slots.get(HANDLED)
        frame.scope.slots[HANDLED] = Slot(error)
        frame.scope.own.add(HANDLED)
        if handler.name is not None:
            frame.scope.bind(handler.name, error)
            frame.errors = saved | {handler.name}
        try:
            exits = frame.rules.block(frame, handler.body)
        finally:
            frame.errors = saved
        # Python forgets both at the end of the handler.
        frame.scope.slots.pop(HANDLED, None)
        if around is not None:
            frame.scope.slots[HANDLED] = around
        if handler.name is not None:
            frame.scope.lose(handler.name, "it is gone after its handler")
        return exits

    return action


def _forget(frame: Frame, names: set[str]) -> None:
    frame.scope.lost |= names
    for name in names:
        frame.scope.lose(name, _LOST)


# -- a block whose handlers know how far it came ---------------------------------------------------


def _needed(frame: Frame, node: ast.Try) -> set[str]:
    """Return the names that handlers, or what follows them, read."""
    needed = names_read(node.handlers)
    if not all(isinstance(handler.body[-1], _LEAVES) for handler in node.handlers):
        needed |= reads_outside(frame, [node])
    return needed


_LEAVES = (ast.Return, ast.Raise, ast.Break, ast.Continue)
_FAILING = (ast.Call, ast.Await, ast.Subscript, ast.Raise, ast.While, ast.For, ast.AsyncFor)


def _may_fail(node: ast.AST) -> bool:
    return any(isinstance(part, _FAILING) for part in ast.walk(node))


def _loses(body: list[ast.stmt], needed: set[str]) -> bool:
    """Tell whether a needed name is given a value before a step of the block that may fail."""
    bound = False
    for statement in body:
        if bound and _may_fail(statement):
            return True
        here = not needed.isdisjoint(names_bound([statement]))
        if isinstance(statement, ast.If):
            if _loses(statement.body, needed) or _loses(statement.orelse, needed):
                return True
        elif isinstance(statement, ast.Match) and any(
            _loses(case.body, needed) for case in statement.cases
        ):
            return True
        bound = bound or here
    return False


def _step_by_step(
    frame: Frame, node: ast.Try, catches: list[Catch], rest: list[ast.stmt]
) -> tuple[Exits, bool]:
    """Compile a `try` block with each of its statements as a body of its own.

    What was assigned before the failing statement is then known to the handlers.
    """
    case = frame.temporary("case", node)
    frame.scope.bind(case, Const(_OK, str))
    lost: set[str] = set()
    around, frame.guard = frame.guard, _guarding(catches, case, lost)
    try:
        exits = frame.rules.block(frame, node.body)
    finally:
        frame.guard = around
    flush(frame, node)
    ways = exits - {RAISE}
    outcome = frame.scope.slots.get(case)
    if THROW not in ways or outcome is None or isinstance(outcome.value, Unknown):
        return _after_all_well(frame, node, exits)
    error = frame.scope.slots.get(f"{case}_error")
    routing = route(frame, "switch", outcome.value, "case_1", node)
    if routing is None or error is None or not isinstance(error.value, Ref):
        return _after_all_well(frame, node, exits)
    paths = [
        walk(
            frame,
            frame.graph.branch(routing, _OK),
            lambda: _caught(frame, lambda: _after_all_well(frame, node, exits - {THROW})[0]),
            node,
        )
    ]
    for number, handler in enumerate(node.handlers):
        region = frame.graph.branch(routing, str(number))
        action = _handling(frame, handler, error.value, lost)
        paths.append(walk(frame, region, partial(_caught, frame, action), handler))
    return join_then_rest(frame, paths, rest, node)


def _caught(frame: Frame, action: Callable[[], Exits]) -> Exits:
    """Go on where an error, if there was one, has been taken."""
    frame.scope.bind(THREW, FALSE)
    return action()


def _after_all_well(frame: Frame, node: ast.Try, exits: Exits) -> tuple[Exits, bool]:
    """Compile the `else` of a block that did not fail."""
    if FALL not in exits or not node.orelse:
        return exits, False
    jumps = exits - {FALL, RAISE}
    if not jumps:
        return frame.rules.block(frame, node.orelse), False
    further = still_here(frame, jumps, lambda: frame.rules.block(frame, node.orelse), node)
    return jumps | further, False


def _guarding(catches: list[Catch], case: str, lost: set[str]) -> Guard:
    def guard(frame: Frame, statement: ast.stmt) -> Exits | None:
        if not _may_fail(statement):
            return None
        if isinstance(statement, ast.If):
            if not _may_fail(statement.test):
                return None
            first, test = _apart(frame, statement.test)
            then = ast.If(test, statement.body, statement.orelse)
            return frame.rules.block(frame, [first, ast.copy_location(then, statement)])
        guards = [case.guard for case in getattr(statement, "cases", ()) if case.guard is not None]
        if isinstance(statement, ast.Match) and not any(map(_may_fail, guards)):
            if not _may_fail(statement.subject):
                return None
            first, subject = _apart(frame, statement.subject)
            match = ast.Match(subject, statement.cases)
            return frame.rules.block(frame, [first, ast.copy_location(match, statement)])
        own, frame.guard = frame.guard, None
        try:
            return attempt(frame, statement)
        finally:
            frame.guard = own

    def attempt(frame: Frame, statement: ast.stmt) -> Exits:
        wanted = wanted_of(frame, [statement])
        done = body_of(frame, [statement], "try_1", statement, wanted=wanted, prefix=("value",))
        routing = _catching(frame, statement, done, catches)
        paths = [_went_well(frame, statement, done, routing, [])]
        for catch in catches:

            def threw(catch: Catch = catch) -> Exits:
                lost.update(lost_in(done.body))
                frame.scope.bind(case, Const(catch.label, str))
                error = carry(frame, Ref(done.alias, ("error",), CAUGHT), "error", statement)
                frame.scope.bind(f"{case}_error", error)
                frame.scope.bind(THREW, TRUE)
                return frozenset({THROW})

            region = frame.graph.branch(routing, catch.label)
            paths.append(walk(frame, region, threw, statement))
        return join(frame, paths, statement)

    return guard


def _apart(frame: Frame, node: ast.expr) -> tuple[ast.stmt, ast.expr]:
    """Return a statement that names what `node` is, and that name, which nobody can write."""
    name = frame.temporary("part", node)
    store = ast.copy_location(ast.Name(name, ast.Store()), node)
    load = ast.copy_location(ast.Name(name, ast.Load()), node)
    return ast.copy_location(ast.Assign([store], node), node), load


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
        frame.scope.lose(name, "the `try` block may fail before it has one")
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
        frame.scope.lost |= lost_in(done.body)
        again(frame, Ref(done.alias, ("error",), CAUGHT), node)
        return frozenset({RAISE})

    good = _went_well(frame, node, done, routing, [])
    bad = walk(frame, frame.graph.branch(routing, _RAISED), raise_again, node)
    return join_then_rest(frame, [good, bad], rest, node)
