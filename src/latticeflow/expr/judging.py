"""What every part of the check of expressions shares: values, null, reports."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping

from latticeflow.diagnostics import closest
from latticeflow.expr import issues
from latticeflow.expr.issues import ExpressionIssue
from latticeflow.expr.narrowing import Key
from latticeflow.expr.rewrite import Rewriter
from latticeflow.expr.syntax import (
    Ident,
    Index,
    Literal,
    Node,
    Select,
)
from latticeflow.expr.types import (
    DYN,
    Bool,
    Dyn,
    Int,
    List,
    Map,
    String,
    Type,
    describe,
    is_nullable,
    members_of,
    without_null,
)
from latticeflow.expr.uses import Resolved, Use


class Judge(ABC):
    """The state of one check, and what is asked of a part wherever it stands."""

    def __init__(self, text: str, variables: Mapping[str, Type]) -> None:
        self._variables = variables
        self._scope: dict[str, Resolved] = {}
        self._not_null: frozenset[Key] = frozenset()
        self._uses: dict[str, Use] = {}
        self._nesting = 0
        self.issues: list[ExpressionIssue] = []
        self.rewriter = Rewriter(text)
        self.roots: dict[str, Type] = {}

    @abstractmethod
    def _walk(self, node: Node) -> Resolved:
        """Return what is known of `node`, without taking its value."""

    def _value(self, node: Node) -> Type:
        """Check `node` where its value is taken as a whole; null is allowed."""
        resolved = self._walk(node)
        self._settle(node, resolved)
        return self._narrowed(resolved)

    def _operand(self, node: Node) -> Type:
        """Check `node` where a value is needed."""
        resolved = self._walk(node)
        self._settle(node, resolved)
        return self._present(node, resolved)

    def _settle(self, node: Node, resolved: Resolved) -> None:
        if resolved.use is not None:
            resolved.use.whole = True
        self.rewriter.take(node, resolved, narrowed=self._narrowed(resolved))

    def _present(self, node: Node, resolved: Resolved) -> Type:
        type_ = self._narrowed(resolved)
        if not is_nullable(type_):
            return type_
        text = self.rewriter.source(node)
        self._report(
            issues.MAY_BE_NULL,
            f"`{text}` may be null",
            node,
            hint=f"test it before: `{text} != null && …`" if resolved.key else None,
        )
        present = without_null(type_)
        return DYN if is_nullable(present) else present

    def _narrowed(self, resolved: Resolved) -> Type:
        if resolved.key is not None and resolved.key in self._not_null:
            return without_null(resolved.type)
        return resolved.type

    def _boolean(self, node: Node, where: str) -> None:
        type_ = self._operand(node)
        if not all(isinstance(member, Bool | Dyn) for member in members_of(type_)):
            text = self.rewriter.source(node)
            self._report(
                issues.WRONG_TYPE,
                f"{where} must be bool; `{text}` is {describe(type_)}",
                node,
                hint=_truth_hint(text, type_),
            )

    def _key_of(self, node: Node) -> Key | None:
        match node:
            case Ident(name=name):
                return self._scope[name].key if name in self._scope else (name,)
            case Select(operand=operand, field=name):
                key = self._key_of(operand)
                return None if key is None else (*key, name)
            case Index(operand=operand, index=Literal(value=str() | int() as value)):
                key = self._key_of(operand)
                return None if key is None else (*key, value)
            case _:
                return None

    def _report(self, code: str, message: str, node: Node, *, hint: str | None = None) -> None:
        self._report_at(code, message, node.start, node.end, hint=hint)

    def _report_at(
        self, code: str, message: str, start: int, end: int, *, hint: str | None = None
    ) -> None:
        self.issues.append(ExpressionIssue(code, message, start, end, hint))


def _truth_hint(text: str, type_: Type) -> str | None:
    if isinstance(type_, String | List | Map):
        return f"say what you mean: `size({text}) > 0`"
    if isinstance(type_, Int):
        return f"say what you mean: `{text} != 0`"
    return None


def suggestion(name: str, known: Iterable[str]) -> str | None:
    """Return a hint with the known name that was probably meant, or None."""
    found = closest(name, known)
    return f"did you mean `{found}`?" if found else None


def listing(lead: str, names: Iterable[str]) -> str | None:
    """Return a hint that lists the first of `names` after `lead`, or None if there is none."""
    listed = list(dict.fromkeys(names))
    if not listed:
        return None
    shown = ", ".join(f"`{name}`" for name in listed[:8])
    return f"{lead}: {shown}{', …' if len(listed) > 8 else ''}"
