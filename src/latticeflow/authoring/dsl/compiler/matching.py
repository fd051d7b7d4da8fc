"""`match`: a switch over a closed set of values where it can be, else one test after another."""

from __future__ import annotations

import ast
from collections.abc import Callable
from enum import Enum

import msgspec

from latticeflow.authoring.dsl.compiler.branches import Path, route, walk
from latticeflow.authoring.dsl.compiler.cel import infix
from latticeflow.authoring.dsl.compiler.conditions import (
    condition,
    lazily,
    narrowing,
    of_values,
    told,
)
from latticeflow.authoring.dsl.compiler.graph import DEFAULT
from latticeflow.authoring.dsl.compiler.names import as_constant, resolve
from latticeflow.authoring.dsl.compiler.operators import compare
from latticeflow.authoring.dsl.compiler.regions import Region, Routing
from latticeflow.authoring.dsl.compiler.scope import FALLS, Exits, path_of
from latticeflow.authoring.dsl.compiler.session import Frame
from latticeflow.authoring.dsl.compiler.statements import join_then_rest
from latticeflow.authoring.dsl.compiler.types import (
    TypeForm,
    finite_values,
    kinds,
    members,
    without_none,
)
from latticeflow.authoring.dsl.compiler.values import (
    FALSE,
    NULL,
    OR,
    TRUE,
    UNKNOWN,
    Cel,
    Const,
    Display,
    Ref,
    Unknown,
    Value,
)
from latticeflow.authoring.dsl.compiler.wiring import feed, settle, type_of

_SWITCHABLE = frozenset({"str", "int", "bool", "enum"})


class Pattern(msgspec.Struct):
    """What a pattern admits: `constants`, or anything (None); `names` are given the subject."""

    constants: list[Const] | None
    names: list[str]


class Subject(msgspec.Struct, frozen=True):
    """A `match` whose patterns have been read; `covers` tells that some case always fits."""

    node: ast.Match
    value: Value
    patterns: list[Pattern]
    covers: bool

    @property
    def path(self) -> str:
        """The name under which facts about the subject are kept."""
        at = self.node
        return path_of(at.subject) or f"%subject_{at.lineno}_{at.col_offset}"

    @property
    def form(self) -> TypeForm:
        """The type of the subject."""
        return type_of(self.value)


def match_(frame: Frame, node: ast.Match, rest: list[ast.stmt]) -> tuple[Exits, bool]:
    """Compile `match`."""
    value = settle(frame, frame.rules.expression(frame, node.subject), "subject", node)
    if isinstance(value, Display):
        value = feed(frame, value, "subject", node)
    patterns = [_pattern(frame, case.pattern) for case in node.cases]
    known = [pattern for pattern in patterns if pattern is not None]
    if isinstance(value, Unknown) or len(known) < len(patterns):
        return _rehearse(frame, node)
    subject = Subject(node, value, known, _covers(frame, node, value, known))
    if _can_switch(node, value, known):
        return _switch(frame, subject, rest)
    return _test_on(frame, subject, 0, rest)


def _rehearse(frame: Frame, node: ast.Match) -> tuple[Exits, bool]:
    """Compile the cases only for the mistakes in them."""
    for case in node.cases:

        def action(case: ast.match_case = case) -> Exits:
            for part in ast.walk(case.pattern):
                name = getattr(part, "name", None)
                if isinstance(part, ast.MatchAs | ast.MatchStar) and name is not None:
                    frame.scope.bind(name, UNKNOWN)
            if case.guard is not None:
                condition(frame, case.guard)
            return frame.rules.block(frame, case.body)

        frame.scope = walk(frame, frame.graph.region, action, node).scope
    return FALLS, False


# -- patterns --------------------------------------------------------------------------------------


def _pattern(frame: Frame, node: ast.pattern) -> Pattern | None:
    """Read a pattern; None after a mistake was reported."""
    if isinstance(node, ast.MatchAs):
        inner = Pattern(None, [])
        if node.pattern is not None:
            found = _pattern(frame, node.pattern)
            if found is None:
                return None
            inner = found
        names = [node.name] if node.name is not None else []
        return Pattern(inner.constants, [*inner.names, *names])
    if isinstance(node, ast.MatchOr):
        parts = [_pattern(frame, part) for part in node.patterns]
        return _either(frame, node, parts)
    constant = _constant(frame, node)
    if constant is None:
        if not isinstance(node, ast.MatchValue):
            frame.report("FLOW020", node, pattern=frame.text(node), hint=_instead(node))
        return None
    return Pattern([constant], [])


