"""Hypothesis strategies for graphs: what a reader of the Flow IR has to be ready for.

The flows are well-formed as data (every field of its type, aliases unique, edges and surfaces
name nodes that exist), not necessarily sensible: a checker may refuse them, and must not fail.
Hypothesis is needed, and imported by this module only.
"""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec
from hypothesis import strategies as st

from latticeflow.flow.identity import flow_id, node_id
from latticeflow.flow.lattice import Determinism, Effects
from latticeflow.flow.model import (
    Artifact,
    Buffer,
    Checkpoint,
    DurabilityPolicy,
    Edge,
    Entrypoint,
    Flow,
    Idempotency,
    Json,
    LintPolicy,
    Metadata,
    Node,
    NodeDurability,
    Output,
    Policies,
    Port,
    Requirement,
    Retry,
    SchemaRef,
    Span,
    Surface,
    Transform,
)

__all__ = ["flows", "json_values", "schema_refs"]

T = TypeVar("T")

_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
_NAME = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)
_COUNT = st.integers(min_value=0, max_value=2**53)
_FLOAT = st.floats(allow_nan=False, allow_infinity=False, width=32)
_IDENTIFIER = _TEXT | st.sampled_from(
    ["std.trigger.manual", "std.input", "std.expr", "std.record", "std.merge", "std.fail"]
)
_ALIAS = st.one_of(_NAME, _TEXT.filter(bool))


def json_values(*, max_leaves: int = 5) -> st.SearchStrategy[Json]:
    """Return JSON values: what stays itself when written and read again."""
    leaves: st.SearchStrategy[Json] = st.one_of(
        st.none(), st.booleans(), st.integers(-(2**53), 2**53), _FLOAT, _TEXT
    )
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
        max_leaves=max_leaves,
    )


def schema_refs() -> st.SearchStrategy[SchemaRef]:
    """Return references to types, of each kind."""
    types = st.sampled_from(["integer", "string", "boolean", "null", "object", "array"])
    schemas = st.fixed_dictionaries({"type": types}, optional={"title": _TEXT})
    return st.one_of(
        st.just(SchemaRef()),
        st.builds(SchemaRef, kind=st.just("named"), name=_NAME),
        st.builds(SchemaRef, kind=st.just("inline"), schema=schemas),
    )


@st.composite
def flows(draw: st.DrawFn, *, max_nodes: int = 4, depth: int = 1) -> Flow:
    """Return flows.

    Args:
        draw: Given by Hypothesis.
        max_nodes: How many nodes a flow has at most.
        depth: 0 for flows without embedded flows.
    """
    name, version = draw(_NAME), draw(st.sampled_from(["0.0.0", "1.0.0", "2.10.3-rc.1"]))
    own_id = flow_id(name, version)
    aliases = draw(st.lists(_ALIAS, max_size=max_nodes, unique=True))
    nodes = [draw(_nodes(own_id, alias, depth)) for alias in aliases]
    fields = draw(_some(_FLOW_FIELDS))
    if aliases:
        some = st.sampled_from(aliases)
        fields["edges"] = draw(st.lists(_edges(some), max_size=max_nodes))
        fields["control_surfaces"] = draw(st.lists(_surfaces(some), max_size=2))
        fields["output"] = draw(_maybe(st.builds(Output, from_=some, schema=schema_refs())))
        fields["metadata"] = draw(_metadata(some))
    return Flow(
        id=own_id,
        name=name,
        version=version,
        profile=draw(st.sampled_from(["web", "queue", "temporal", "wasm", "dev"])),
        nodes=nodes,
        **fields,
    )


def _maybe(strategy: st.SearchStrategy[T]) -> st.SearchStrategy[T | None]:
    return st.none() | strategy


def _ports() -> st.SearchStrategy[Port]:
    return st.builds(
        Port,
        schema=schema_refs(),
        required=st.booleans(),
        default=json_values(),
        summary=_maybe(_TEXT),
    )


