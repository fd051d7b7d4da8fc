"""DAG-CKPT: what survives a crash, and what a resumed run needs."""

from __future__ import annotations

from latticeflow.diagnostics.codes import family, row

CODES = family(
    "durability",
    "checks",
    (
        row(
            "DAG-CKPT-001",
            "not_checkpointable",
            "A strong flow has a node whose result cannot be recorded.",
            "node `{node}` is not checkpointable, but the flow's durability is strong",
        ),
        row(
            "DAG-CKPT-002",
            "halt_without_durability",
            "A node waits for the outside while nothing is recorded.",
            "node `{node}` halts, but the flow's durability is off",
        ),
        row(
            "DAG-CKPT-003",
            "durability_service_missing",
            "A durability service is missing.",
            "nothing provides {services}",
            status="reserved",
            owner="engine",
        ),
        row(
            "DAG-CKPT-004",
            "effect_without_key",
            "An effectful node has no idempotency key; in flight at a crash it would run again.",
            "`{node}` is effectful and has no idempotency key; in flight at a crash it runs again",
            hint="give it an idempotency key",
            severity="warning",
        ),
        row(
            "DAG-CKPT-005",
            "stream_not_replayable",
            "A stream that cannot be replayed would be cut in the middle.",
            "`{node}` streams and cannot be replayed, but the flow's durability is strong",
        ),
        row(
            "DAG-CKPT-006",
            "checkpoint_not_found",
            "There is no such checkpoint.",
            "there is no checkpoint `{checkpoint}`",
            status="reserved",
            owner="engine",
        ),
        row(
            "DAG-CKPT-007",
            "run_owned",
            "A run belongs to a process that is still alive.",
            "run `{run}` belongs to {owner}, which is alive",
            status="runtime",
            owner="engine",
        ),
        row(
            "DAG-CKPT-008",
            "state_corrupt",
            "What was recorded of a run cannot be read.",
            "the record of run `{run}` is corrupt: {why}",
            status="reserved",
            owner="engine",
        ),
        row(
            "DAG-CKPT-009",
            "code_changed",
            "The code of steps that are still to run has changed since the run began.",
            "since run `{run}` began, the code of {nodes} has changed",
            hint="resume with --accept-code if the change is meant for this run",
            status="runtime",
            owner="engine",
        ),
        row(
            "DAG-CKPT-010",
            "bundle_gone",
            "A checkpoint belongs to a bundle that is gone.",
            "run `{run}` needs the bundle `{bundle}`, which is gone",
            status="reserved",
        ),
    ),
)
