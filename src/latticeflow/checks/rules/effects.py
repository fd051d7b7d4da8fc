"""EFFECT201, EFFECT202, EFFECT203: a node claims the effects that its capabilities have."""

from __future__ import annotations

from collections.abc import Iterator

from latticeflow.checks.context import Context
from latticeflow.checks.repairs import claim
from latticeflow.diagnostics import Diagnostic, Fix, did_you_mean, report
from latticeflow.flow.lattice import join_effects
from latticeflow.flow.model import Node


def check(context: Context) -> Iterator[Diagnostic]:
    """Compare each node's effects with the floors of its hints and of the flow it embeds."""
    hints = context.options.hints
    for node in context.nodes.values():
        for hint in context.hints(node):
            if hint not in hints:
                yield report(
                    "EFFECT202",
                    location=context.at_node(node),
                    node=node.alias,
                    capability=hint,
                    suggestion=did_you_mean(hint, hints),
                )
        for hint in context.hints(node):
            if hint in hints and not node.effects.allows(hints[hint].effects):
                yield report(
                    "EFFECT201",
                    location=context.at_node(node, "effects"),
                    fix=_fix(context, node),
                    node=node.alias,
                    claimed=node.effects.value,
                    capability=hint,
                    floor=hints[hint].effects.value,
                )
                break
        yield from _embedded(context, node)


def _fix(context: Context, node: Node) -> Fix | None:
    """Claim the floor of all hints, so that one repair is enough."""
    floor = context.options.hints.floor(context.hints(node))
    return claim(context.component(node), "effects", floor.effects.value, safe=True)


def _embedded(context: Context, node: Node) -> Iterator[Diagnostic]:
    if node.subflow_ir is None or not node.subflow_ir.nodes:
        return
    floor = join_effects(inner.effects for inner in node.subflow_ir.nodes)
    if not node.effects.allows(floor):
        inner = next(n for n in node.subflow_ir.nodes if n.effects is floor)
        yield report(
            "EFFECT203",
            location=context.at_node(node, "effects"),
            node=node.alias,
            claimed=node.effects.value,
            inner=inner.alias,
            floor=floor.value,
        )