@st.composite
def _some(draw: st.DrawFn, fields: dict[str, st.SearchStrategy[Any]]) -> dict[str, Any]:
    """Return values for a few of `fields`: cheaper than one for each, and as telling."""
    chosen = draw(st.lists(st.sampled_from(sorted(fields)), max_size=4, unique=True))
    return {name: draw(fields[name]) for name in chosen}


@st.composite
def _nodes(draw: st.DrawFn, own_id: str, alias: str, depth: int) -> Node:
    return Node(
        id=node_id(own_id, alias),
        alias=alias,
        identifier=draw(_IDENTIFIER),
        name=alias,
        kind=draw(st.sampled_from(["trigger", "inline", "activity", "subflow"])),
        effects=draw(st.sampled_from(Effects)),
        determinism=draw(st.sampled_from(Determinism)),
        **draw(_some(_BODY_FIELDS if depth > 0 else _NODE_FIELDS)),
    )


def _retries() -> st.SearchStrategy[Retry]:
    return st.builds(
        Retry,
        max_attempts=st.integers(1, 10),
        backoff=_FLOAT,
        jitter=_FLOAT,
        non_retryable=st.lists(_TEXT, max_size=1),
    )


def _spans() -> st.SearchStrategy[Span]:
    line = st.integers(1, 9999)
    return st.builds(Span, file=_TEXT, line=line, column=line, end_line=line, end_column=line)


def _edges(aliases: st.SearchStrategy[str]) -> st.SearchStrategy[Edge]:
    return st.builds(
        Edge,
        from_=aliases,
        to=aliases,
        delivery=st.sampled_from(["at_least_once", "at_most_once", "exactly_once"]),
        ordering=st.sampled_from(["ordered", "unordered"]),
        partition_key=_maybe(_TEXT),
        timeout_ms=_maybe(_COUNT),
        transform=st.sampled_from([None, Transform()]),
        buffer=st.builds(Buffer, max_items=_maybe(_COUNT), spill_tier=_maybe(_NAME)),
        to_port=_maybe(_TEXT),
        select=_maybe(st.sampled_from(["", "/a", "/a/0", "=value.a"])),
    )


def _surfaces(aliases: st.SearchStrategy[str]) -> st.SearchStrategy[Surface]:
    targets = st.lists(aliases, max_size=2)
    some = st.none() | aliases | targets
    scope = st.fixed_dictionaries({"nodes": targets})
    v = st.just(1)
    configs: dict[str, st.SearchStrategy[dict[str, Json]]] = {
        "if": st.fixed_dictionaries({"v": v, "source": aliases, "then": some, "else": some}),
        "switch": st.fixed_dictionaries(
            {"v": v, "source": aliases, "cases": st.dictionaries(_TEXT, some, max_size=2)}
        ),
        "for_each": st.fixed_dictionaries(
            {"v": v, "source": aliases, "body_entry": aliases, "concurrency": st.integers(1, 9)}
        ),
        "loop": st.fixed_dictionaries({"v": v, "body_entry": aliases, "condition": _maybe(_TEXT)}),
        "error_handler": st.fixed_dictionaries({"v": v, "scope": scope}),
        "partition": st.fixed_dictionaries(
            {"v": v, "edge": st.fixed_dictionaries({"from": aliases, "to": aliases}), "key": _TEXT}
        ),
        "rate_limit": st.fixed_dictionaries({"v": v, "target": aliases, "qps": st.integers(1, 9)}),
        "window": st.fixed_dictionaries({"v": v, "event_time_pointer": _TEXT, "size_ms": _COUNT}),
        "merge": st.fixed_dictionaries({"v": v, "target": aliases}),
        "timeout": st.fixed_dictionaries({"v": v, "scope": scope, "duration_ms": _COUNT}),
        "await": st.fixed_dictionaries(
            {"v": v, "target": aliases, "kind": st.sampled_from(["timer", "event", "approval"])}
        ),
    }
    free = st.builds(
        Surface,
        id=_TEXT,
        kind=st.sampled_from(["join", "zip"]),
        targets=targets,
        config=_maybe(st.dictionaries(_TEXT, json_values(), max_size=1)),
    )
    return st.one_of(
        free,
        *(
            st.builds(Surface, id=_TEXT, kind=st.just(kind), targets=targets, config=config)
            for kind, config in configs.items()
        ),
    )


