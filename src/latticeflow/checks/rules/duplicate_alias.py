"""DAG205: two nodes of one flow have the same alias."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from latticeflow.checks.context import Context
from latticeflow.diagnostics import Diagnostic, Related, report


def check(context: Context) -> Iterator[Diagnostic]:
    """Report each alias that is used more than once, at its second use."""
    if len(context.nodes) == len(context.flow.nodes):
        return
    counts = Counter(node.alias for node in context.flow.nodes)
    seen: set[str] = set()
    said: set[str] = set()
    for node in context.flow.nodes:
        if node.alias in seen and node.alias not in said:
            said.add(node.alias)
            first = context.at_node(context.nodes[node.alias])
            yield report(
                "DAG205",
                location=context.at_node(node),
                related=[Related("first used here", first)],
                alias=node.alias,
                count=counts[node.alias],
            )
        seen.add(node.alias)
