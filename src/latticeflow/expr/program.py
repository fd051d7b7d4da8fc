"""Compile an expression once, evaluate it often."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from latticeflow.expr import issues
from latticeflow.expr.binding import read_path, read_slot
from latticeflow.expr.evaluator import (
    Signature,
    as_error,
    erase,
    prepare,
    run,
    unbound_name,
)
from latticeflow.expr.issues import ExpressionError, ExpressionIssue
from latticeflow.expr.parser import parse
from latticeflow.expr.syntax import Ident, Index, Literal, Node, Select, children
from latticeflow.expr.types import Dyn, Type, describe, members_of
from latticeflow.expr.uses import Path, Slot

if TYPE_CHECKING:
    from latticeflow.expr.checker import Checker

MAX_CACHED = 8192
MAX_NODES = 4_000
"""How many parts an expression may have."""


class Program:
    """A checked expression. Make it with `compile_expression`.

    It is immutable, may be shared between threads, and pickles as its text and types.

    Attributes:
        text: the source.
        variables: the types of the variables that it uses.
        type: the type of its value.
        references: the paths of variables that it reads, in the order of the text.
        path: the path, if the expression is nothing but one.
    """

    __slots__ = (
        "_checker",
        "_constant",
        "_expected",
        "_prepared",
        "path",
        "references",
        "text",
        "tree",
        "type",
        "variables",
    )

    def __init__(
        self, text: str, tree: Node, checker: Checker, type_: Type, expected: Type | None
    ) -> None:
        self.text = text
        self.tree = tree
        self.type = type_
        self.variables: Mapping[str, Type] = dict(checker.roots)
        self.references: tuple[Path, ...] = tuple(
            dict.fromkeys(slot.path for slot in checker.rewriter.slots)
        )
        self.path: Path | None = _only_path(tree, checker)
        self._checker = checker
        self._expected = expected
        self._constant = isinstance(tree, Literal)
        self._prepared = None
        if self.path is None and not self._constant:
            self._prepared = prepare(checker.rewriter.text(), _signature(checker))

    def prepared_text(self) -> tuple[str, Signature]:
        """Return what the evaluator gets: the rewritten text and the types of its variables."""
        return self._checker.rewriter.text(), _signature(self._checker)

    def __reduce__(self) -> tuple[Any, ...]:
        return _revive, (self.text, dict(self.variables), self._expected)

    def __repr__(self) -> str:
        return f"Program({self.text!r}: {describe(self.type)})"

    def evaluate(self, bindings: Mapping[str, object]) -> object:
        """Return the value for `bindings`, as plain Python.

        Values are dicts, lists, dataclasses, msgspec Structs, pydantic models and the like; only
        the parts that the expression uses are read and converted. The result is made of None,
        bool, int, float, str, bytes, datetime, timedelta, list and dict; it does not depend on
        the process (maps that the evaluator makes have sorted keys).

        Args:
            bindings: by name; more than the expression uses may be given.

        Raises:
            ExpressionError: there is no value: EXPR101 overflow, EXPR102 nothing at a path,
                EXPR103 division by zero, EXPR104 index, EXPR105 conversion, EXPR106 a value that
                does not fit its declared type, EXPR107 over budget, EXPR108 a wrong type inside
                an untyped value.
        """
        if self._constant and isinstance(self.tree, Literal):
            return self.tree.value
        if self.path is not None:
            return read_path(self._checker.rewriter.slots[0], bindings)
        data, missing = self._read(bindings)
        value, message = run(self._prepared, data)
        if message is None:
            return value
        name = unbound_name(message)
        raise missing.get(name) or as_error(message)

    def _read(
        self, bindings: Mapping[str, object]
    ) -> tuple[dict[str, object], dict[str | None, ExpressionError]]:
        data: dict[str, object] = {}
        missing: dict[str | None, ExpressionError] = {}
        for slot in self._checker.rewriter.slots:
            try:
                data[slot.name] = read_slot(slot, bindings)
            except ExpressionError as error:
                # Raised only if the evaluation comes to it: `has(a.b) && a.b > 1` must not fail.
                missing[slot.name] = error
        return data, missing


def compile_expression(
    text: str, variables: Mapping[str, Type], *, expected: Type | None = None
) -> Program | tuple[ExpressionIssue, ...]:
    """Parse and check `text`, before any run.

    Programs are cached by text and by the types of the variables they use.

    Args:
        text: an expression of the portable profile of CEL.
        variables: the names it may use, with their types.
        expected: the type its value must have, if that matters.

    Returns:
        The program, or all that is wrong, in the order of the text.
    """
    tree = _parsed(text)
    if isinstance(tree, ExpressionIssue):
        return (tree,)
    roots = _names(text)
    used = tuple((name, variables[name]) for name in roots if name in variables)
    key = (text, used, expected)
    cached = _CACHE.get(key)
    if cached is not None:
        return cached
    found = _compile(text, tree, variables, expected)
    if isinstance(found, Program):
        _CACHE.put(key, found)
    return found


def _compile(
    text: str, tree: Node, variables: Mapping[str, Type], expected: Type | None
) -> Program | tuple[ExpressionIssue, ...]:
    size = sum(1 for _ in _walk(tree))
    if size > MAX_NODES:
        message = f"the expression has {size} parts, more than {MAX_NODES}"
        return (ExpressionIssue(issues.TOO_LARGE, message, 0, len(text)),)
    from latticeflow.expr.checker import Checker  # here: many flows have no expression

    checker = Checker(text, variables)
    type_ = checker.check(tree)
    found = list(checker.issues)
    if not found and expected is not None and not fits(type_, expected):
        message = f"the value is {describe(type_)}, not {describe(expected)}"
        found.append(ExpressionIssue(issues.WRONG_RESULT, message, tree.start, tree.end))
    if found:
        return tuple(sorted(found, key=lambda issue: issue.offset))
    try:
        return Program(text, tree, checker, type_, expected)
    except ValueError as error:
        return (ExpressionIssue(issues.NOT_PORTABLE, str(error), 0, len(text)),)


def fits(actual: Type, expected: Type) -> bool:
    """Tell whether every value of `actual` is one of `expected`; untyped values may be."""
    wanted = members_of(expected)
    for member in members_of(actual):
        if isinstance(member, Dyn) or any(isinstance(each, Dyn) for each in wanted):
            continue
        if not any(type(member) is type(each) for each in wanted):
            return False
    return True


@lru_cache(maxsize=MAX_CACHED)
def _parsed(text: str) -> Node | ExpressionIssue:
    return parse(text)


@lru_cache(maxsize=MAX_CACHED)
def _names(text: str) -> tuple[str, ...]:
    tree = _parsed(text)
    if isinstance(tree, ExpressionIssue):
        return ()
    return tuple(dict.fromkeys(node.name for node in _walk(tree) if isinstance(node, Ident)))


def _walk(node: Node) -> Iterator[Node]:
    waiting = [node]
    while waiting:
        found = waiting.pop()
        yield found
        waiting.extend(reversed(children(found)))


def _only_path(tree: Node, checker: Checker) -> Path | None:
    if not isinstance(tree, Ident | Select | Index):
        return None
    slots: tuple[Slot, ...] = checker.rewriter.slots
    if len(slots) != 1 or slots[0].kind != "value":
        return None
    steps = 0
    node: Node = tree
    while isinstance(node, Select | Index):
        steps += 1
        node = node.operand
    whole = isinstance(node, Ident) and len(slots[0].path) == steps + 1
    return slots[0].path if whole else None


def _signature(checker: Checker) -> Signature:
    return tuple((slot.name, erase(slot.type)) for slot in checker.rewriter.slots)


def _revive(text: str, variables: dict[str, Type], expected: Type | None) -> Program:
    program = compile_expression(text, variables, expected=expected)
    if isinstance(program, Program):
        return program
    message = f"an expression that was checked does not compile any more: {program[0].message}"
    raise ExpressionError(issues.EVALUATION, message)


class _Cache:
    """The programs made last; safe between threads."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._entries: dict[object, Program] = {}
        self._lock = threading.Lock()

    def get(self, key: object) -> Program | None:
        return self._entries.get(key)

    def put(self, key: object, program: Program) -> None:
        with self._lock:
            self._entries[key] = program
            if len(self._entries) > self._size:
                del self._entries[next(iter(self._entries))]


_CACHE = _Cache(MAX_CACHED)
