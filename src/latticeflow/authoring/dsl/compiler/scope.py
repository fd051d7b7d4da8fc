"""The variables of a flow at one point of its body."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping

import msgspec

from latticeflow.authoring.dsl.compiler.types import TypeForm
from latticeflow.authoring.dsl.compiler.values import FALSE, UNKNOWN, Value

RESULT = "%result"
RETURNED = "%returned"
BROKE = "%broke"
CONTINUED = "%continued"
THREW = "%threw"
CASE = "%case"
"""Begins the names of variables that say which handler an error goes to."""
FLAGS = (RETURNED, BROKE, CONTINUED, THREW)
HIDDEN = (RESULT, *FLAGS)

FALL, RETURN, BREAK, CONTINUE, RAISE = "fall", "return", "break", "continue", "raise"
THROW = "throw"
"""An error that a handler of the same graph takes; `RAISE` fails the graph."""
FLAG_EXITS = {RETURNED: RETURN, BROKE: BREAK, CONTINUED: CONTINUE, THREW: THROW}
Exits = frozenset[str]
FALLS: Exits = frozenset({FALL})
GOES_ON: Exits = frozenset({FALL, BREAK, CONTINUE, THROW})
"""The ways out after which the variables of a block can still be read."""


class Slot(msgspec.Struct, frozen=True):
    """What a name stands for. `maybe` says why it may have no value here, None if it has one."""

    value: Value
    maybe: str | None = None


class Scope(msgspec.Struct):
    """Names and their values.

    `facts` holds types narrowed by conditions, by dotted path; `declared` the annotations of
    variables; `own` the names that were given a value here rather than around this body.
    `falling` says which names that may have no value do have one where nothing jumped away.
    """

    slots: dict[str, Slot] = msgspec.field(default_factory=dict)
    facts: dict[str, TypeForm] = msgspec.field(default_factory=dict)
    declared: dict[str, TypeForm] = msgspec.field(default_factory=dict)
    own: set[str] = msgspec.field(default_factory=set)
    falling: dict[str, str | None] = msgspec.field(default_factory=dict)
    bound_at: dict[str, int] = msgspec.field(default_factory=dict)
    """How many steps that can fail stood before the last assignment of a name."""
    lost: set[str] = msgspec.field(default_factory=set)
    """Names given a value that an error after it would take away: a failed body has no value."""

    def copy(self) -> Scope:
        """Return a copy, for a branch of its own."""
        return Scope(
            dict(self.slots),
            dict(self.facts),
            dict(self.declared),
            set(self.own),
            dict(self.falling),
            dict(self.bound_at),
            set(self.lost),
        )

    def count(self, fallible: int) -> None:
        """Note which names are lost, now that so many steps can fail."""
        self.lost.update(name for name, before in self.bound_at.items() if before < fallible)

    def stay(self) -> None:
        """Go on where nothing jumped away."""
        for name, maybe in self.falling.items():
            self.slots[name] = Slot(self.slots[name].value, maybe)
        self.falling = {}

    def bind(self, name: str, value: Value) -> None:
        """Give `name` a value, and forget what was known of the one before."""
        self.slots[name] = Slot(value)
        self.own.add(name)
        self.falling.pop(name, None)
        self.forget(name)

    def lose(self, name: str, why: str) -> None:
        """Note that `name` has no value that could be told from here on."""
        self.bind(name, UNKNOWN)
        self.slots[name] = Slot(UNKNOWN, why)

    def forget(self, name: str) -> None:
        """Forget what conditions told about `name`."""
        for path in [p for p in self.facts if p == name or p.startswith((f"{name}.", f"{name}["))]:
            del self.facts[path]

    def flag(self, name: str) -> Value:
        """Return a hidden flag, which is false until it is set."""
        slot = self.slots.get(name)
        return FALSE if slot is None else slot.value


def common_facts(facts: Iterable[Mapping[str, TypeForm]]) -> dict[str, TypeForm]:
    """Return what is known on every one of several paths."""
    first, *rest = list(facts) or [{}]
    return {
        path: form
        for path, form in first.items()
        if all(path in other and other[path] == form for other in rest)
    }


def path_of(node: ast.expr) -> str | None:
    """Return the dotted path of a name, field or constant index, None for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        inner = path_of(node.value)
        return None if inner is None else f"{inner}.{node.attr}"
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        inner = path_of(node.value)
        return None if inner is None else f"{inner}[{node.slice.value!r}]"
    if isinstance(node, ast.NamedExpr):
        return path_of(node.target)
    return None


def names_read(nodes: Iterable[ast.AST]) -> set[str]:
    """Return the names that are read anywhere in `nodes`."""
    found: set[str] = set()
    for node in nodes:
        for part in ast.walk(node):
            if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load):
                found.add(part.id)
            elif isinstance(part, ast.AugAssign) and isinstance(part.target, ast.Name):
                found.add(part.target.id)
    return found


def names_bound(nodes: Iterable[ast.AST]) -> list[str]:
    """Return the names that are given a value anywhere in `nodes`, in order of appearance.

    The variables of a comprehension are its own.
    """
    found: dict[str, None] = {}
    waiting = list(nodes)[::-1]
    while waiting:
        part = waiting.pop()
        if isinstance(part, ast.Name):
            if not isinstance(part.ctx, ast.Load):
                found[part.id] = None
            continue
        if isinstance(part, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and part.name:
            found[part.name] = None
        if isinstance(part, ast.comprehension):
            waiting.extend([*part.ifs, part.iter][::-1])
            continue
        waiting.extend(list(ast.iter_child_nodes(part))[::-1])
    return list(found)
