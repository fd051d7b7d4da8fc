"""TYPE004, TYPE005, TYPE008, TYPE009: every input is fed, once, and exists."""

from __future__ import annotations

from collections.abc import Iterator

from latticeflow.checks.context import Context
from latticeflow.diagnostics import Diagnostic, did_you_mean, report
from latticeflow.flow.model import Edge, Node, Port


def check(context: Context) -> Iterator[Diagnostic]:
    """Compare what feeds each node with the inputs it has."""
    for alias, node in context.nodes.items():
        feeds: dict[str, list[Edge]] = {}
        for edge in context.inbound[alias]:
            if edge.to_port is not None:
                feeds.setdefault(edge.to_port, []).append(edge)
        yield from _fed_twice(context, node, feeds)
        ports = context.ports(node)
        if ports is None or (context.takes_any_port(node) and not node.ports):
            continue
        yield from _unknown(context, node, ports, feeds)
        yield from _missing(context, node, ports, feeds)


def _fed_twice(context: Context, node: Node, feeds: dict[str, list[Edge]]) -> Iterator[Diagnostic]:
    for port, edges in feeds.items():
        if len(edges) > 1 and node.identifier != "std.merge":
            yield report(
                "TYPE008",
                location=context.at_edge(edges[1], "to_port"),
                port=port,
                node=node.alias,
                sources=" and ".join(f"`{edge.from_}`" for edge in edges),
            )
        if port in node.inputs:
            yield report(
                "TYPE009",
                location=context.at_node(node, f"inputs.{port}"),
                port=port,
                node=node.alias,
                source=edges[0].from_,
            )


def _unknown(
    context: Context, node: Node, ports: dict[str, Port], feeds: dict[str, list[Edge]]
) -> Iterator[Diagnostic]:
    if context.takes_any_port(node):
        return
    for name in [*feeds, *(n for n in node.inputs if n not in feeds)]:
        if context.port(node, name) is not None:
            continue
        edges = feeds.get(name)
        yield report(
            "TYPE004",
            location=context.at_edge(edges[0], "to_port")
            if edges
            else context.at_node(node, f"inputs.{name}"),
            node=node.alias,
            port=name,
            suggestion=did_you_mean(name, ports),
        )


def _missing(
    context: Context, node: Node, ports: dict[str, Port], feeds: dict[str, list[Edge]]
) -> Iterator[Diagnostic]:
    variadic = context.variadic(node)
    for name, port in ports.items():
        if not port.required or name == variadic or name in feeds or name in node.inputs:
            continue
        yield report("TYPE005", location=context.at_node(node), port=name, node=node.alias)
