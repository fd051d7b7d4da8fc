"""Which paths of names an expression mentions, and where; without judging them."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from latticeflow.expr.issues import ExpressionIssue
from latticeflow.expr.parser import parse
from latticeflow.expr.syntax import Ident, Index, Literal, Node, Select, children
from latticeflow.expr.uses import Path


class Mention(msgspec.Struct, frozen=True):
    """A path in the text of an expression.

    `start` is where it begins; `spans` holds where each step of `path` stands.
    """

    path: Path
    start: int
    spans: tuple[tuple[int, int], ...]


def find_paths(text: str) -> tuple[Mention, ...]:
    """Return the longest paths that `text` mentions, in order; none if it can't be parsed."""
    tree = parse(text)
    return () if isinstance(tree, ExpressionIssue) else tuple(_paths(tree))


def _paths(node: Node) -> Iterator[Mention]:
    mention = _mention(node)
    if mention is not None:
        yield mention
        return
    for child in children(node):
        yield from _paths(child)


def _mention(node: Node) -> Mention | None:
    match node:
        case Ident(name=name, start=start, end=end):
            return Mention((name,), start, ((start, end),))
        case Select(operand=operand, field=field, field_start=start, end=end):
            return _longer(_mention(operand), node, field, (start, end))
        case Index(operand=operand, index=Literal(value=str() | int() as value)):
            return _longer(_mention(operand), node, value, (node.index.start, node.index.end))
        case _:
            return None


def _longer(
    below: Mention | None, node: Node, step: str | int, span: tuple[int, int]
) -> Mention | None:
    if below is None:
        return None
    return Mention((*below.path, step), node.start, (*below.spans, span))
