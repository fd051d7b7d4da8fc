"""DAG350: a node does not say in a sentence what it does."""

from __future__ import annotations

from collections.abc import Iterator

from latticeflow.checks.context import Context
from latticeflow.diagnostics import Diagnostic, report


def check(context: Context) -> Iterator[Diagnostic]:
    """Report each function without a docstring, once; what the product provides has its own."""
    for node in context.nodes.values():
        if node.kind == "subflow" or node.identifier.startswith("std.") or node.summary:
            continue
        component = context.component(node)
        if component is None or component.spec.summary:
            continue
        # A data type's constructor needs no sentence: its name and fields are one.
        if isinstance(component.call, type):
            continue
        if getattr(component.call, "__name__", "") == "<lambda>":
            # It has no place for one.
            continue
        if not context.first_time("summary", node.identifier):
            continue
        yield report("DAG350", location=context.at_node(node, "summary"), node=node.alias)
