"""The Flow IR as data: every struct and field of the graph.

The key spelling of the JSON form is a contract, mixed as it is: snake_case, except `ttlMs`,
`effectHints`, `determinismHints` and `connectorOps`. Readers ignore unknown fields; fields that
hold their default are left out when written.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from latticeflow.flow.lattice import Determinism, Effects

Json = Any
"""A JSON value: null, bool, int, float, str, list or dict of such."""

Profile = Literal["web", "queue", "temporal", "wasm", "dev"]
NodeKind = Literal["trigger", "inline", "activity", "subflow"]
Delivery = Literal["at_least_once", "at_most_once", "exactly_once"]
Ordering = Literal["ordered", "unordered"]
SurfaceKind = Literal[
    "switch",
    "if",
    "loop",
    "for_each",
    "window",
    "partition",
    "timeout",
    "rate_limit",
    "error_handler",
    "merge",
    "join",
    "zip",
    "await",
]
OnError = Literal["fail", "continue"]
DurabilityMode = Literal["off", "partial", "strong"]
SinkContract = Literal["upsert", "ensure_once"]
"""An author's word that doing an effect twice under one key is the same as doing it once."""


class _Record(msgspec.Struct, omit_defaults=True, kw_only=True):
    """What all structs of the IR share: keyword-only, defaults left out when written."""


class SchemaRef(_Record, kw_only=True):
    """A reference to a type: `opaque`, `named` (into the flow's `schemas`) or `inline`."""

    kind: Literal["opaque", "named", "inline"] = "opaque"
    name: str | None = None
    schema: dict[str, Json] | None = None


OPAQUE = SchemaRef()


class Port(_Record, kw_only=True):
    """One named input or output. An optional port that nothing feeds holds `default`."""

    schema: SchemaRef = msgspec.field(default_factory=SchemaRef)
    required: bool = True
    default: Json = None
    summary: str | None = None


class Idempotency(_Record, kw_only=True):
    """How an effect is keyed: `key` selects fields of the input, comma separated."""

    key: str | None = None
    scope: Literal["node", "edge", "partition"] | None = None
    ttl_ms: int | None = msgspec.field(default=None, name="ttlMs")


class NodeDurability(_Record, kw_only=True):
    """Whether a node may be checkpointed, replayed, and whether it halts the run."""

    checkpointable: bool = True
    replayable: bool = True
    halts: bool = False


class Retry(_Record, kw_only=True):
    """When and how often a failed attempt is tried again.

    `max_attempts` counts the first try. An error is retried when its type, or a base of it, is
    in `retry_on` (empty: any) and none is in `non_retryable`.
    """

    max_attempts: int = 3
    initial_interval_ms: int = 1000
    max_interval_ms: int = 60_000
    backoff: float = 2.0
    jitter: float = 0.1
    retry_on: list[str] = []
    non_retryable: list[str] = []


