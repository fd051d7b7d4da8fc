"""What a host runs. What a flow declares beyond it is refused before the run, never ignored."""

from __future__ import annotations

import msgspec


class Support(msgspec.Struct, frozen=True):
    """The profile of a host: the surfaces, triggers and fields it enforces.

    `fields` are the optional promises of the IR, by their names in `FIELDS`.
    """

    host: str
    surfaces: frozenset[str]
    triggers: frozenset[str]
    fields: frozenset[str]

    def extended(
        self,
        *,
        surfaces: frozenset[str] = frozenset(),
        triggers: frozenset[str] = frozenset(),
        fields: frozenset[str] = frozenset(),
    ) -> Support:
        """Return a profile that also runs these."""
        return msgspec.structs.replace(
            self,
            surfaces=self.surfaces | surfaces,
            triggers=self.triggers | triggers,
            fields=self.fields | fields,
        )


FIELDS = {
    "edge.at_most_once": "delivery at most once on",
    "edge.exactly_once": "delivery exactly once on",
    "edge.unordered": "unordered delivery on",
    "edge.partition_key": "a partition key on",
    "edge.timeout": "a timeout on",
    "edge.buffer": "a bounded buffer on",
    "edge.spill": "a spilling buffer on",
    "edge.on_drop": "a policy for dropped items on",
    "node.compensate": "compensation of",
    "node.halts": "halting at",
    "node.idempotency_edge": "a key by edge of",
    "node.idempotency_partition": "a key by partition of",
    "node.connector": "a connector of",
    "node.stream": "a stream from",
    "flow.checkpoint_interval": "a checkpoint interval of",
    "flow.lease_ttl": "a lease time of",
    "flow.checkpoint_ttl": "a checkpoint time to live of",
    "flow.retain": "a retention time of",
    "flow.resume_policy": "a resume policy of",
    "flow.checkpoints": "named checkpoints of",
}
"""The promises a flow may ask for, each with how it is said in a message."""

LOCAL = Support(
    host="local",
    surfaces=frozenset({"if", "switch", "for_each", "loop", "error_handler", "merge", "timeout"}),
    triggers=frozenset({"manual"}),
    fields=frozenset(
        {
            # Each activation delivers once and in order, so these hold without further doing.
            "edge.exactly_once",
            "edge.unordered",
            "edge.buffer",
        }
    ),
)
"""The host that runs flows in this process."""
