"""The compiler's door: a `@flow` function goes in, what it says as a graph comes out."""

from __future__ import annotations

import ast
from collections.abc import Callable
from types import FunctionType
from typing import Any

import msgspec

from latticeflow.authoring.dsl.compiler import (
    assigning,
    comprehensions,
    conditions,
    displays,
    expressions,
    handlers,
    invoking,
    loops,
    matching,
    operators,
    raising,
    scoped,
    statements,
    streaming,
)
from latticeflow.authoring.dsl.compiler.entry import entry_flow
from latticeflow.authoring.dsl.compiler.flows import compile_function
from latticeflow.authoring.dsl.compiler.names import root_of
from latticeflow.authoring.dsl.compiler.scope import FALLS, Exits
from latticeflow.authoring.dsl.compiler.session import (
    Compiled,
    Frame,
    Judge,
    Rules,
    Session,
    declared,
)
from latticeflow.authoring.dsl.compiler.source import find_function, plain_function
from latticeflow.authoring.dsl.compiler.statements import Statement
from latticeflow.authoring.dsl.compiler.values import UNKNOWN, Value
from latticeflow.authoring.dsl.options import flow_options
from latticeflow.authoring.model import Authored
from latticeflow.diagnostics import Diagnostic, report, sort_diagnostics
from latticeflow.flow.component import Catalog

Form = Callable[[Frame, Any], Value]


def compile_flow(fn: Callable[..., Any], *, effects_of: Judge = declared) -> Authored:
    """Compile a `@flow` function to its graph. Nothing of the body runs.

    The same source gives the same graph, byte for byte. All mistakes are reported at once; the
    flow is None if there is an error among them.

    Args:
        fn: The function, under any wrappers.
        effects_of: What a component does and how repeatable it is, for the order of steps; what
            it declares by default.
    """
    function = plain_function(fn)
    if function is None or flow_options(fn) is None:
        name = getattr(fn, "__qualname__", None) or repr(fn)
        what = "no @flow function" if function is not None else "no function"
        return Authored(None, diagnostics=(report("FLOW003", name=name, what=what),))
    known = getattr(function, _COMPILED, None)
    if isinstance(known, _Known) and known.is_current(effects_of):
        return known.authored
    session = Session(judge=effects_of)
    compiled = compile_function(session, function, RULES)
    flow = None if compiled is None else entry_flow(compiled, function)
    entry = session.catalog.get(compiled.identifier) if compiled is not None else None
    authored = Authored(
        flow=flow,
        catalog=Catalog(session.catalog.values()),
        spans=compiled.spans if compiled is not None else {},
        diagnostics=sort_diagnostics(session.kept),
        files=session.files,
        decode=entry.decode if entry is not None else {},
    )
    setattr(function, _COMPILED, _Known(authored, session))
    return authored


class _Known(msgspec.Struct, frozen=True):
    """A compiled flow, and the session that knows what it was compiled from."""

    authored: Authored
    session: Session

    def is_current(self, judge: Judge) -> bool:
        """Tell whether neither the sources nor what names outside stand for have changed."""
        session = self.session
        if session.judge != judge:  # two bound methods of one object are equal, not the same
            return False
        for fn, node in session.sources.items():
            source = find_function(fn)
            if isinstance(source, Diagnostic) or source.node is not node:
                return False
        return all(root_of(unit, name) is found for unit, name, found in session.roots)


_COMPILED = "__lattice_compiled__"
# On the function, so that both go together.


def _expression(frame: Frame, node: ast.expr) -> Value:
    compile_one = EXPRESSIONS.get(type(node))
    if compile_one is None:
        frame.report("FLOW008", node, what=_NAMES.get(type(node), f"`{frame.text(node)}`"))
        return UNKNOWN
    return compile_one(frame, node)


def _block(frame: Frame, body: list[ast.stmt]) -> Exits:
    return statements.block(frame, body, STATEMENTS)


def _flow(session: Session, fn: FunctionType) -> Compiled | None:
    return compile_function(session, fn, RULES)


def _arithmetic(frame: Frame, node: ast.BinOp) -> Value:
    left = frame.rules.expression(frame, node.left)
    right = frame.rules.expression(frame, node.right)
    return operators.arithmetic(frame, node, left, node.op, right)


def _unary(frame: Frame, node: ast.UnaryOp) -> Value:
    if isinstance(node.op, ast.Not):
        return conditions.inverted(frame, node)
    value = frame.rules.expression(frame, node.operand)
    if isinstance(node.op, ast.USub):
        return operators.negative(frame, node, value)
    frame.report("FLOW014", node, expression=frame.text(node))
    return UNKNOWN


def _simple(action: Callable[[Frame, Any], None]) -> Statement:
    def compile_one(frame: Frame, node: ast.stmt, _rest: list[ast.stmt]) -> tuple[Exits, bool]:
        action(frame, node)
        return FALLS, False

    return compile_one


EXPRESSIONS: dict[type[ast.expr], Form] = {
    ast.Constant: expressions.constant,
    ast.Name: expressions.name,
    ast.Attribute: expressions.attribute,
    ast.Subscript: expressions.subscript,
    ast.List: displays.display,
    ast.Tuple: displays.display,
    ast.Set: displays.display,
    ast.Dict: displays.record,
    ast.JoinedStr: displays.f_string,
    ast.BinOp: _arithmetic,
    ast.UnaryOp: _unary,
    ast.BoolOp: conditions.logical,
    ast.Compare: conditions.comparison,
    ast.IfExp: conditions.ternary,
    ast.NamedExpr: assigning.walrus,
    ast.Yield: streaming.yield_,
    ast.ListComp: comprehensions.list_comprehension,
    ast.Call: invoking.call,
    ast.Await: invoking.await_,
}
"""How each kind of expression is compiled; what is not here is outside the subset."""

STATEMENTS: dict[type[ast.stmt], Any] = {
    ast.Assign: _simple(assigning.assign),
    ast.AnnAssign: _simple(assigning.annotated),
    ast.AugAssign: _simple(assigning.augmented),
    ast.Expr: statements.expression,
    ast.If: statements.if_,
    ast.Match: matching.match_,
    ast.For: loops.for_,
    ast.AsyncFor: loops.for_,
    ast.While: loops.while_,
    ast.Try: handlers.try_,
    ast.With: scoped.with_,
    ast.AsyncWith: scoped.with_,
    ast.Return: statements.return_,
    ast.Raise: raising.raise_,
    ast.Break: statements.break_,
    ast.Continue: statements.continue_,
    ast.Pass: statements.pass_,
}
"""How each kind of statement is compiled; what is not here is outside the subset."""

_NAMES: dict[type[ast.expr], str] = {
    ast.Lambda: "a lambda",
    ast.GeneratorExp: "a generator",
    ast.SetComp: "a set comprehension",
    ast.DictComp: "a dict comprehension",
    ast.Starred: "unpacking",
    ast.YieldFrom: "`yield from`",
}

RULES = Rules(expression=_expression, block=_block, flow=_flow)