def _either(frame: Frame, node: ast.MatchOr, parts: list[Pattern | None]) -> Pattern | None:
    constants: list[Const] = []
    for part in parts:
        if part is None:
            return None
        if part.names:
            frame.report("FLOW020", node, pattern=frame.text(node), hint="name the whole pattern")
            return None
        if part.constants is None:
            return Pattern(None, [])
        constants.extend(part.constants)
    return Pattern(constants, [])


def _constant(frame: Frame, node: ast.pattern) -> Const | None:
    if isinstance(node, ast.MatchSingleton):
        return as_constant(node.value)
    if not isinstance(node, ast.MatchValue):
        return None
    if isinstance(node.value, ast.Attribute):
        found = as_constant(resolve(frame.unit, node.value))
        if found is not None:
            return found
    value = frame.rules.expression(frame, node.value)
    if isinstance(value, Const):
        return value
    if not isinstance(value, Unknown):
        frame.report("FLOW020", node, pattern=frame.text(node), hint="use a constant")
    return None


def _instead(node: ast.pattern) -> str:
    if isinstance(node, ast.MatchClass):
        return "which class a value has is known to Python only; match on a field that tells"
    return "match on one field at a time"


# -- coverage --------------------------------------------------------------------------------------


def _covers(frame: Frame, node: ast.Match, subject: Value, patterns: list[Pattern]) -> bool:
    """Tell whether some case always matches; report what a closed set of values misses."""
    taken: list[object] = []
    for case, pattern in zip(node.cases, patterns, strict=True):
        if case.guard is not None:
            continue
        if pattern.constants is None:
            return True
        taken.extend(constant.value for constant in pattern.constants)
    values = finite_values(type_of(subject))
    if values is None:
        return False
    missing = [value for value in values if _plain(value) not in taken]
    if missing:
        shown = ", ".join(f"`{_shown(value)}`" for value in missing)
        frame.report("FLOW019", node.subject, missing=shown)
    return True


def _plain(value: object) -> object:
    return value.value if isinstance(value, Enum) else value


def _shown(value: object) -> str:
    return f"{type(value).__name__}.{value.name}" if isinstance(value, Enum) else repr(value)


# -- as a switch -----------------------------------------------------------------------------------


def _can_switch(node: ast.Match, subject: Value, patterns: list[Pattern]) -> bool:
    if isinstance(subject, Const) or any(case.guard is not None for case in node.cases):
        return False
    found = kinds(type_of(subject))
    if len(found) != 1 or not found <= _SWITCHABLE:
        return False
    constants = [c for pattern in patterns for c in pattern.constants or ()]
    wanted = {str: "str", int: "int", bool: "bool"}
    (kind,) = found
    labels = {type(constant.value) for constant in constants}
    if kind == "enum":
        return all(kinds(constant.type) == {"enum"} for constant in constants)
    return all(wanted.get(label) == kind for label in labels)


def _label(constant: Const) -> str:
    if isinstance(constant.value, bool):
        return "true" if constant.value else "false"
    return str(constant.value)


def _switch(frame: Frame, subject: Subject, rest: list[ast.stmt]) -> tuple[Exits, bool]:
    node, routed = subject.node, subject.value
    if isinstance(routed, Ref) and kinds(routed.type) == {"enum"}:
        # What stands behind a member is what a label can say.
        routed = settle(frame, Cel((routed,), str), "match_1", node)
    routing = route(frame, "switch", routed, "match_1", node)
    if routing is None:
        return FALLS, False
    paths: list[Path] = []
    left = finite_values(subject.form)
    for case, pattern in zip(node.cases, subject.patterns, strict=True):
        taken = None if pattern.constants is None else [c.value for c in pattern.constants]
        region = _region(frame, routing, pattern)
        if region is not None:
            fits = [v for v in left or () if taken is None or _plain(v) in taken]
            form = None if left is None else of_values(subject.form, fits)
            action = _case(frame, subject, case, pattern, form)
            paths.append(walk(frame, region, action, case.body[0]))
        if taken is None:
            break
        if left is not None:
            left = tuple(value for value in left if _plain(value) not in taken)
    if DEFAULT not in routing.branches and not subject.covers:
        region = frame.graph.branch(routing, DEFAULT)
        paths.append(walk(frame, region, lambda: FALLS, node))
    return join_then_rest(frame, paths, rest, node)


