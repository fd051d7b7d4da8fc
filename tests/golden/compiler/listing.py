"""A graph as lines of text: all of it, but short enough to be read in a review."""

from __future__ import annotations

from collections.abc import Iterator

from latticeflow.flow.model import Edge, Flow, Node, Surface


def listing(flow: Flow) -> str:
    """Return the nodes, edges and surfaces of a flow and of the bodies in it."""
    return "\n".join(_lines(flow, "")) + "\n"


def _lines(flow: Flow, indent: str) -> Iterator[str]:
    yield f"{indent}flow {flow.name}({', '.join(flow.inputs)})"
    for node in flow.nodes:
        yield f"{indent}  {_node(node)}"
        if node.subflow_ir is not None:
            yield from _lines(node.subflow_ir, indent + "    | ")
    yield from (f"{indent}  {_edge(edge)}" for edge in flow.edges)
    yield from (f"{indent}  {_surface(surface)}" for surface in flow.control_surfaces)
    if flow.output is not None:
        yield f"{indent}  = {flow.output.from_}{flow.output.select or ''}"


def _node(node: Node) -> str:
    parts = [f"{node.alias}: {node.identifier}"]
    if node.kind != "inline":
        parts.append(node.kind)
    if node.effects.value != "pure":
        parts.append(node.effects.value)
    if "expr" in node.config:
        parts.append(f"`{node.config['expr']}`")
    elif node.config:
        parts.append(str(node.config))
    if node.inputs:
        parts.append(str(node.inputs))
    if node.retry is not None:
        parts.append(f"retry {node.retry.max_attempts} on {node.retry.retry_on}")
    if node.timeout_ms is not None:
        parts.append(f"timeout {node.timeout_ms} ms")
    return " ".join(parts)


def _edge(edge: Edge) -> str:
    data = f" {edge.to_port} <- {edge.select or ''}" if edge.to_port else ""
    narrowed = " (narrowed)" if edge.transform is not None else ""
    return f"{edge.from_} -> {edge.to}{data.rstrip('- <') if not edge.select else data}{narrowed}"


def _surface(surface: Surface) -> str:
    config = surface.config or {}
    kept = {k: v for k, v in config.items() if k != "v" and v not in (None, [], {}, "", False)}
    return f"@{surface.id} {kept}"
