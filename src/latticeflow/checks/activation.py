"""Under which decisions a node runs at all, and what these say about the values it gets.

A node behind `if` runs only when the condition had one outcome; so does all that needs its
result. From an outcome follows what was compared: behind `x != null` the value is not null.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from latticeflow.checks.context import Context, gated
from latticeflow.expr import ExpressionIssue
from latticeflow.expr.parser import parse
from latticeflow.expr.syntax import Binary, Ident, Literal, Select, Unary
from latticeflow.expr.syntax import Node as Syntax
from latticeflow.flow.model import Node

Decision = tuple[str, str]
"""A routing surface's source and selector."""
Taken = frozenset[str]
"""The labels under which something runs."""
Fact = tuple[str, str]
"""A node and a pointer into its value, known not to be null."""


class Activation:
    """For each node, the decisions that must have gone its way."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._gates: dict[str, dict[Decision, set[str]]] = {}
        for _, config in context.routing:
            decision = (config.source, config.selector_pointer)
            for label, aliases in gated(config):
                for alias in aliases:
                    labels = self._gates.setdefault(alias, {}).setdefault(decision, set())
                    labels.add(label)
        self._found: dict[str, dict[Decision, Taken]] = {}
        if self._gates:
            for alias in context.order:
                self._found[alias] = self._of(context.nodes[alias])

    def of(self, alias: str) -> Mapping[Decision, Taken]:
        """Return the decisions of `alias` with the labels under which it runs.

        No label left means that it can never run.
        """
        return self._found.get(alias, {})

    def is_gated(self, alias: str) -> bool:
        """Tell whether `alias` runs only when some decision goes its way."""
        return bool(self._found.get(alias))

    def not_null(self, alias: str) -> frozenset[Fact]:
        """Return the values that are certainly not null when `alias` runs."""
        facts: set[Fact] = set()
        for (source, pointer), labels in self.of(alias).items():
            node = self._context.nodes.get(source)
            if node is None or pointer:
                continue
            if labels == {"true"}:
                facts.update(self._from_condition(node, outcome=True))
            elif labels == {"false"}:
                facts.update(self._from_condition(node, outcome=False))
        return frozenset(facts)

    def _of(self, node: Node) -> dict[Decision, Taken]:
        found = {d: frozenset(labels) for d, labels in self._gates.get(node.alias, {}).items()}
        if node.identifier == "std.merge":
            return found
        for edge in self._context.inbound[node.alias]:
            if edge.to_port is None:
                continue
            port = self._context.port(node, edge.to_port)
            if port is not None and not port.required:
                continue
            for decision, labels in self._found.get(edge.from_, {}).items():
                mine = found.get(decision)
                found[decision] = labels if mine is None else mine & labels
        return found

    def _from_condition(self, node: Node, *, outcome: bool) -> Iterator[Fact]:
        text = node.config.get("expr")
        if node.identifier != "std.expr" or not isinstance(text, str):
            return
        tree = parse(text)
        if isinstance(tree, ExpressionIssue):
            return
        feeds = {
            edge.to_port: (edge.from_, edge.select or "")
            for edge in self._context.inbound[node.alias]
            if edge.to_port is not None and not (edge.select or "").startswith("=")
        }
        for name, fields in _not_null(tree, outcome=outcome):
            if name in feeds:
                source, pointer = feeds[name]
                yield source, pointer + "".join(f"/{field}" for field in fields)


def _not_null(tree: Syntax, *, outcome: bool) -> Iterator[tuple[str, tuple[str, ...]]]:
    if isinstance(tree, Unary) and tree.op == "!":
        yield from _not_null(tree.operand, outcome=not outcome)
    elif isinstance(tree, Binary):
        if tree.op == ("&&" if outcome else "||"):
            yield from _not_null(tree.left, outcome=outcome)
            yield from _not_null(tree.right, outcome=outcome)
        elif tree.op == ("!=" if outcome else "=="):
            for one, other in ((tree.left, tree.right), (tree.right, tree.left)):
                path = _path(one)
                if path is not None and isinstance(other, Literal) and other.value is None:
                    yield path


def _path(tree: Syntax) -> tuple[str, tuple[str, ...]] | None:
    fields: list[str] = []
    while isinstance(tree, Select):
        fields.append(tree.field)
        tree = tree.operand
    return (tree.name, tuple(reversed(fields))) if isinstance(tree, Ident) else None
