"""Small graphs for tests of the engine, written as data."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from latticeflow.engine import Loop, Outcome, Stepper, Surroundings
from latticeflow.flow import (
    Catalog,
    Component,
    Determinism,
    Edge,
    Effects,
    Flow,
    Node,
    NodeSpec,
    Output,
    Port,
    Surface,
)
from latticeflow.plan import lower_graph


def component(name: str, call: Callable[..., Any], *, ports: tuple[str, ...] = ("x",)) -> Component:
    spec = NodeSpec(
        identifier=name,
        name=name,
        effects=Effects.PURE,
        determinism=Determinism.STRICT,
        inputs={port: Port() for port in ports},
    )
    return Component(
        spec,
        call,
        asyncio.iscoroutinefunction(call),
        ports,
        decode_output=lambda value: value,
    )


def node(alias: str, identifier: str, **fields: Any) -> Node:
    kind = "subflow" if "subflow_ir" in fields else "inline"
    return Node(
        id=alias,
        alias=alias,
        identifier=identifier,
        name=alias,
        kind=kind,
        effects=fields.pop("effects", Effects.PURE),
        determinism=fields.pop("determinism", Determinism.STRICT),
        **fields,
    )


def edge(path: str, *, select: str | None = None) -> Edge:
    """Read `a -> b` or `a -> b.port`."""
    source, _, rest = path.partition(" -> ")
    target, _, port = rest.partition(".")
    return Edge(from_=source, to=target, to_port=port or None, select=select)


def graph(
    nodes: list[Node],
    edges: list[Edge],
    *,
    output: str | None = None,
    surfaces: list[Surface] | None = None,
    inputs: tuple[str, ...] = ("x",),
    **fields: Any,
) -> Flow:
    return Flow(
        id="f",
        name="f",
        version="0.0.0",
        profile="dev",
        nodes=nodes,
        edges=edges,
        output=None if output is None else Output(from_=output),
        control_surfaces=surfaces or [],
        inputs={name: Port() for name in inputs},
        **fields,
    )


async def run_graph(
    flow: Flow,
    functions: Mapping[str, Callable[..., Any]],
    arguments: Mapping[str, Any],
    *,
    catalog: Catalog | None = None,
    surroundings: Surroundings | None = None,
    deadline_ms: int | None = None,
    max_parallel: int | None = None,
) -> Outcome:
    components = [
        component(name, call, ports=call.__code__.co_varnames[: call.__code__.co_argcount])
        for name, call in functions.items()
    ]
    known = (catalog or Catalog()).with_components(components)
    stepper = Stepper(lower_graph(flow, known), arguments, max_parallel=max_parallel)
    loop = Loop(stepper, surroundings or Surroundings())
    return await loop.run(deadline_ms=deadline_ms)
