"""DAG104, DAG103: several triggers without leave; two entry points on one route."""

from __future__ import annotations

from collections.abc import Iterator

from latticeflow.checks.context import Context
from latticeflow.diagnostics import Diagnostic, report


def check(context: Context) -> Iterator[Diagnostic]:
    """Count triggers and compare routes."""
    triggers = [node for node in context.nodes.values() if node.kind == "trigger"]
    if len(triggers) > 1 and not context.flow.policies.lint.allow_multiple_triggers:
        yield report(
            "DAG104",
            location=context.at_node(triggers[1]),
            count=len(triggers),
            names=", ".join(f"`{node.alias}`" for node in triggers),
        )
    claimed: dict[tuple[str, str], str] = {}
    for entry in context.flow.metadata.entrypoints:
        method = (entry.method or "POST").upper()
        for path in (entry.route_path, *entry.route_aliases):
            if path is None:
                continue
            first = claimed.setdefault((method, path), entry.trigger_alias)
            if first != entry.trigger_alias:
                node = context.nodes.get(entry.trigger_alias)
                yield report(
                    "DAG103",
                    location=context.at_node(node) if node else context.at_flow("metadata"),
                    method=method,
                    path=path,
                    first=first,
                    second=entry.trigger_alias,
                )