class Span(_Record, kw_only=True):
    """Where a node stands in its source: lines and columns from 1, `end` exclusive."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int


class Node(_Record, kw_only=True):
    """One vertex of the graph."""

    id: str
    alias: str
    identifier: str
    name: str
    kind: NodeKind
    effects: Effects
    determinism: Determinism
    summary: str | None = None
    in_schema: SchemaRef = msgspec.field(default_factory=SchemaRef)
    out_schema: SchemaRef = msgspec.field(default_factory=SchemaRef)
    idempotency: Idempotency = msgspec.field(default_factory=Idempotency)
    durability: NodeDurability = msgspec.field(default_factory=NodeDurability)
    determinism_hints: list[str] = msgspec.field(default_factory=list, name="determinismHints")
    effect_hints: list[str] = msgspec.field(default_factory=list, name="effectHints")
    subflow_ir: Flow | None = None
    connector_ops: list[Json] = msgspec.field(default_factory=list, name="connectorOps")
    implementation_dependencies: list[Json] = []
    config: dict[str, Json] = {}
    ports: dict[str, Port] = {}
    inputs: dict[str, Json] = {}
    when: str | None = None
    retry: Retry | None = None
    timeout_ms: int | None = None
    on_error: OnError = "fail"
    fallback: Json = msgspec.UNSET
    compensate: str | None = None
    code_digest: str | None = None
    span: Span | None = None


class Transform(_Record, kw_only=True):
    """A declared conversion on an edge."""

    kind: Literal["into"] = "into"


class Buffer(_Record, kw_only=True):
    """How much an edge may hold, and what happens beyond it."""

    max_items: int | None = None
    spill_threshold_bytes: int | None = None
    spill_tier: str | None = None
    on_drop: str | None = None


class Edge(_Record, kw_only=True):
    """Data from one node's output to another's input; without `to_port` it only orders.

    `select` takes a part of the source's value: a JSON pointer (empty or starting with `/`), or
    `=` followed by a CEL expression over `value`.
    """

    from_: str = msgspec.field(name="from")
    to: str
    delivery: Delivery = "at_least_once"
    ordering: Ordering = "ordered"
    partition_key: str | None = None
    timeout_ms: int | None = None
    transform: Transform | None = None
    buffer: Buffer = msgspec.field(default_factory=Buffer)
    to_port: str | None = None
    select: str | None = None


class Surface(_Record, kw_only=True):
    """Declared orchestration over nodes; `config` is one of the structs in `surfaces`."""

    id: str
    kind: SurfaceKind
    targets: list[str] = []
    config: dict[str, Json] | None = None


class Checkpoint(_Record, kw_only=True):
    """A named place where a run may wait."""

    id: str
    summary: str | None = None


class LintPolicy(_Record, kw_only=True):
    """Which lints a flow asks for."""

    require_control_hints: bool = False
    allow_multiple_triggers: bool | None = None


class DurabilityPolicy(_Record, kw_only=True):
    """How a run is kept; times are milliseconds."""

    mode: DurabilityMode = "partial"
    checkpoint_interval: int | None = None
    blob_threshold_bytes: int | None = None
    lease_ttl: int | None = None
    checkpoint_ttl: int | None = None
    retain_completed_for: int | None = None
    retry_on_lease_conflict: bool | None = None
    max_resume_attempts: int | None = None


class Policies(_Record, kw_only=True):
    """The policies of a flow."""

    lint: LintPolicy = msgspec.field(default_factory=LintPolicy)
    durability: DurabilityPolicy = msgspec.field(default_factory=DurabilityPolicy)


class Entrypoint(_Record, kw_only=True):
    """A way into the flow: which trigger starts it and which node's value is the reply."""

    trigger_alias: str
    capture_alias: str
    route_path: str | None = None
    method: str | None = None
    route_aliases: list[str] = []
    schedule: Json = None


class Metadata(_Record, kw_only=True):
    """Labels and entry points."""

    tags: list[str] = []
    entrypoints: list[Entrypoint] = []
    license: str | None = None
    homepage: str | None = None


class Artifact(_Record, kw_only=True):
    """A file that belongs to the flow, or (kind `output`) a pattern of files a run leaves."""

    kind: str
    path: str
    format: str | None = None
    retention_ms: int | None = None
    checksum: str | None = None


class Output(_Record, kw_only=True):
    """What the flow returns: the value of node `from`, or a part of it."""

    from_: str = msgspec.field(name="from")
    select: str | None = None
    schema: SchemaRef = msgspec.field(default_factory=SchemaRef)


class Requirement(_Record, kw_only=True):
    """Something the machine must have before a run: a tool, or a Python package."""

    kind: Literal["tool", "python", "package"]
    name: str
    version: str | None = None


class Flow(_Record, kw_only=True):
    """A named, versioned graph."""

    id: str
    name: str
    version: str
    profile: Profile
    summary: str | None = None
    nodes: list[Node] = []
    edges: list[Edge] = []
    control_surfaces: list[Surface] = []
    checkpoints: list[Checkpoint] = []
    policies: Policies = msgspec.field(default_factory=Policies)
    metadata: Metadata = msgspec.field(default_factory=Metadata)
    artifacts: list[Artifact] = []
    inputs: dict[str, Port] = {}
    output: Output | None = None
    schemas: dict[str, dict[str, Json]] = {}
    parameters: dict[str, Json] = {}
    variables: dict[str, Json] = {}
    requirements: list[Requirement] = []
    max_parallel: int | None = None
    project: str | None = None
    service: str | None = None