def _policies() -> st.SearchStrategy[Policies]:
    return st.builds(
        Policies,
        lint=st.builds(
            LintPolicy,
            require_control_hints=st.booleans(),
            allow_multiple_triggers=_maybe(st.booleans()),
        ),
        durability=st.builds(
            DurabilityPolicy,
            mode=st.sampled_from(["off", "partial", "strong"]),
            lease_ttl=_maybe(_COUNT),
        ),
    )


def _metadata(aliases: st.SearchStrategy[str]) -> st.SearchStrategy[Metadata]:
    entrypoint = st.builds(
        Entrypoint, trigger_alias=aliases, capture_alias=aliases, schedule=json_values(max_leaves=2)
    )
    return st.builds(
        Metadata,
        tags=st.lists(_TEXT, max_size=2),
        entrypoints=st.lists(entrypoint, max_size=1),
        license=_maybe(_TEXT),
    )


def _artifacts() -> st.SearchStrategy[Artifact]:
    return st.builds(Artifact, kind=_NAME, path=_TEXT, retention_ms=_maybe(_COUNT))


def _requirements() -> st.SearchStrategy[Requirement]:
    kinds = st.sampled_from(["tool", "python", "package"])
    return st.builds(Requirement, kind=kinds, name=_TEXT, version=_maybe(_TEXT))


_NODE_FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "summary": _TEXT,
    "in_schema": schema_refs(),
    "out_schema": schema_refs(),
    "idempotency": st.builds(
        Idempotency,
        key=_maybe(_NAME),
        scope=st.sampled_from([None, "node", "edge", "partition"]),
        ttl_ms=_maybe(_COUNT),
    ),
    "durability": st.builds(NodeDurability, checkpointable=st.booleans(), halts=st.booleans()),
    "determinism_hints": st.lists(_TEXT, max_size=2),
    "effect_hints": st.lists(_TEXT, max_size=2),
    "connector_ops": st.lists(json_values(max_leaves=2), max_size=1),
    "config": st.dictionaries(_TEXT, json_values(), max_size=2),
    "ports": st.dictionaries(_TEXT, _ports(), max_size=2),
    "inputs": st.dictionaries(_TEXT, json_values(), max_size=2),
    "when": _TEXT,
    "retry": _retries(),
    "timeout_ms": _COUNT,
    "on_error": st.sampled_from(["fail", "continue"]),
    "fallback": st.just(msgspec.UNSET) | json_values(max_leaves=2),
    "compensate": _TEXT,
    "code_digest": _TEXT,
    "span": _spans(),
}
_BODY_FIELDS = {**_NODE_FIELDS, "subflow_ir": st.deferred(lambda: flows(max_nodes=2, depth=0))}
_FLOW_FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "summary": _TEXT,
    "checkpoints": st.lists(st.builds(Checkpoint, id=_NAME, summary=_maybe(_TEXT)), max_size=1),
    "policies": _policies(),
    "artifacts": st.lists(_artifacts(), max_size=1),
    "inputs": st.dictionaries(_NAME, _ports(), max_size=2),
    "schemas": st.dictionaries(_NAME, st.just({"type": "object"}), max_size=1),
    "parameters": st.dictionaries(_NAME, json_values(), max_size=1),
    "variables": st.dictionaries(_NAME, json_values(), max_size=1),
    "requirements": st.lists(_requirements(), max_size=1),
    "max_parallel": st.integers(1, 64),
}
