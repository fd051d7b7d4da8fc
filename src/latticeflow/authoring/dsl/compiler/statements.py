"""Blocks: one statement after another, `if`, `match` forms aside, `return`, `raise`, and jumps."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping

from latticeflow.authoring.dsl.compiler.branches import Path, join, resume, route, walk
from latticeflow.authoring.dsl.compiler.cel import infix
from latticeflow.authoring.dsl.compiler.conditions import condition, told
from latticeflow.authoring.dsl.compiler.scope import (
    BREAK,
    BROKE,
    CONTINUE,
    CONTINUED,
    FALL,
    FALLS,
    FLAG_EXITS,
    RAISE,
    RESULT,
    RETURN,
    RETURNED,
    Exits,
)
from latticeflow.authoring.dsl.compiler.session import Frame
from latticeflow.authoring.dsl.compiler.values import (
    FALSE,
    NULL,
    OR,
    TRUE,
    Const,
    Unknown,
    Value,
)
from latticeflow.authoring.dsl.compiler.wiring import flush, settle

Statement = Callable[[Frame, ast.stmt, list[ast.stmt]], tuple[Exits, bool]]
"""Compiles a statement, given those after it; tells its ways out and whether it took those too."""

_FLAG_OF = {exit_: flag for flag, exit_ in FLAG_EXITS.items()}
_AFTER = {RETURN: "it follows a return", RAISE: "it follows a raise", BREAK: "it follows a break"}


def block(
    frame: Frame, statements: list[ast.stmt], forms: Mapping[type[ast.stmt], Statement]
) -> Exits:
    """Compile a block; return the ways out of it."""
    exits: Exits = frozenset()
    for number, statement in enumerate(statements):
        rest = statements[number + 1 :]
        compile_one = forms.get(type(statement))
        if compile_one is None:
            frame.report("FLOW005", statement, what=_name_of(statement))
            continue
        guarded = None if frame.guard is None else frame.guard(frame, statement)
        if guarded is not None:
            found, took_rest = guarded, False
        else:
            found, took_rest = compile_one(frame, statement, rest)
        flush(frame, statement)
        exits |= found - FALLS
        if took_rest:
            return exits | found
        if FALL not in found:
            if rest:
                why = next((_AFTER[exit_] for exit_ in _AFTER if exit_ in found), "")
                frame.report("FLOW021", rest[0], why=why or "no way leads here")
            return exits
        jumps = found - {FALL, RAISE}
        if jumps and rest:
            return exits | _if_still_here(frame, jumps, rest, statement)
    return exits | FALLS


def _if_still_here(frame: Frame, jumps: Exits, rest: list[ast.stmt], at: ast.stmt) -> Exits:
    """Compile what runs only if a branch above did not return, break or continue."""
    return still_here(frame, jumps, lambda: frame.rules.block(frame, rest), at)


def still_here(frame: Frame, jumps: Exits, action: Callable[[], Exits], at: ast.AST) -> Exits:
    """Compile something that runs only if none of `jumps` was taken."""
    gone: Value = FALSE
    for jump in sorted(jumps):
        flag = frame.scope.flag(_FLAG_OF[jump])
        gone = flag if gone == FALSE else infix(frame, gone, "||", flag, bool, OR)

    def stay() -> Exits:
        frame.scope.stay()
        return action()

    if isinstance(gone, Const | Unknown):
        return stay()
    routing = route(frame, "if", gone, "gone_1", at)
    if routing is None:
        return stay()
    left = walk(frame, frame.graph.branch(routing, "true"), lambda: jumps, at)
    here = walk(frame, frame.graph.branch(routing, "false"), stay, at)
    join(frame, [left, here], at)
    return here.exits


def if_(frame: Frame, node: ast.If, rest: list[ast.stmt]) -> tuple[Exits, bool]:
    """Compile `if`. Where one side never goes on, what follows belongs to the other side."""
    test = condition(frame, node.test)
    if isinstance(test, Const):
        return frame.rules.block(frame, [*(node.body if test.value else node.orelse), *rest]), True
    sides = (told(frame, node.test, truth=True), told(frame, node.test, truth=False))

    def side(number: int, statements: list[ast.stmt]) -> Callable[[], Exits]:
        def action() -> Exits:
            frame.scope.facts.update(sides[number])
            return frame.rules.block(frame, statements)

        return action

    routing = None if isinstance(test, Unknown) else route(frame, "if", test, "cond_1", node)
    regions = (
        (frame.graph.region, frame.graph.region)
        if routing is None
        else (frame.graph.branch(routing, "true"), frame.graph.branch(routing, "false"))
    )
    then = walk(frame, regions[0], side(0, node.body), node)
    if FALL not in then.exits:
        # The rest is the else branch, whatever that was.
        otherwise = walk(frame, regions[1], side(1, [*node.orelse, *rest]), node)
        return join(frame, [then, otherwise], node), True
    otherwise = walk(frame, regions[1], side(1, node.orelse), node)
    return join_then_rest(frame, [then, otherwise], rest, node)


def join_then_rest(
    frame: Frame, paths: list[Path], rest: list[ast.stmt], at: ast.AST
) -> tuple[Exits, bool]:
    """Join branches; if only one of them goes on, what follows belongs to that one."""
    going_on = [path for path in paths if FALL in path.exits]
    if len(going_on) != 1 or not rest or len(paths) == 1:
        return join(frame, paths, at), False
    only = going_on[0]
    jumps = only.exits - {FALL, RAISE}

    def action() -> Exits:
        if jumps:
            return still_here(frame, jumps, lambda: frame.rules.block(frame, rest), at)
        return frame.rules.block(frame, rest)

    after = resume(frame, only, action, at)
    return join(frame, [after if path is only else path for path in paths], at), True


def return_(frame: Frame, node: ast.Return, _rest: list[ast.stmt]) -> tuple[Exits, bool]:
    """Compile `return`."""
    value: Value = NULL
    if node.value is not None:
        value = settle(frame, frame.rules.expression(frame, node.value), "result", node)
    inner: Frame | None = frame
    while inner is not None:
        if inner.loop is not None:
            frame.report("FLOW017", node)
            return frozenset({RAISE}), False
        inner = inner.outer
    frame.scope.bind(RESULT, value)
    frame.scope.bind(RETURNED, TRUE)
    return frozenset({RETURN}), False


def break_(frame: Frame, node: ast.stmt, _rest: list[ast.stmt]) -> tuple[Exits, bool]:
    """Compile `break`."""
    return _jump(frame, node, BREAK, BROKE)


def continue_(frame: Frame, node: ast.stmt, _rest: list[ast.stmt]) -> tuple[Exits, bool]:
    """Compile `continue`."""
    return _jump(frame, node, CONTINUE, CONTINUED)


def _jump(frame: Frame, node: ast.stmt, exit_: str, flag: str) -> tuple[Exits, bool]:
    inner: Frame | None = frame
    known: set[str] = set()
    unrolled = False
    while inner is not None:
        unrolled = unrolled or inner.unrolled > 0
        slots = inner.scope.slots
        known |= {name for name in inner.scope.own if name in slots and not slots[name].maybe}
        if inner.loop is not None:
            break
        inner = inner.outer
    if inner is None or unrolled:
        why = "there is no loop around it that the graph keeps"
        frame.report("FLOW034", node, what=exit_, why=why)
        return frozenset({RAISE}), False
    if exit_ == BREAK and inner.concurrent > 1:
        why = f"the rounds run {inner.concurrent} at a time"
        frame.report("FLOW034", node, what=exit_, why=why)
        return frozenset({RAISE}), False
    if exit_ == BREAK:
        inner.at_breaks.append(known)
    frame.scope.bind(flag, TRUE)
    return frozenset({exit_}), False


def expression(frame: Frame, node: ast.Expr, _rest: list[ast.stmt]) -> tuple[Exits, bool]:
    """Compile a call for its effect; a text alone is a comment."""
    if not isinstance(node.value, ast.Constant):
        frame.rules.expression(frame, node.value)
    return FALLS, False


def pass_(_frame: Frame, _node: ast.stmt, _rest: list[ast.stmt]) -> tuple[Exits, bool]:
    """Compile `pass`."""
    return FALLS, False


_NAMES: dict[type[ast.stmt], str] = {
    ast.FunctionDef: "a function",
    ast.AsyncFunctionDef: "a function",
    ast.ClassDef: "a class",
    ast.Global: "`global`",
    ast.Nonlocal: "`nonlocal`",
    ast.Import: "`import`",
    ast.ImportFrom: "`import`",
    ast.Delete: "`del`",
    ast.Assert: "`assert`",
    ast.TryStar: "`except*`",
    ast.AsyncFor: "`async for`",
}


def _name_of(statement: ast.stmt) -> str:
    return _NAMES.get(type(statement), f"`{type(statement).__name__.lower()}`")
