"""From a compiled body to a flow of its own: its trigger, entry points, options."""

from __future__ import annotations

import inspect
from types import FunctionType

import msgspec

from latticeflow.authoring.dsl.annotations import evaluated_hints
from latticeflow.authoring.dsl.compiler.graph import INPUT
from latticeflow.authoring.dsl.compiler.session import Compiled
from latticeflow.authoring.dsl.options import FlowOptions, flow_options
from latticeflow.authoring.dsl.triggers import Body, Header, PathParam, Trigger
from latticeflow.diagnostics import CheckError
from latticeflow.flow.identity import node_id
from latticeflow.flow.lattice import Determinism, Effects
from latticeflow.flow.model import (
    DurabilityPolicy,
    Entrypoint,
    Flow,
    Json,
    Metadata,
    Node,
    Policies,
)

TRIGGER = "std.trigger.manual"


def entry_flow(compiled: Compiled, fn: FunctionType) -> Flow:
    """Return the flow that can be started: `std.input` becomes the trigger."""
    options = flow_options(fn) or FlowOptions()
    flow = compiled.flow
    started = tuple(trigger for trigger in options.on if trigger.kind != "manual")
    nodes = list(flow.nodes)
    if flow.inputs or started:
        trigger = _trigger(flow, nodes, started, fn)
        nodes = [trigger, *(node for node in nodes if node.alias != INPUT)]
    policies = Policies()
    if options.durability is not None:
        policies = Policies(durability=DurabilityPolicy(mode=options.durability))
    capture = flow.output.from_ if flow.output is not None else (nodes[-1].alias if nodes else "")
    entrypoints = [_entrypoint(trigger, capture) for trigger in options.on or ()]
    if nodes and nodes[0].alias == INPUT:
        entrypoints = entrypoints or [Entrypoint(trigger_alias=INPUT, capture_alias=capture)]
    else:
        entrypoints = []
    return msgspec.structs.replace(
        flow,
        nodes=nodes,
        policies=policies,
        max_parallel=options.max_parallel,
        metadata=Metadata(tags=list(options.tags), entrypoints=entrypoints),
    )


def _trigger(flow: Flow, nodes: list[Node], started: tuple[Trigger, ...], fn: FunctionType) -> Node:
    config: dict[str, Json] = {}
    if started:
        config["triggers"] = [{"kind": trigger.kind, **dict(trigger.config)} for trigger in started]
    sources = _sources(fn)
    if sources:
        config["sources"] = sources
    old = next((node for node in nodes if node.alias == INPUT), None)
    return Node(
        id=node_id(flow.id, INPUT),
        alias=INPUT,
        identifier=TRIGGER,
        name="Input",
        kind="trigger",
        effects=Effects.PURE,
        determinism=Determinism.STRICT,
        config=config,
        span=None if old is None else old.span,
    )


def _sources(fn: FunctionType) -> dict[str, Json]:
    """Say which parameters come from a part of a request."""
    try:
        hints = evaluated_hints(fn)
    except CheckError:
        return {}
    found: dict[str, Json] = {}
    for name in inspect.signature(fn).parameters:
        for mark in getattr(hints.get(name), "__metadata__", ()):
            source = _source(mark)
            if source is not None:
                found[name] = source
    return found


def _source(mark: object) -> Json:
    if isinstance(mark, Header):
        return {"from": "header", "name": mark.name}
    for kind, name in ((Body, "body"), (PathParam, "path")):
        if mark is kind or isinstance(mark, kind):
            return {"from": name}
    return None


def _entrypoint(trigger: Trigger, capture: str) -> Entrypoint:
    config = dict(trigger.config)
    path, method = config.get("path"), config.get("method")
    return Entrypoint(
        trigger_alias=INPUT,
        capture_alias=capture,
        route_path=str(path) if path is not None else None,
        method=str(method) if method is not None else None,
        schedule=config if trigger.kind == "schedule" else None,
    )