def _region(frame: Frame, routing: Routing, pattern: Pattern) -> Region | None:
    """Return the branch of a case, None if the cases above it leave nothing to it."""
    if pattern.constants is None:
        return frame.graph.branch(routing, DEFAULT)
    labels = [_label(constant) for constant in pattern.constants]
    fresh = [label for label in labels if label not in routing.branches]
    if not fresh:
        return None
    region = frame.graph.branch(routing, fresh[0])
    for label in fresh[1:]:
        routing.branches[label] = region
    return region


def _case(
    frame: Frame,
    subject: Subject,
    case: ast.match_case,
    pattern: Pattern,
    form: TypeForm | None,
) -> Callable[[], Exits]:
    def action() -> Exits:
        if form is not None:
            frame.scope.facts[subject.path] = form
        for name in pattern.names:
            frame.scope.bind(name, subject.value)
            if form is not None:
                frame.scope.facts[name] = form
        return frame.rules.block(frame, case.body)

    return action


# -- as tests --------------------------------------------------------------------------------------


def _test_on(
    frame: Frame, subject: Subject, number: int, rest: list[ast.stmt]
) -> tuple[Exits, bool]:
    """Compile the cases from `number` on as `if` and `elif`."""
    if number == len(subject.patterns):
        return frame.rules.block(frame, rest), True
    case, pattern = subject.node.cases[number], subject.patterns[number]
    known = frame.scope.facts.get(subject.path)
    for name in pattern.names:
        frame.scope.bind(name, subject.value)
        if known is not None:
            frame.scope.facts[name] = known
    test = _test(frame, subject, case, pattern)
    last = number == len(subject.patterns) - 1 and subject.covers and case.guard is None
    if last or (isinstance(test, Const) and test.value):
        return _case(frame, subject, case, pattern, None)(), False
    if isinstance(test, Const):
        return _test_on(frame, subject, number + 1, rest)
    at = case.pattern
    routing = None if isinstance(test, Unknown) else route(frame, "if", test, "cond_1", at)
    if routing is None:
        return _rehearse(frame, subject.node)

    def matched() -> Exits:
        frame.scope.facts.update(_told(subject, pattern))
        if case.guard is not None:
            frame.scope.facts.update(told(frame, case.guard, truth=True))
        return frame.rules.block(frame, case.body)

    def missed() -> Exits:
        if case.guard is None:
            for constant in pattern.constants or ():
                form = frame.scope.facts.get(subject.path, subject.form)
                facts = narrowing(subject.path, form, constant, equal=False)
                frame.scope.facts.update(facts)
        return _test_on(frame, subject, number + 1, [])[0]

    paths = [
        walk(frame, frame.graph.branch(routing, "true"), matched, subject.node),
        walk(frame, frame.graph.branch(routing, "false"), missed, subject.node),
    ]
    return join_then_rest(frame, paths, rest, subject.node)


def _told(subject: Subject, pattern: Pattern) -> dict[str, TypeForm]:
    """Return what is known of the subject where `pattern` fits."""
    if pattern.constants is None or len(pattern.constants) != 1:
        return {}
    return narrowing(subject.path, subject.form, pattern.constants[0], equal=True)


def _test(frame: Frame, subject: Subject, case: ast.match_case, pattern: Pattern) -> Value:
    test: Value = TRUE if pattern.constants is None else FALSE
    for constant in pattern.constants or ():
        one = _equals(frame, case, subject.value, constant)
        if isinstance(test, Const):
            test = test if test.value else one
        elif not isinstance(one, Const) or one.value:
            test = infix(frame, test, "||", one, bool, OR)
    if case.guard is None:
        return test
    guard = case.guard
    facts = _told(subject, pattern)
    return lazily(frame, test, facts, lambda: condition(frame, guard), is_and=True, at=guard)


def _equals(frame: Frame, case: ast.match_case, subject: Value, constant: Const) -> Value:
    if constant.value is None:
        return compare(frame, case.pattern, subject, ast.Is(), NULL)
    if isinstance(constant.value, bool) and kinds(without_none(type_of(subject))) != {"bool"}:
        found = members(type_of(subject))
        if not any(kinds(member) & {"bool", "any"} for member in found):
            return FALSE
    return compare(frame, case.pattern, subject, ast.Eq(), constant)
