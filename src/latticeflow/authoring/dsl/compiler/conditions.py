"""Booleans: conditions, `and`/`or`/`not`, chains, `a if c else b`, and what they tell of types.

What Python may not evaluate must not run: an operand that holds steps becomes a branch. One that
only computes stays in the same expression, which evaluates as lazily as Python does.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum
from typing import Literal

from latticeflow.authoring.dsl.compiler import cel
from latticeflow.authoring.dsl.compiler.branches import join, phi, route, walk
from latticeflow.authoring.dsl.compiler.graph import INPUT
from latticeflow.authoring.dsl.compiler.names import MISSING, resolve
from latticeflow.authoring.dsl.compiler.operators import compare, negation
from latticeflow.authoring.dsl.compiler.scope import FALLS, Exits, Slot, path_of
from latticeflow.authoring.dsl.compiler.session import Frame
from latticeflow.authoring.dsl.compiler.types import (
    NONE,
    TypeForm,
    describe,
    finite_values,
    is_any,
    is_optional,
    is_scalar,
    kinds,
    members,
    union,
    without_none,
)
from latticeflow.authoring.dsl.compiler.values import (
    AND,
    FALSE,
    NULL,
    OR,
    TRUE,
    UNKNOWN,
    Const,
    Ref,
    Unknown,
    Value,
)
from latticeflow.authoring.dsl.compiler.wiring import feed, settle, type_of

COMPUTED_CALLS = frozenset({"len", "min", "max"})
COMPUTED_METHODS = frozenset({"startswith", "endswith"})
Facts = dict[str, TypeForm]


def condition(frame: Frame, node: ast.expr) -> Value:
    """Compile a condition, which must be a boolean."""
    return require_bool(frame, node, frame.rules.expression(frame, node))


def require_bool(frame: Frame, node: ast.expr, value: Value) -> Value:
    """Refuse a value that is no boolean."""
    form = type_of(value)
    if isinstance(value, Unknown) or kinds(form) <= {"bool", "any"}:
        return value
    shown = frame.text(node)
    if not is_optional(form):
        hint = f"write a comparison, such as `{shown} != 0`"
        if kinds(form) <= {"str"}:
            hint = f'write `{shown} != ""`'
        elif kinds(form) <= {"list", "dict", "tuple", "set"}:
            hint = f"write `len({shown}) > 0`"
        frame.report("FLOW010", node, expression=shown, type=describe(form), hint=hint)
        return UNKNOWN
    fix = frame.rewrite(node, f"{shown} is not None", "test for None", safe=False)
    hint = f"say what you mean: `{shown} is not None`"
    if kinds(without_none(form)) == {"str"}:
        hint += f', or `{shown} is not None and {shown} != ""`'
    frame.report("FLOW010", node, expression=shown, type=describe(form), hint=hint, fix=fix)
    return UNKNOWN


def has_steps(frame: Frame, node: ast.expr) -> bool:
    """Tell whether evaluating `node` makes steps: calls, waits, loops, new variables."""
    for part in ast.walk(node):
        if isinstance(part, ast.Await | ast.NamedExpr | ast.ListComp | ast.SetComp | ast.DictComp):
            return True
        if isinstance(part, ast.GeneratorExp | ast.Lambda):
            return True
        if isinstance(part, ast.Call) and not _only_computes(frame, part):
            return True
    return False


def _only_computes(frame: Frame, node: ast.Call) -> bool:
    if isinstance(node.func, ast.Name):
        return node.func.id in COMPUTED_CALLS and frame.lookup(node.func.id) is None
    return (
        isinstance(node.func, ast.Attribute)
        and node.func.attr in COMPUTED_METHODS
        and resolve(frame.unit, node.func) is MISSING
    )


@contextmanager
def knowing(frame: Frame, facts: Facts) -> Iterator[None]:
    """Compile an operand that is only evaluated if `facts` hold, in the same expression."""
    saved, paths = frame.scope.facts, frame.inline_paths
    frame.scope.facts = {**saved, **facts}
    frame.inline_paths = paths.union(facts)
    frame.inline += 1
    try:
        yield
    finally:
        frame.inline -= 1
        frame.inline_paths = paths
        frame.scope.facts = saved


@contextmanager
def rehearsal(frame: Frame) -> Iterator[None]:
    """Compile something only to learn its type; nothing of it is kept."""
    issues = frame.unit.session.issues
    count, pending, mark = len(issues), frame.pending, frame.graph.mark()
    scope, frame.pending = frame.scope, list(pending)
    frame.scope = scope.copy()
    try:
        yield
    finally:
        del issues[count:]
        frame.pending = pending
        for name, port in frame.captured.items():
            # An input that was asked for stays; what it is called must be known then.
            scope.slots.setdefault(name, Slot(Ref(INPUT, (port,), frame.captures[port].type)))
        frame.scope = scope
        frame.graph.rewind(mark)


# -- and, or, not ----------------------------------------------------------------------------------


def logical(frame: Frame, node: ast.BoolOp) -> Value:
    """Compile `a and b`, `a or b`."""
    return _chain(frame, list(node.values), is_and=isinstance(node.op, ast.And), at=node)


def _chain(frame: Frame, operands: list[ast.expr], *, is_and: bool, at: ast.expr) -> Value:
    first, *rest = operands
    value = frame.rules.expression(frame, first)
    if rest and not is_and and is_optional(type_of(value)):
        _refuse_default(frame, at, first, rest, type_of(value))
        return UNKNOWN
    value = require_bool(frame, first, value)
    if not rest:
        return value
    facts = told(frame, first, truth=is_and)
    if any(has_steps(frame, operand) for operand in rest):
        decide: Callable[[], Value] = lambda: _chain(frame, rest, is_and=is_and, at=at)  # noqa: E731
        return lazily(frame, value, facts, decide, is_and=is_and, at=at)
    return _combined(frame, value, facts, rest, is_and=is_and)


def _refuse_default(
    frame: Frame, at: ast.expr, first: ast.expr, rest: list[ast.expr], form: TypeForm
) -> None:
    """Refuse `a or default`, which takes the default for an empty text too."""
    shown = frame.text(first)
    instead = f"{shown} if {shown} is not None else {frame.text(rest[0])}"
    hint = f"say what you mean: `{instead}`"
    fix = frame.rewrite(at, instead, "test for None", safe=False) if len(rest) == 1 else None
    frame.report("FLOW010", first, expression=shown, type=describe(form), hint=hint, fix=fix)
    for operand in rest:
        frame.rules.expression(frame, operand)


def _combined(
    frame: Frame, value: Value, facts: Facts, rest: list[ast.expr], *, is_and: bool
) -> Value:
    fallible = cel.is_fallible(value)
    with knowing(frame, facts):
        other = condition(frame, rest[0])
        if len(rest) > 1:
            further = told(frame, rest[0], truth=is_and)
            other = _combined(frame, other, further, rest[1:], is_and=is_and)
    if isinstance(value, Unknown) or isinstance(other, Unknown):
        return UNKNOWN
    if isinstance(value, Const):
        return other if value.value is is_and else value
    if isinstance(other, Const) and other.value is is_and:
        return value
    if fallible:
        # CEL forgives a failing left side if the right side decides; Python does not.
        then, otherwise = (other, FALSE) if is_and else (TRUE, other)
        return cel.choice(frame, value, then, otherwise, bool)
    sign, level = ("&&", AND) if is_and else ("||", OR)
    return cel.infix(frame, value, sign, other, bool, level)


def lazily(
    frame: Frame,
    value: Value,
    facts: Facts,
    decide: Callable[[], Value],
    *,
    is_and: bool,
    at: ast.expr,
) -> Value:
    """Return `value and decide()` (or `or`) where deciding makes steps: a branch of their own."""
    if isinstance(value, Unknown):
        decide()
        return UNKNOWN
    if isinstance(value, Const):
        return decide() if value.value is is_and else value
    routing = route(frame, "if", value, "cond_1", at)
    if routing is None:
        return UNKNOWN
    found: list[Value] = []

    def open_side() -> Exits:
        frame.scope.facts.update(facts)
        found.append(settle(frame, decide(), "cond_1", at))
        return FALLS

    sides = {"true": is_and, "false": not is_and}
    paths, entries = [], []
    for label, opens in sides.items():
        region = frame.graph.branch(routing, label)
        path = walk(frame, region, open_side if opens else lambda: FALLS, at)
        paths.append(path)
        entries.append((region, found[0] if opens else (FALSE if is_and else TRUE)))
    join(frame, paths, at)
    entries.sort(key=lambda entry: isinstance(entry[1], Const))
    return phi(frame, entries, "cond_1", at)


def inverted(frame: Frame, node: ast.UnaryOp) -> Value:
    """Compile `not a`."""
    return negation(frame, condition(frame, node.operand))


def comparison(frame: Frame, node: ast.Compare) -> Value:
    """Compile a comparison, or a chain of them, each operand once."""
    left = frame.rules.expression(frame, node.left)
    right = frame.rules.expression(frame, node.comparators[0])
    if len(node.ops) == 1:
        return compare(frame, node, left, node.ops[0], right)
    return _compare_on(frame, node, left, right, 0)


def _compare_on(frame: Frame, node: ast.Compare, left: Value, right: Value, number: int) -> Value:
    last = number == len(node.ops) - 1
    if not last and cel.known(right):
        # The next comparison reads it again.
        right = feed(frame, right, "value", node)
    value = compare(frame, node, left, node.ops[number], right)
    if last:
        return value
    following = node.comparators[number + 1]

    def decide() -> Value:
        return _compare_on(frame, node, right, frame.rules.expression(frame, following), number + 1)

    if any(has_steps(frame, operand) for operand in node.comparators[number + 1 :]):
        return lazily(frame, value, {}, decide, is_and=True, at=node)
    fallible = cel.is_fallible(value)
    with knowing(frame, {}):
        other = decide()
    if isinstance(value, Unknown) or isinstance(other, Unknown):
        return UNKNOWN
    if fallible:
        return cel.choice(frame, value, other, FALSE, bool)
    return cel.infix(frame, value, "&&", other, bool, AND)


# -- a if c else b ---------------------------------------------------------------------------------


def ternary(frame: Frame, node: ast.IfExp) -> Value:
    """Compile `a if c else b`; only the taken arm runs."""
    test = condition(frame, node.test)
    positive, negative = told(frame, node.test, truth=True), told(frame, node.test, truth=False)
    arms = ((node.body, positive), (node.orelse, negative))
    if isinstance(test, Const):
        return frame.rules.expression(frame, node.body if test.value else node.orelse)
    if isinstance(test, Unknown):
        for arm, facts in arms:
            with knowing(frame, facts):
                frame.rules.expression(frame, arm)
        return UNKNOWN
    if not has_steps(frame, node.body) and not has_steps(frame, node.orelse):
        forms = []
        with rehearsal(frame):
            for arm, facts in arms:
                with knowing(frame, facts):
                    forms.append(type_of(frame.rules.expression(frame, arm)))
        if _same_kind(forms):
            found = []
            for arm, facts in arms:
                with knowing(frame, facts):
                    found.append(frame.rules.expression(frame, arm))
            if any(isinstance(value, Unknown) for value in found):
                return UNKNOWN
            return cel.choice(frame, test, found[0], found[1], union(forms))
    return _choose(frame, node, test, arms)


def _same_kind(forms: list[TypeForm]) -> bool:
    """Tell whether both arms are of one scalar kind, so that one expression can hold them."""
    found = [kinds(form) for form in forms]
    return all(is_scalar(form) for form in forms) and len(found[0]) == 1 and found[0] == found[1]


def _choose(
    frame: Frame, node: ast.IfExp, test: Value, arms: tuple[tuple[ast.expr, Facts], ...]
) -> Value:
    routing = route(frame, "if", test, "cond_1", node)
    if routing is None:
        return UNKNOWN
    paths, entries = [], []
    for label, (arm, facts) in zip(("true", "false"), arms, strict=True):
        found: list[Value] = []

        def take(arm: ast.expr = arm, facts: Facts = facts, found: list[Value] = found) -> Exits:
            frame.scope.facts.update(facts)
            found.append(settle(frame, frame.rules.expression(frame, arm), "value", arm))
            return FALLS

        region = frame.graph.branch(routing, label)
        paths.append(walk(frame, region, take, node))
        entries.append((region, found[0]))
    join(frame, paths, node)
    return phi(frame, entries, "value", node)


# -- what a condition tells ------------------------------------------------------------------------


def told(frame: Frame, node: ast.expr, *, truth: bool) -> Facts:
    """Return the types that are known if `node` is `truth`."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return told(frame, node.operand, truth=not truth)
    if isinstance(node, ast.BoolOp):
        if isinstance(node.op, ast.And) is not truth:
            return {}
        found: Facts = {}
        for operand in node.values:
            found.update(told(frame, operand, truth=truth))
        return found
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        return _by_comparison(frame, node, truth=truth)
    return {}


