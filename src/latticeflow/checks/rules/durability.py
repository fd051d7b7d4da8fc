"""DAG-CKPT-001, -002, -004, -005: what a flow's durability asks of its nodes."""

from __future__ import annotations

from collections.abc import Iterator

from latticeflow.checks.context import Context
from latticeflow.diagnostics import Diagnostic, report
from latticeflow.flow.lattice import Effects
from latticeflow.flow.model import Node


def check(context: Context) -> Iterator[Diagnostic]:
    """Judge each node under the mode of the flow; a body has the mode of the flow around it."""
    mode = context.mode
    if mode == "off":
        for node in context.nodes.values():
            if node.durability.halts:
                where = context.at_node(node, "durability")
                yield report("DAG-CKPT-002", location=where, node=node.alias)
        return
    keyed = set(context.nodes)
    if mode == "partial":
        halting = [n.alias for n in context.nodes.values() if n.durability.halts]
        keyed = context.reachable(halting)
    for alias, node in context.nodes.items():
        if mode == "strong" and not node.durability.checkpointable:
            where = context.at_node(node, "durability")
            yield report("DAG-CKPT-001", location=where, node=alias)
        if mode == "strong" and _streams(node) and not node.durability.replayable:
            where = context.at_node(node, "durability")
            yield report("DAG-CKPT-005", location=where, node=alias)
        if alias in keyed and _repeats_an_effect(node):
            yield report("DAG-CKPT-004", location=context.at_node(node), node=alias)


def _repeats_an_effect(node: Node) -> bool:
    # The effects of an embedded flow are judged at the nodes inside it.
    return (
        node.effects is Effects.EFFECTFUL and not node.idempotency.key and node.subflow_ir is None
    )


def _streams(node: Node) -> bool:
    return bool((node.out_schema.schema or {}).get("x-stream"))
