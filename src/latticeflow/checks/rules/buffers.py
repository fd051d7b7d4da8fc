"""CTRL102, SPILL001, SPILL002: a buffer holds something and can spill where it says."""

from __future__ import annotations

from collections.abc import Iterator

from latticeflow.checks.context import Context
from latticeflow.diagnostics import Diagnostic, report
from latticeflow.flow.model import Buffer

NONE = Buffer()


def check(context: Context) -> Iterator[Diagnostic]:
    """Judge the buffer of every edge; the missing blob capability is said once for a flow."""
    has_blob = any(
        hint == "resource::blob" or hint.startswith("resource::blob::")
        for node in context.nodes.values()
        for hint in [*node.effect_hints, *node.determinism_hints]
    )
    said = False
    for edge in context.edges:
        buffer = edge.buffer
        if buffer == NONE:
            continue
        where = context.at_edge(edge, "buffer")
        if buffer.max_items is not None and buffer.max_items < 1:
            yield report(
                "CTRL102",
                location=where,
                source=edge.from_,
                target=edge.to,
                value=buffer.max_items,
            )
        if buffer.spill_tier is None:
            continue
        if buffer.max_items is None:
            yield report(
                "SPILL001",
                location=where,
                source=edge.from_,
                target=edge.to,
                tier=buffer.spill_tier,
            )
        if not has_blob and not said:
            said = True
            yield report("SPILL002", location=where, tier=buffer.spill_tier)
