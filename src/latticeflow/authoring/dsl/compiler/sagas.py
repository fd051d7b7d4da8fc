"""`saga`: what follows an `undo` is tried, and undone if it fails.

`s.undo(refund, receipt)` and the rest of its block mean the same as

    try:
        ...the rest
    except BaseException:
        refund(receipt)
        raise

so that nesting gives the order: last registered, first undone.
"""

from __future__ import annotations

import ast
import inspect

from latticeflow.authoring.dsl.compiler.names import MISSING, resolve
from latticeflow.authoring.dsl.compiler.session import Frame
from latticeflow.authoring.dsl.compiler.source import plain_function
from latticeflow.authoring.dsl.options import flow_options, node_options


def without_saga(frame: Frame, body: list[ast.stmt], name: str | None) -> list[ast.stmt]:
    """Return the block of a saga called `name`, with its undo steps as handlers."""
    for number, statement in enumerate(body):
        call = _undo_of(statement, name)
        if call is None:
            _look_for_uses(frame, statement, name)
            continue
        rest = without_saga(frame, body[number + 1 :], name)
        registered = _registered(frame, call)
        if registered is None:
            return [*body[:number], *rest]
        saved, undo = registered
        block = rest or [ast.copy_location(ast.Pass(), statement)]
        again = ast.copy_location(ast.Raise(None, None), statement)
        handler = ast.ExceptHandler(None, None, [undo, again])
        tried = ast.Try(block, [ast.copy_location(handler, statement)], [], [])
        return [*body[:number], *saved, ast.copy_location(tried, statement)]
    return body


def _undo_of(statement: ast.stmt, name: str | None) -> ast.Call | None:
    if not isinstance(statement, ast.Expr) or not isinstance(statement.value, ast.Call):
        return None
    call = statement.value
    target = call.func
    if not isinstance(target, ast.Attribute) or target.attr != "undo":
        return None
    if not isinstance(target.value, ast.Name) or target.value.id != name:
        return None
    return call


def _look_for_uses(frame: Frame, statement: ast.stmt, name: str | None) -> None:
    for part in ast.walk(statement):
        if isinstance(part, ast.Name) and part.id == name:
            why = "register undo steps in the block of the saga itself, not inside a branch or loop"
            frame.report("FLOW033", part, name=f"{name}", why=why)
            return


def _registered(frame: Frame, call: ast.Call) -> tuple[list[ast.stmt], ast.stmt] | None:
    """Return what fixes the arguments now, and the call that undoes with them later."""
    if not call.args or any(isinstance(argument, ast.Starred) for argument in call.args):
        frame.report("FLOW022", call, name=frame.text(call.func), why="the node is missing")
        return None
    target, *arguments = call.args
    found = resolve(frame.unit, target)
    if found is MISSING or (node_options(found) is None and flow_options(found) is None):
        frame.report("FLOW009", target, name=frame.text(target), what="is not a node")
        return None
    saved: list[ast.stmt] = []

    def fixed(argument: ast.expr) -> ast.expr:
        if isinstance(argument, ast.Constant):
            return argument
        # No name that a person can write, so it is rebound by nothing.
        name = frame.temporary("undo", argument)
        store, load = ast.Name(name, ast.Store()), ast.Name(name, ast.Load())
        assign = ast.Assign([ast.copy_location(store, argument)], argument)
        saved.append(ast.copy_location(assign, argument))
        return ast.copy_location(load, argument)

    again = ast.Call(
        target,
        [fixed(argument) for argument in arguments],
        [ast.keyword(k.arg, fixed(k.value)) for k in call.keywords],
    )
    value: ast.expr = ast.copy_location(again, call)
    fn = plain_function(found)
    if fn is not None and inspect.iscoroutinefunction(fn):
        value = ast.copy_location(ast.Await(value), call)
    return saved, ast.copy_location(ast.Expr(value), call)
