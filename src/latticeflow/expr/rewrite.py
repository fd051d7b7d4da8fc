"""The text that the evaluator gets.

A path of a variable is replaced by a flat variable, a *slot*, so that only the part which is
used is converted; times inside untyped values travel as text and are converted where they are
read.
"""

from __future__ import annotations

from collections.abc import Iterable

from latticeflow.expr.syntax import Call, Index, Literal, Node, Select
from latticeflow.expr.types import (
    BOOL,
    INT,
    Duration,
    Dyn,
    List,
    Timestamp,
    Type,
    Union,
    is_nullable,
    without_null,
)
from latticeflow.expr.uses import Path, Resolved, Slot, SlotKind, Use


class Rewriter:
    """Collects the changes to one expression."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._edits: list[tuple[int, int, int, str]] = []
        self._slots: dict[tuple[Path, str], Slot] = {}
        self._prefix = "v"
        while self._prefix in text:
            self._prefix += "_"

    @property
    def slots(self) -> tuple[Slot, ...]:
        """The values that the rewritten text needs."""
        return tuple(self._slots.values())

    def source(self, node: Node) -> str:
        """Return the text of `node`."""
        return self._text[node.start : node.end]

    def text(self) -> str:
        """Return the rewritten text."""
        parts: list[str] = []
        position = 0
        for start, end, _, new in sorted(self._edits, key=lambda edit: edit[:3]):
            parts += (self._text[position:start], new)
            position = end
        return "".join((*parts, self._text[position:]))

    def take(self, node: Node, resolved: Resolved, *, narrowed: Type) -> None:
        """Let `node` be a value for the evaluator, of type `narrowed` (`Dyn`: as it comes)."""
        if resolved.use is None:
            return
        before, after = "", ""
        if not self._arrives_as_time(resolved):
            before, after = _reading(narrowed)
        if resolved.path is not None:
            slot = self._slot(resolved.path, "value", resolved.type, resolved.use)
            self._replace(node, f" {before}{slot.name}{after} ")
        elif before or after:
            self._insert(node, before, after)

    def take_size(self, node: Call, resolved: Resolved) -> None:
        """Let `node`, the size of a path, be a number for the evaluator."""
        if resolved.path is not None and resolved.use is not None:
            slot = self._slot(resolved.path, "size", INT, resolved.use)
            self._replace(node, f" {slot.name} ")

    def take_presence(self, node: Call, argument: Select | Index, resolved: Resolved) -> None:
        """Let `node`, a test whether a path is there, be a bool for the evaluator."""
        if resolved.path is not None and resolved.use is not None:
            slot = self._slot(resolved.path, "has", BOOL, resolved.use)
            self._replace(node, f" {slot.name} ")
        elif isinstance(argument, Index) and isinstance(argument.index, Literal):
            end = argument.operand.end
            self._edits.append((end, argument.end, 0, f".`{argument.index.value!s}`"))

    def loosen(self, node: Node) -> None:
        """Hide the type of `node` from the evaluator's own check."""
        self._insert(node, "dyn(", ")")

    def hyphenated(self, node: Node, name: str, known: Iterable[str]) -> str | None:
        """Return a hint if `name` is the first part of a known name with hyphens.

        `steps.fetch-data` reads as a subtraction.
        """
        rest = self._text[node.end :]
        for candidate in known:
            if candidate.startswith(f"{name}-") and f"{name}{rest}".startswith(candidate):
                owner = self._text[node.start : node.end - len(name) - 1]
                return f'a name with `-` goes in brackets: `{owner}["{candidate}"]`'
        return None

    def _slot(self, path: Path, kind: SlotKind, type_: Type, use: Use) -> Slot:
        found = self._slots.get((path, kind))
        if found is None:
            name = f"{self._prefix}{len(self._slots)}"
            found = Slot(name, path, kind, type_, use)
            self._slots[path, kind] = found
        return found

    def _replace(self, node: Node, new: str) -> None:
        self._edits.append((node.start, node.end, 0, new))

    def _insert(self, node: Node, before: str, after: str) -> None:
        self._edits.append((node.start, node.start, len(self._edits) - 1_000_000, before))
        self._edits.append((node.end, node.end, -len(self._edits), after))

    @staticmethod
    def _arrives_as_time(resolved: Resolved) -> bool:
        if resolved.path is not None:
            return not isinstance(resolved.type, Union)
        return resolved.native


def _reading(type_: Type) -> tuple[str, str]:
    """Return what to write around text of `type_` that travels as text."""
    if isinstance(type_, Dyn):
        return "", ""
    present = without_null(type_) if is_nullable(type_) else type_
    if isinstance(present, List) and isinstance(present.item, Timestamp | Duration):
        inner = type(present.item).__name__.lower()
        return ("", f".map(t_, {inner}(t_))") if present is type_ else ("", "")
    if not isinstance(present, Timestamp | Duration):
        return "", ""
    function = type(present).__name__.lower()
    if present is type_:
        return f"{function}(", ")"
    return "[", f"].map(t_, t_ == null ? dyn(null) : dyn({function}(t_)))[0]"
