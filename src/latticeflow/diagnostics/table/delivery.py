"""IDEM, EXACT, SPILL, SAGA: keys, exactly-once, spilling and compensation."""

from __future__ import annotations

from latticeflow.diagnostics.codes import family, row

CODES = family(
    "delivery",
    "checks",
    (
        row(
            "IDEM020",
            "sink_without_key",
            "An effectful node is fed at least once and has neither a partition nor a key.",
            "`{node}` is effectful and fed at least once, but has no idempotency key",
            hint="give it an idempotency key, so that a repeated delivery has one effect",
            severity="warning",
            status="reserved",
        ),
        row(
            "IDEM021",
            "bad_key",
            "An idempotency key cannot be read.",
            "the idempotency key `{key}` of `{node}` cannot be read: {why}",
            hint='name fields of the inputs, e.g. "order.id" or "order.id, order.version"',
        ),
        row(
            "IDEM022",
            "key_names_nothing",
            "An idempotency key names a field that the node's input does not have.",
            "the idempotency key of `{node}` names `{field}`: {why}{suggestion}",
        ),
        row(
            "IDEM023",
            "key_not_scalar",
            "An idempotency key selects something that has no exact form.",
            "the idempotency key of `{node}` selects `{field}`, which is {type}",
            hint="select a string, an integer, a boolean or a record of such; never a float",
        ),
        row(
            "IDEM024",
            "bad_key_ttl",
            "An idempotency key is kept for no time.",
            "the idempotency key of `{node}` is kept for {value} ms",
        ),
        row(
            "IDEM025",
            "key_not_deterministic",
            "An idempotency key comes from data that a repeated run would not have again.",
            "the idempotency key of `{node}` uses `{field}`, which comes from `{source}` "
            "({determinism})",
            hint="take the key from the flow's input or from a strict or stable node",
            why="A key that changes when a step is repeated protects nothing.",
        ),
        row(
            "IDEM099",
            "key_collision",
            "Two different keys have the same digest.",
            "two keys of `{node}` collide: {digest}",
            severity="error",
            status="reserved",
            subsystem="runtime",
            owner="engine",
        ),
        row(
            "EXACT001",
            "exactly_once_without_dedupe",
            "An exactly-once edge leads to a node without a dedupe capability.",
            "`{source}` -> `{target}` is exactly once, but `{target}` has no dedupe capability",
            hint="take `dedupe: Dedupe = granted` in `{target}`",
        ),
        row(
            "EXACT002",
            "exactly_once_without_key",
            "An exactly-once edge leads to a node without an idempotency key.",
            "`{source}` -> `{target}` is exactly once, but `{target}` has no idempotency key",
        ),
        row(
            "EXACT003",
            "exactly_once_ttl",
            "An exactly-once edge leads to a node that forgets its keys too soon.",
            "`{source}` -> `{target}` is exactly once, but `{target}` keeps its keys for {ttl}",
            hint="keep them for at least 300000 ms",
        ),
        row(
            "EXACT005",
            "exactly_once_sink",
            "An exactly-once edge leads to a sink without an upsert or ensure-once contract.",
            "`{source}` -> `{target}` is exactly once, but `{target}` promises neither upsert nor "
            "ensure_once",
            hint='say sink="upsert" or sink="ensure_once" if the effect may be done again under '
            "its key",
            severity="warning",
            why="If the process dies between the effect and its record, the run waits for a person "
            "to say whether it happened. Under such a contract the step is simply done again.",
        ),
        row(
            "SPILL001",
            "spill_without_bound",
            "A buffer spills but has no bound to spill at.",
            "the buffer of `{source}` -> `{target}` spills to `{tier}` but has no max_items",
        ),
        row(
            "SPILL002",
            "spill_without_blob",
            "A buffer spills, but no node of the flow has a blob capability.",
            "the flow spills to `{tier}`, but no node has a blob capability",
        ),
        row(
            "SAGA201",
            "compensation_ports",
            "A compensation does not take what the step it undoes gives.",
            "`{compensation}` compensates `{node}`, but {why}",
        ),
        row(
            "SAGA205",
            "compensation_not_idempotent",
            "A compensation is effectful and has no key, so undoing twice is possible.",
            "`{compensation}` compensates `{node}` and is effectful, but has no idempotency key",
            severity="warning",
        ),
    ),
)
