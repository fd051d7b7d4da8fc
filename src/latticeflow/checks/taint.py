"""How repeatable the data is that reaches each input, and where it stopped being so."""

from __future__ import annotations

from collections.abc import Iterable

from latticeflow.checks.context import INPUT_COMPONENTS, Context, Taint
from latticeflow.flow.lattice import Determinism
from latticeflow.flow.model import Edge, Node

_BY_PORT = frozenset({"std.record", "std.list", "std.tuple"})


class Taints:
    """For each value of a flow, the worst determinism it was made with, and by which node."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._values: dict[str, Taint | None] = {}
        for alias in context.order:
            self._values[alias] = self._of(context.nodes[alias])

    def feeding(self, node: Node, port: str, pointer: str = "") -> Taint | None:
        """Return the taint of what feeds `port` of `node`, or of the part at `pointer` of it."""
        edges = [e for e in self._context.inbound[node.alias] if e.to_port == port]
        return _worst(self._carried(edge, pointer) for edge in edges)

    def inputs_of(self, node: Node) -> dict[str, Taint]:
        """Return the taint of each input of the flow that `node` embeds."""
        found: dict[str, Taint] = {}
        for edge in self._context.inbound[node.alias]:
            taint = self._carried(edge, "") if edge.to_port is not None else None
            if edge.to_port is not None and taint is not None:
                found[edge.to_port] = taint
        each = self._context.each.get(node.alias)
        if each is not None and "items" in found:
            found[each.item] = found.pop("items")
        # What a round hands to the next is made by the body itself.
        state = each.state if each is not None else []
        loop = self._context.loops.get(node.alias)
        for name in [*state, *(loop.state if loop is not None else [])]:
            if node.determinism.rank > Determinism.STABLE.rank:
                found[name] = Taint(node.alias, node.determinism)
        return found

    def _of(self, node: Node) -> Taint | None:
        if node.identifier in INPUT_COMPONENTS:
            return _worst(self._context.tainted.values())
        own = None
        if node.determinism.rank > Determinism.STABLE.rank:
            own = Taint(node.alias, node.determinism)
        fed = [
            self._carried(edge, "")
            for edge in self._context.inbound[node.alias]
            if edge.to_port is not None
        ]
        return _worst([own, *fed])

    def _carried(self, edge: Edge, pointer: str) -> Taint | None:
        select = edge.select or ""
        path = pointer if not select else select + pointer
        if select.startswith("="):
            return self._values.get(edge.from_)
        return self._part(self._context.nodes[edge.from_], path)

    def _part(self, node: Node, path: str) -> Taint | None:
        head, _, rest = path[1:].partition("/") if path else ("", "", "")
        if head and node.identifier in INPUT_COMPONENTS:
            return self._context.tainted.get(head)
        if head and node.identifier in _BY_PORT:
            return self.feeding(node, head, f"/{rest}" if rest else "")
        return self._values.get(node.alias)


def _worst(taints: Iterable[Taint | None]) -> Taint | None:
    found = [taint for taint in taints if taint is not None]
    return max(found, key=lambda taint: taint.determinism.rank, default=None)
