"""DAG212, DAG211: a node runs something that is not known; a sub-flow embeds nothing."""

from __future__ import annotations

from collections.abc import Iterator

from latticeflow.checks.context import Context
from latticeflow.diagnostics import Diagnostic, did_you_mean, report

BUILT_IN = frozenset(
    {
        "std.trigger.manual",
        "std.input",
        "std.expr",
        "std.record",
        "std.list",
        "std.tuple",
        "std.merge",
        "std.fail",
        "std.shell",
    }
)
"""Components that every host has, whether or not the catalog at hand lists them."""


def check(context: Context) -> Iterator[Diagnostic]:
    """Look up what each node runs."""
    for node in context.nodes.values():
        if node.kind == "subflow":
            if node.subflow_ir is None and node.alias not in context.each | context.loops:
                yield report("DAG211", location=context.at_node(node), node=node.alias)
            continue
        identifier = node.identifier
        if identifier in context.catalog or identifier in BUILT_IN:
            continue
        # A surface or trigger that this host does not run has a code of its own.
        if identifier.startswith(("std.trigger.", "std.await.", "std.window", "std.stream")):
            continue
        yield report(
            "DAG212",
            location=context.at_node(node, "identifier"),
            node=node.alias,
            identifier=identifier,
            suggestion=did_you_mean(identifier, [*context.catalog, *BUILT_IN]),
        )
