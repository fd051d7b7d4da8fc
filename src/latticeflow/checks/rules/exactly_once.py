"""EXACT001, EXACT002, EXACT003, EXACT005: what an exactly-once edge needs of the node it feeds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

from latticeflow.checks.context import Context
from latticeflow.diagnostics import Diagnostic, report
from latticeflow.flow.model import SinkContract

MIN_TTL_MS = 300_000
SINK_CONTRACTS = get_args(SinkContract)


def check(context: Context) -> Iterator[Diagnostic]:
    """Judge the target of every exactly-once edge."""
    for edge in context.edges:
        if edge.delivery != "exactly_once":
            continue
        target = context.nodes[edge.to]
        source, sink = edge.from_, edge.to
        where = context.at_edge(edge, "delivery")
        hints = [*target.effect_hints, *target.determinism_hints]
        keeps = any(h == "resource::dedupe" or h.startswith("resource::dedupe::") for h in hints)
        if not keeps:
            yield report("EXACT001", location=where, source=source, target=sink)
        if not target.idempotency.key:
            yield report("EXACT002", location=where, source=source, target=sink)
            continue
        ttl = target.idempotency.ttl_ms
        if ttl is None or ttl < MIN_TTL_MS:
            kept = "no stated time" if ttl is None else f"{ttl} ms"
            yield report("EXACT003", location=where, source=source, target=sink, ttl=kept)
        # Without a ledger there is an error already, and more to it than a run that may park.
        if keeps and target.config.get("sink") not in SINK_CONTRACTS:
            yield report("EXACT005", location=where, source=source, target=sink)
