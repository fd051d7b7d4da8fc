"""DAG202: an edge, the output or an entry point names a node that does not exist."""

from __future__ import annotations

from collections.abc import Iterator

from latticeflow.checks.context import Context
from latticeflow.diagnostics import Diagnostic, Location, did_you_mean, report


def check(context: Context) -> Iterator[Diagnostic]:
    """Look up every alias outside the surfaces, which have codes of their own."""
    if len(context.edges) != len(context.flow.edges):
        for edge in context.flow.edges:
            what = f"the edge `{edge.from_}` -> `{edge.to}`"
            for field, alias in (("from", edge.from_), ("to", edge.to)):
                if alias not in context.nodes:
                    yield _unknown(context, what, alias, context.at_edge(edge, field))
    output = context.flow.output
    if output is not None and output.from_ not in context.nodes:
        yield _unknown(context, "the flow's output", output.from_, context.at_flow("output"))
    for entry in context.flow.metadata.entrypoints:
        for alias in (entry.trigger_alias, entry.capture_alias):
            if alias not in context.nodes:
                where = context.at_flow("metadata")
                yield _unknown(context, "an entry point", alias, where)


def _unknown(context: Context, what: str, alias: str, where: Location) -> Diagnostic:
    return report(
        "DAG202",
        location=where,
        what=what,
        alias=alias,
        suggestion=did_you_mean(alias, context.nodes),
    )
