"""DAG208: a node needs the results of branches that are never taken together."""

from __future__ import annotations

from collections.abc import Iterator

from latticeflow.checks.activation import Activation
from latticeflow.checks.context import Context
from latticeflow.diagnostics import Diagnostic, report


def check(context: Context) -> Iterator[Diagnostic]:
    """Report the first node of each chain for which no outcome of a decision is left."""
    activation = context.shared(Activation)
    dead: set[str] = set()
    for alias in context.order:
        for (source, _), labels in activation.of(alias).items():
            if labels:
                continue
            if not any(edge.from_ in dead for edge in context.inbound[alias]):
                why = f"it needs results from branches of `{source}` that exclude each other"
                node = context.nodes[alias]
                yield report("DAG208", location=context.at_node(node), node=alias, why=why)
            dead.add(alias)
            break
