"""Lowering: a flow and its components become a plan. Pure; nothing is run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from latticeflow.checks import CheckedFlow
from latticeflow.expr import find_paths
from latticeflow.flow.component import Catalog, Component
from latticeflow.flow.identity import flow_digest
from latticeflow.flow.lattice import Determinism, Effects
from latticeflow.flow.model import Edge, Flow, Node, Output, Port
from latticeflow.plan.feeding import ENVIRONMENT, in_call_order, literal_feed, picker, predicate
from latticeflow.plan.model import (
    SKIPPED,
    Feed,
    Onward,
    Plan,
    Quick,
    Step,
    StepKind,
)
from latticeflow.plan.ordering import program_order
from latticeflow.plan.select import compile_select
from latticeflow.plan.surface_tables import SurfaceTables
from latticeflow.plan.suspension import never_suspends

_INPUTS = frozenset({"std.trigger.manual", "std.input"})


def lower(checked: CheckedFlow) -> Plan:
    """Compile a checked flow into a plan."""
    return lower_graph(checked.flow, checked.catalog, to_check=checked.to_check)


def lower_graph(
    flow: Flow, catalog: Catalog, *, to_check: Mapping[str, Undecided] | None = None
) -> Plan:
    """Compile a graph that is known to be right, whatever knows it.

    Args:
        flow: The graph. A cycle, an unknown alias or an unresolved identifier in it is a
            `ValueError`, not a diagnostic.
        catalog: The components it names.
        to_check: By the path of bodies, the edges `(from, to, port)` whose types the checks could
            not decide: what they carry is held against the port when it arrives.
    """
    return _Lowering(flow, catalog, flow_digest(flow), to_check or {}).plan()


Undecided = tuple[tuple[str, str, str], ...]


class _Lowering:
    """The tables of one flow while its steps are made."""

    def __init__(
        self,
        flow: Flow,
        catalog: Catalog,
        digest: str,
        to_check: Mapping[str, Undecided],
        path: str = "",
    ) -> None:
        self.flow = flow
        self.catalog = catalog
        self.digest = digest
        self.to_check = to_check
        self.path = path
        self.undecided = frozenset(to_check.get(path, ()))
        self.order = program_order(flow)
        self.index = {node.alias: index for index, node in enumerate(self.order)}
        self.inbound: list[list[Edge]] = [[] for _ in self.order]
        self.outbound: list[list[int]] = [[] for _ in self.order]
        for edge in flow.edges:
            target = self.index[edge.to]
            self.inbound[target].append(edge)
            self.outbound[self.index[edge.from_]].append(target)
        self.surfaces = SurfaceTables(flow, self.order, self.index)

    def plan(self) -> Plan:
        may_skip = [False] * len(self.order)
        steps: list[Step] = []
        for index, node in enumerate(self.order):
            step = self._step(index, node, may_skip)
            steps.append(step)
        output = self.flow.output
        needed = tuple(len(edges) for edges in self.inbound)
        return Plan(
            flow=self.flow,
            digest=self.digest,
            steps=tuple(steps),
            followers=tuple(tuple(targets) for targets in self.outbound),
            needed=needed,
            plain=tuple(step.plain for step in steps),
            special=tuple(step.special for step in steps),
            first=tuple(i for i, edges in enumerate(self.inbound) if not edges),
            output=-1 if output is None else self.index[output.from_],
            output_select=None if output is None else compile_select(output.select),
            max_parallel=self.flow.max_parallel,
            inbound=tuple(
                tuple(self.index[edge.from_] for edge in edges) for edges in self.inbound
            ),
            quick=tuple(_quick(step) for step in steps),
            onward=tuple(
                _onward(step, followers, steps, needed)
                for step, followers in zip(steps, self.outbound, strict=True)
            ),
            index_of=self.index,
        )

    def _step(self, index: int, node: Node, may_skip: list[bool]) -> Step:
        component = self.catalog.get(node.identifier)
        kind = self._kind(index, node, component)
        body = self._body(index, node) if kind in _BODIES else None
        call = _callable(node, component) if kind is StepKind.CALL else None
        gates = frozenset(self.surfaces.gates.get(index, ()))
        continues = node.on_error == "continue" or index in self.surfaces.continues
        inbound = self.inbound[index]
        sees_skip = bool(gates) or any(may_skip[self.index[edge.from_]] for edge in inbound)
        may_skip[index] = (
            sees_skip or node.when is not None or (continues and node.fallback is msgspec.UNSET)
        )
        feeds, arity = self._feeds(node, component, kind, index)
        retry = node.retry or self.surfaces.retries.get(index)
        timeout = node.timeout_ms or self.surfaces.timeouts.get(index)
        plain = kind is StepKind.CALL and not sees_skip and node.when is None
        spec = None if component is None else component.spec
        is_async = component is not None and component.is_async
        direct = (
            plain
            and retry is None
            and timeout is None
            and index not in self.surfaces.catches
            and not (spec is not None and (spec.capabilities or spec.cpu_bound))
            and not (is_async and call is not None and not never_suspends(call))
        )
        special = index in self.surfaces.routes or index in self.surfaces.catches
        return Step(
            index=index,
            alias=node.alias,
            kind=kind,
            node=node,
            component=component,
            call=call,
            feeds=feeds,
            arity=arity,
            plain=plain,
            direct=direct,
            is_async=is_async,
            pick=picker(feeds, arity),
            special=special,
            gates=gates,
            routes=tuple(self.surfaces.routes.get(index, ())),
            when=None if node.when is None else predicate(node.when, ENVIRONMENT),
            when_reads=self._status_reads(node.when),
            body=body,
            each=self.surfaces.each.get(index),
            loop=self.surfaces.loops.get(index),
            catch=self.surfaces.catches.get(index),
            retry=retry,
            timeout_ms=timeout,
            continues=continues,
            fallback=SKIPPED if node.fallback is msgspec.UNSET else node.fallback,
            pure=node.effects is Effects.PURE and node.determinism is Determinism.STRICT,
            effectful=node.effects is Effects.EFFECTFUL,
        )

    def _kind(self, index: int, node: Node, component: Component | None) -> StepKind:
        if index in self.surfaces.each:
            return StepKind.EACH
        if index in self.surfaces.loops:
            return StepKind.LOOP
        if node.kind == "subflow":
            return StepKind.BODY
        if node.identifier in _INPUTS:
            return StepKind.INPUT
        if node.identifier == "std.merge":
            return StepKind.MERGE
        if node.identifier == "std.shell":
            return StepKind.SHELL
        if component is None:
            msg = f"`{node.identifier}` of `{node.alias}` is not in the catalog"
            raise ValueError(msg)
        return StepKind.CALL

    def _body(self, index: int, node: Node) -> Plan:
        flow = node.subflow_ir
        if flow is None:
            flow = _body_of_one(self.flow, node, self._port_names(index))
        path = f"{self.path}/{node.alias}" if self.path else node.alias
        return _Lowering(flow, self.catalog, self.digest, self.to_check, path).plan()

    def _port_names(self, index: int) -> list[str]:
        names = dict.fromkeys(edge.to_port for edge in self.inbound[index] if edge.to_port)
        if index in self.surfaces.each:
            names.pop("items", None)
            names[self.surfaces.each[index].item] = None
        return list(names)

    def _feeds(
        self, node: Node, component: Component | None, kind: StepKind, index: int
    ) -> tuple[tuple[Feed, ...], int]:
        """Return the feeds, positional ones first, and how many of them are positional."""
        ports = dict(component.spec.inputs) if component is not None else {}
        ports.update(node.ports)
        decode = component.decode if component is not None else {}
        fed: dict[str, Feed] = {}
        merged: list[Feed] = []
        for edge in self.inbound[index]:
            if edge.to_port is None:
                continue
            feed = self._feed(edge, ports, decode)
            if kind is StepKind.MERGE:
                merged.append(feed)
            else:
                fed[edge.to_port] = feed
        if kind is StepKind.MERGE:
            return tuple(merged), len(merged)
        for name, value in node.inputs.items():
            if name not in fed:
                fed[name] = literal_feed(name, value, decode.get(name))
        if node.inputs:
            # A record has its fields as they are declared, whichever are literals.
            fed = {name: fed[name] for name in node.ports if name in fed} | fed
        return in_call_order(fed, component)

    def _feed(
        self,
        edge: Edge,
        ports: Mapping[str, Port],
        decode: Mapping[str, Callable[[Any], Any]],
    ) -> Feed:
        name = edge.to_port or ""
        port = ports.get(name)
        source = self.index[edge.from_]
        must_decode = self._is_raw(source) or (edge.from_, edge.to, name) in self.undecided
        return Feed(
            port=name,
            source=source,
            select=compile_select(edge.select),
            decode=decode.get(name.partition(".")[0]) if must_decode else None,
            required=port is None or port.required,
            default=None if port is None else port.default,
        )

    def _is_raw(self, source: int) -> bool:
        """Tell whether a step's value may be JSON rather than what its consumers are typed for."""
        node = self.order[source]
        component = self.catalog.get(node.identifier)
        return (
            component is None
            or node.kind == "subflow"
            or component.decode_output is None
            or node.fallback is not msgspec.UNSET
        )

    def _status_reads(self, when: str | None) -> frozenset[int]:
        if when is None:
            return frozenset()
        return frozenset(
            self.index[step]
            for root, step, *parts in (each.path for each in find_paths(when) if each.path[1:])
            if root == "steps" and parts[:1] == ["status"] and step in self.index
        )