def _by_comparison(frame: Frame, node: ast.Compare, *, truth: bool) -> Facts:
    sign, left, right = node.ops[0], node.left, node.comparators[0]
    path = path_of(left)
    if path is None or not isinstance(sign, ast.Is | ast.IsNot | ast.Eq | ast.NotEq):
        return {}
    with rehearsal(frame):
        target = left.target if isinstance(left, ast.NamedExpr) else left
        value = frame.rules.expression(frame, target)
        other = NULL if has_steps(frame, right) else frame.rules.expression(frame, right)
    if has_steps(frame, right) or (not isinstance(value, Ref | Const) and is_any(type_of(value))):
        return {}
    form = type_of(value)
    equal = isinstance(sign, ast.Is | ast.Eq) is truth
    if isinstance(other, Const) and not is_any(form):
        return narrowing(path, form, other, equal=equal)
    return {}


def narrowing(path: str, form: TypeForm, constant: Const, *, equal: bool) -> Facts:
    """Return what is known of `path` if it equals, or does not equal, a constant."""
    if constant.value is None:
        if equal:
            return {path: NONE} if is_optional(form) else {}
        return {path: without_none(form)} if is_optional(form) else {}
    values = finite_values(form)
    if values is None:
        return {path: without_none(form)} if equal and is_optional(form) else {}
    same = [value for value in values if _json(value) == constant.value and value is not None]
    rest = [value for value in values if value not in same]
    kept = same if equal else rest
    return {path: of_values(form, kept)} if kept else {}


def _json(value: object) -> object:
    return value.value if isinstance(value, Enum) else value


def of_values(form: TypeForm, values: list[object]) -> TypeForm:
    """Return the type of exactly `values`, which `form` admits."""
    if len(values) == len(finite_values(form) or ()):
        return form
    nothing = [NONE] if None in values else []
    some = tuple(value for value in values if value is not None)
    if set(members(form)) == {bool} or not some:
        return union([*([bool] if some else []), *nothing])
    return union([Literal[some], *nothing])
