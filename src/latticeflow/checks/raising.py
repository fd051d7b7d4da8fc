"""Give nodes without a claim the effects and determinism that their bodies support.

A graph written by hand or by a builder knows the floors of a node's capabilities only. What the
body does beyond them counts from here on: for the rules, and for what runs.
"""

from __future__ import annotations

import msgspec

from latticeflow.checks.bodies import BodyReader
from latticeflow.flow.component import Catalog
from latticeflow.flow.lattice import Determinism, Effects, join_determinism, join_effects
from latticeflow.flow.model import Flow, Node


def with_inferred(flow: Flow, catalog: Catalog, reader: BodyReader) -> Flow:
    """Return `flow` with every unclaimed node raised to what its body does; else the same one."""
    nodes = [_raised(node, catalog, reader) for node in flow.nodes]
    if all(new is old for new, old in zip(nodes, flow.nodes, strict=True)):
        return flow
    return msgspec.structs.replace(flow, nodes=nodes)


def _raised(node: Node, catalog: Catalog, reader: BodyReader) -> Node:
    if node.subflow_ir is not None:
        return _embedding(node, node.subflow_ir, with_inferred(node.subflow_ir, catalog, reader))
    component = catalog.get(node.identifier)
    if component is None:
        return node
    effects, determinism = reader.inferred(component)
    return _join(node, effects, determinism)


def _embedding(node: Node, before: Flow, after: Flow) -> Node:
    if after is before:
        return node
    # A node that said too little of what it embeds is a finding, not something to repair.
    effects, determinism = _of(before)
    if node.effects.allows(effects) and node.determinism.allows(determinism):
        node = _join(node, *_of(after))
    return msgspec.structs.replace(node, subflow_ir=after)


def _of(flow: Flow) -> tuple[Effects, Determinism]:
    return (
        join_effects(node.effects for node in flow.nodes),
        join_determinism(node.determinism for node in flow.nodes),
    )


def _join(node: Node, effects: Effects, determinism: Determinism) -> Node:
    if node.effects.allows(effects) and node.determinism.allows(determinism):
        return node
    return msgspec.structs.replace(
        node,
        effects=join_effects((node.effects, effects)),
        determinism=join_determinism((node.determinism, determinism)),
    )