_BODIES = frozenset({StepKind.BODY, StepKind.EACH, StepKind.LOOP})


def _callable(node: Node, component: Component | None) -> Callable[..., Any]:
    if component is not None and component.bind is not None:
        return component.bind(node)
    if component is None or component.call is None:
        msg = f"`{node.identifier}` of `{node.alias}` cannot be run here"
        raise ValueError(msg)
    return component.call


def _quick(step: Step) -> Quick | None:
    if not step.direct or step.pick is None or step.call is None:
        return None
    return step.call, step.pick, step.is_async, step.arity > 1


def _onward(
    step: Step, followers: list[int], steps: list[Step], needed: tuple[int, ...]
) -> Onward | None:
    if step.special or not all(steps[follower].plain for follower in followers):
        return None
    return (
        tuple(follower for follower in followers if needed[follower] == 1),
        tuple(follower for follower in followers if needed[follower] > 1),
    )


def _body_of_one(parent: Flow, node: Node, ports: list[str]) -> Flow:
    """Wrap a plain node that a surface names as its body."""
    inner = msgspec.structs.replace(node, alias="body", when=None)
    entry = Node(
        id=f"{node.id}/input",
        alias="input",
        identifier="std.input",
        name="Input",
        kind="inline",
        effects=Effects.PURE,
        determinism=Determinism.STRICT,
    )
    return Flow(
        id=parent.id,
        name=f"{parent.name}.{node.alias}",
        version=parent.version,
        profile=parent.profile,
        nodes=[entry, inner],
        edges=[Edge(from_="input", to="body", to_port=port, select=f"/{port}") for port in ports],
        inputs={port: Port() for port in ports},
        output=Output(from_="body"),
    )
