"""DET302, DET303: a node claims no more determinism than its capabilities allow."""

from __future__ import annotations

from collections.abc import Iterator

from latticeflow.checks.context import Context
from latticeflow.checks.repairs import claim
from latticeflow.diagnostics import Diagnostic, Fix, report
from latticeflow.flow.lattice import join_determinism
from latticeflow.flow.model import Node


def check(context: Context) -> Iterator[Diagnostic]:
    """Compare each node's determinism with the floors of its hints and of what it embeds."""
    hints = context.options.hints
    for node in context.nodes.values():
        for hint in context.hints(node):
            if hint in hints and not node.determinism.allows(hints[hint].determinism):
                yield report(
                    "DET302",
                    location=context.at_node(node, "determinism"),
                    fix=_fix(context, node),
                    node=node.alias,
                    claimed=node.determinism.value,
                    capability=hint,
                    floor=hints[hint].determinism.value,
                )
                break
        yield from _embedded(context, node)


def _fix(context: Context, node: Node) -> Fix | None:
    """Claim the floor of all hints, so that one repair is enough."""
    floor = context.options.hints.floor(context.hints(node))
    return claim(context.component(node), "determinism", floor.determinism.value, safe=True)


def _embedded(context: Context, node: Node) -> Iterator[Diagnostic]:
    if node.subflow_ir is None or not node.subflow_ir.nodes:
        return
    floor = join_determinism(inner.determinism for inner in node.subflow_ir.nodes)
    if not node.determinism.allows(floor):
        inner = next(n for n in node.subflow_ir.nodes if n.determinism is floor)
        yield report(
            "DET303",
            location=context.at_node(node, "determinism"),
            node=node.alias,
            claimed=node.determinism.value,
            inner=inner.alias,
            floor=floor.value,
        )
