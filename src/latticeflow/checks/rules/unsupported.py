"""CTRL901, TRIG005: a flow declares something that the host at hand does not do."""

from __future__ import annotations

from collections.abc import Iterator

from latticeflow.checks.context import Context
from latticeflow.checks.support import FIELDS
from latticeflow.diagnostics import Diagnostic, Location, report
from latticeflow.flow.model import Edge, Node


def check(context: Context) -> Iterator[Diagnostic]:
    """Compare surfaces, triggers and fields with what the host runs."""
    support = context.options.support
    for surface in context.flow.control_surfaces:
        if surface.kind not in support.surfaces:
            what = f"the surface {surface.kind}"
            yield _refuse(context, what, surface.id, context.at_surface(surface))
    for node in context.nodes.values():
        trigger = node.identifier.removeprefix("std.trigger.")
        if trigger != node.identifier and trigger not in support.triggers:
            yield _refuse(context, f"the trigger {trigger}", node.alias, context.at_node(node))
        for kind in _declared_triggers(node):
            if kind not in support.triggers:
                yield report(
                    "TRIG005",
                    location=context.at_node(node),
                    host=support.host,
                    flow=context.flow.name,
                    kind=kind,
                )
        for field in _node_fields(node):
            if field not in support.fields:
                yield _refuse(context, FIELDS[field], node.alias, context.at_node(node))
    for edge in context.edges:
        for field in _edge_fields(edge):
            if field not in support.fields:
                name = f"{edge.from_} -> {edge.to}"
                yield _refuse(context, FIELDS[field], name, context.at_edge(edge))
    for field in _flow_fields(context):
        if field not in support.fields:
            where = context.at_flow("policies")
            yield _refuse(context, FIELDS[field], context.flow.name, where)


def _refuse(context: Context, what: str, name: str, where: Location) -> Diagnostic:
    host = context.options.support.host
    return report("CTRL901", location=where, what=what, name=name, host=host)


def _declared_triggers(node: Node) -> list[str]:
    """Return the kinds of trigger that an author gave the entry of a flow."""
    declared = node.config.get("triggers")
    if not isinstance(declared, list):
        return []
    return [str(each.get("kind")) for each in declared if isinstance(each, dict)]


def _node_fields(node: Node) -> Iterator[str]:
    if node.compensate is not None:
        yield "node.compensate"
    if node.durability.halts:
        yield "node.halts"
    if node.idempotency.scope in {"edge", "partition"}:
        yield f"node.idempotency_{node.idempotency.scope}"
    if node.connector_ops:
        yield "node.connector"
    if (node.out_schema.schema or {}).get("x-stream"):
        yield "node.stream"


def _edge_fields(edge: Edge) -> Iterator[str]:
    if edge.delivery != "at_least_once":
        yield f"edge.{edge.delivery}"
    if edge.ordering != "ordered":
        yield "edge.unordered"
    if edge.partition_key is not None:
        yield "edge.partition_key"
    if edge.timeout_ms is not None:
        yield "edge.timeout"
    if edge.buffer.max_items is not None:
        yield "edge.buffer"
    if edge.buffer.spill_tier is not None or edge.buffer.spill_threshold_bytes is not None:
        yield "edge.spill"
    if edge.buffer.on_drop is not None:
        yield "edge.on_drop"


def _flow_fields(context: Context) -> Iterator[str]:
    policy = context.flow.policies.durability
    if policy.checkpoint_interval is not None:
        yield "flow.checkpoint_interval"
    if policy.lease_ttl is not None:
        yield "flow.lease_ttl"
    if policy.checkpoint_ttl is not None:
        yield "flow.checkpoint_ttl"
    if policy.retain_completed_for is not None:
        yield "flow.retain"
    if policy.retry_on_lease_conflict is not None or policy.max_resume_attempts is not None:
        yield "flow.resume_policy"
    if context.flow.checkpoints:
        yield "flow.checkpoints"
