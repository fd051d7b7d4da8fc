"""What is shared while one flow, the flows it calls and all their bodies are compiled."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from types import FunctionType
from typing import Any, TypeAlias

import msgspec

from latticeflow.authoring.dsl.compiler.graph import INPUT, Graph, typed_port
from latticeflow.authoring.dsl.compiler.scope import Exits, Scope, Slot
from latticeflow.authoring.dsl.compiler.source import FunctionSource
from latticeflow.authoring.dsl.compiler.types import TypeForm
from latticeflow.authoring.dsl.compiler.values import UNKNOWN, Const, Pending, Ref, Unknown, Value
from latticeflow.authoring.dsl.options import FlowOptions
from latticeflow.diagnostics import Diagnostic, Edit, Fix, Location, Related, Severity, report
from latticeflow.flow.component import Component
from latticeflow.flow.lattice import Determinism, Effects
from latticeflow.flow.model import Flow, Port, Span
from latticeflow.flow.spans import SpanMap

Thing: TypeAlias = Any
"""An object from outside the flow: a function, a class, a module, a constant."""

Judge: TypeAlias = Callable[[Component], tuple[Effects, Determinism]]
"""Says what a component does and how repeatable it is."""


def declared(component: Component) -> tuple[Effects, Determinism]:
    """Take a component at its word."""
    return component.spec.effects, component.spec.determinism


class Compiled(msgspec.Struct, frozen=True):
    """One flow function, compiled as a body: its graph and what of it others need.

    `spans` have no prefix. `result` is the type of its value. `stream` tells that it yields.
    """

    flow: Flow
    identifier: str
    spans: SpanMap
    result: TypeForm
    effects: Effects
    determinism: Determinism
    stream: bool = False


class Session(msgspec.Struct):
    """Collects what compiling one flow finds."""

    judge: Judge = declared
    issues: list[Diagnostic] = msgspec.field(default_factory=list)
    kept: list[Diagnostic] = msgspec.field(default_factory=list)
    """The findings of flows that are done."""
    catalog: dict[str, Component] = msgspec.field(default_factory=dict)
    files: dict[str, str] = msgspec.field(default_factory=dict)
    callees: dict[Thing, Thing] = msgspec.field(default_factory=dict)
    """What is known of the nodes and data types that were called, by the thing itself."""
    sources: dict[FunctionType, ast.AST] = msgspec.field(default_factory=dict)
    roots: list[tuple[Unit, str, Thing]] = msgspec.field(default_factory=list)
    """What names outside the flows stood for."""
    compiled: dict[FunctionType, Compiled | None] = msgspec.field(default_factory=dict)
    stack: list[FunctionType] = msgspec.field(default_factory=list)

    def has_errors(self) -> bool:
        """Tell whether a mistake was reported, in the flow at hand or in one before it."""
        return any(issue.is_error for issue in (*self.issues, *self.kept))


@dataclass(frozen=True, slots=True)
class Unit:
    """One flow function."""

    session: Session
    fn: FunctionType
    source: FunctionSource
    options: FlowOptions
    name: str
    hints: dict[str, Any]
    outside: dict[str, object]
    """What the function closes over."""
    temporaries: dict[tuple[str, int, int], int] = field(default_factory=dict)


Guard: TypeAlias = Callable[["Frame", ast.stmt], Exits | None]
"""Compiles a statement whose error a handler in the same graph takes; None for another one."""


class Rules(msgspec.Struct, frozen=True):
    """How expressions and statements are compiled; given to forms that contain others."""

    expression: Callable[[Frame, ast.expr], Value]
    block: Callable[[Frame, list[ast.stmt]], Exits]
    flow: Callable[[Session, FunctionType], Compiled | None]


class Frame(msgspec.Struct, eq=False):
    """One graph being built: the flow itself, or a body inside it.

    `captures` are the values of the frame around it that a body uses, by the name of the input
    through which they come, and `captured` says which variable comes through which; `reserved`
    are inputs with a meaning of their own. `loop` says which loop the body is of, `concurrent`
    how many of its rounds run at once, `unrolled` how many loops are being written out, `guard`
    how statements that may fail are compiled, where that is not the common way.
    """

    unit: Unit
    rules: Rules
    graph: Graph
    scope: Scope
    outer: Frame | None = None
    captures: dict[str, Value] = msgspec.field(default_factory=dict)
    captured: dict[str, str] = msgspec.field(default_factory=dict)
    inputs: dict[str, Port] = msgspec.field(default_factory=dict)
    reserved: set[str] = msgspec.field(default_factory=set)
    pending: list[Pending] = msgspec.field(default_factory=list)
    loop: str | None = None
    concurrent: int = 1
    unrolled: int = 0
    guard: Guard | None = None
    around: set[str] = msgspec.field(default_factory=set)
    """The names this body takes from the graph around it."""
    at_breaks: list[set[str]] = msgspec.field(default_factory=list)
    """For each `break` of this loop's body, the names that have a value there."""
    inline: int = 0
    """Above 0 while an operand is compiled that Python may not evaluate."""
    inline_paths: frozenset[str] = frozenset()
    """What the expression itself has tested, so that its text has to hold the test."""
    errors: frozenset[str] = frozenset()
    """The names that handlers around give their errors."""
    sagas: frozenset[str] = frozenset()

    # -- messages ------------------------------------------------------------------------------

    def report(
        self,
        code: str,
        node: ast.AST,
        *,
        hint: str | None = None,
        fix: Fix | None = None,
        related: Iterable[Related] = (),
        severity: Severity | None = None,
        **params: object,
    ) -> None:
        """Note a finding at `node`."""
        location = self.unit.source.file.location(node)
        self.unit.session.issues.append(
            report(
                code,
                location=location,
                hint=hint,
                fix=fix,
                related=related,
                severity=severity,
                **params,
            )
        )

    def place_issue(self, issue: Diagnostic, location: Location) -> None:
        """Note a finding that was made elsewhere, at a place of this flow."""
        self.unit.session.issues.append(msgspec.structs.replace(issue, location=location))

    def text(self, node: ast.AST) -> str:
        """Return the source of `node`, as messages quote it."""
        return self.unit.source.file.text_of(node)

    def span(self, node: ast.AST) -> Span:
        """Return the place of `node`."""
        return self.unit.source.file.span(node)

    def rewrite(self, node: ast.AST, text: str, title: str, *, safe: bool = True) -> Fix:
        """Return the fix that replaces `node` by `text`."""
        file = self.unit.source.file
        edit = Edit(file.label, file.range(node), text)
        return Fix(title, (edit,), "safe" if safe else "unsafe")

    def temporary(self, kind: str, node: ast.expr | ast.stmt) -> str:
        """Return the name for something at `node` that the compiler keeps; nobody can write it.

        It is numbered within the function, so that edits above the function change nothing.
        """
        known = self.unit.temporaries
        number = known.setdefault((kind, node.lineno, node.col_offset), len(known) + 1)
        return f"%{kind}_{number}"

    def note_bound(self, name: str) -> None:
        """Remember how much can fail before `name` has its new value."""
        scope, fallible = self.scope, self.graph.fallible
        if scope.bound_at.get(name, fallible) < fallible:
            scope.lost.add(name)
        scope.bound_at[name] = fallible

    # -- names ---------------------------------------------------------------------------------

    def lookup(self, name: str) -> tuple[Value, str | None] | None:
        """Return the value of a variable and why it may have none; None if it is none here.

        A variable of the graph around a body becomes an input of the body.
        """
        slot = self.scope.slots.get(name)
        if slot is not None:
            return slot.value, slot.maybe
        if self.outer is None:
            return None
        found = self.outer.lookup(name)
        if found is None:
            return None
        self.around.add(name)
        value, maybe = found
        if maybe is not None:
            return UNKNOWN, maybe
        if not isinstance(value, Const | Unknown):
            value = self.capture(name, value)
        return value, None

    def capture(self, name: str, value: Value) -> Ref:
        """Make `value` of the frame around this one an input of this body."""
        port = self.port_for(name)
        self.captures[port] = value
        self.captured[name] = port
        self.inputs[port] = typed_port(value.type)
        ref = Ref(INPUT, (port,), value.type)
        self.scope.slots.setdefault(name, Slot(ref))
        return ref

    def port_for(self, name: str) -> str:
        """Return the name of the input for variable `name`, which is its own where it is free."""
        port = name.strip("%")
        while port in self.reserved or port in self.inputs:
            port += "_"
        return port

    def fact(self, path: str) -> TypeForm | None:
        """Return what conditions on the way here told about `path`."""
        frame: Frame | None = self
        root = path.partition(".")[0].partition("[")[0]
        while frame is not None:
            if path in frame.scope.facts:
                return frame.scope.facts[path]
            if root in frame.scope.own:
                return None
            frame = frame.outer
        return None
