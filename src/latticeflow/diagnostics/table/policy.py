"""DATA, EGRESS, SECR, COST, SLO, WEB, METRIC, WFLOW: named by the design, for later hosts."""

from __future__ import annotations

from latticeflow.diagnostics.codes import family, row

CODES = family(
    "policy",
    "checks",
    (
        row(
            "DATA101",
            "no_data_class",
            "A field has no data class in a regulated profile.",
            "field `{field}` of `{node}` has no data class",
            status="reserved",
        ),
        row(
            "EGRESS101",
            "egress_empty",
            "Node, provider and organisation allow no common host.",
            "no host is allowed to `{node}` by all of node, provider and organisation",
            status="reserved",
        ),
        row(
            "SECR201",
            "scopes_exceeded",
            "More scopes are granted than were asked for.",
            "`{node}` is granted {scopes}, which it did not ask for",
            status="reserved",
        ),
        row(
            "COST101",
            "cost_drift",
            "A step costs more than was estimated.",
            "`{node}` costs {given}; estimated: {wanted}",
            severity="warning",
            status="reserved",
        ),
        row(
            "SLO101",
            "scheduler_lag",
            "The scheduler is late for three windows.",
            "the scheduler is {lag_ms} ms late",
            severity="warning",
            status="reserved",
        ),
        row(
            "WEB201",
            "client_disconnected",
            "A client went away before its answer.",
            "the client of run `{run}` disconnected",
            severity="warning",
            status="reserved",
        ),
        row(
            "METRIC201",
            "label_cardinality",
            "A metric's label has too many values.",
            "label `{label}` of `{metric}` has more than {max} values",
            severity="warning",
            status="reserved",
        ),
        row(
            "WFLOW010",
            "inline_not_pure",
            "A node that a replaying host would run inline is not pure and strict.",
            "`{node}` would run inline, but is {effects} and {determinism}",
            subsystem="temporal",
            status="reserved",
        ),
    ),
)
