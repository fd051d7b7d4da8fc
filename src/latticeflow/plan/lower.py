"""Lowering: a flow and its components become a plan. Pure; nothing is run."""

from __future__ import annotations

import copy
import heapq
from collections.abc import Callable, Mapping
from operator import itemgetter
from typing import Any

import msgspec

from latticeflow.checks import CheckedFlow
from latticeflow.expr import compile_expression, compile_template, find_paths
from latticeflow.expr.types import DYN
from latticeflow.flow.component import Catalog, Component
from latticeflow.flow.identity import flow_digest
from latticeflow.flow.lattice import Determinism, Effects
from latticeflow.flow.model import Edge, Flow, Node, Output, Port, Retry
from latticeflow.flow.surfaces import (
    ErrorHandlerConfig,
    ForEachConfig,
    IfConfig,
    LoopConfig,
    SwitchConfig,
    TimeoutConfig,
    as_aliases,
    surface_config,
)
from latticeflow.plan.model import (
    SKIPPED,
    EachBody,
    Feed,
    LoopBody,
    Onward,
    Plan,
    Quick,
    Route,
    Step,
    StepKind,
)
from latticeflow.plan.select import compile_select
from latticeflow.plan.suspension import never_suspends

ENVIRONMENT = {"params": DYN, "steps": DYN, "run": DYN, "env": DYN}
TEMPLATE_KEY = "$template"

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
        self.order = _program_order(flow)
        self.index = {node.alias: index for index, node in enumerate(self.order)}
        self.inbound: list[list[Edge]] = [[] for _ in self.order]
        self.outbound: list[list[int]] = [[] for _ in self.order]
        for edge in flow.edges:
            target = self.index[edge.to]
            self.inbound[target].append(edge)
            self.outbound[self.index[edge.from_]].append(target)
        self.routes: dict[int, list[Route]] = {}
        self.gates: dict[int, set[int]] = {}
        self.each: dict[int, EachBody] = {}
        self.loops: dict[int, LoopBody] = {}
        self.catches: dict[int, tuple[tuple[frozenset[str], str], ...]] = {}
        self.retries: dict[int, Retry] = {}
        self.timeouts: dict[int, int] = {}
        self.continues: set[int] = set()
        for surface in flow.control_surfaces:
            if surface.kind not in ("merge", "join", "zip"):
                self._surface(surface_config(surface))

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

    def _surface(self, config: Any) -> None:
        if isinstance(config, IfConfig):
            cases = {"true": config.then, "false": config.else_}
            self._route(config.source, config.selector_pointer, cases, None)
        elif isinstance(config, SwitchConfig):
            self._route(config.source, config.selector_pointer, config.cases, config.default)
        elif isinstance(config, ForEachConfig):
            self.each[self.index[config.body_entry]] = EachBody(
                item=config.item,
                index=config.index,
                concurrency=config.concurrency,
                on_error=config.on_error,
                state=tuple(config.state),
                keep=compile_select(config.keep),
                value=compile_select(config.value),
                stop=compile_select(config.stop),
            )
        elif isinstance(config, LoopConfig):
            self.loops[self.index[config.body_entry]] = LoopBody(
                condition=None if config.condition is None else self._condition(config),
                state=tuple(config.state),
                index=config.index,
                stop=compile_select(config.stop),
                max_iterations=config.max_iterations,
                fail_when_exhausted=config.exhausted == "fail",
            )
        elif isinstance(config, ErrorHandlerConfig):
            self._error_handler(config)
        elif isinstance(config, TimeoutConfig):
            for alias in config.scope.nodes:
                self.timeouts[self.index[alias]] = config.duration_ms
        else:
            msg = f"the local engine does not run {type(config).__name__}"
            raise ValueError(msg)  # noqa: TRY004  (the checker refuses it first, as CTRL901)

    def _route(
        self,
        source: str,
        pointer: str,
        cases: Mapping[str, Any],
        default: Any,
    ) -> None:
        origin = self.index[source]
        by_label = {
            label: frozenset(self.index[alias] for alias in as_aliases(targets))
            for label, targets in cases.items()
        }
        otherwise = frozenset(self.index[alias] for alias in as_aliases(default))
        targets = otherwise.union(*by_label.values())
        self.routes.setdefault(origin, []).append(
            Route(compile_select(pointer), by_label, otherwise, targets)
        )
        for target in targets:
            self.gates.setdefault(target, set()).add(origin)

    def _error_handler(self, config: ErrorHandlerConfig) -> None:
        for alias in config.scope.nodes:
            index = self.index[alias]
            if config.strategy == "catch":
                self.catches[index] = tuple(
                    (frozenset(catch.on), catch.label) for catch in config.catch
                )
            elif config.strategy == "continue":
                self.continues.add(index)
            elif config.strategy == "retry":
                self.retries[index] = Retry(
                    max_attempts=(config.max_retries or 3) + 1,
                    initial_interval_ms=config.backoff_ms or 1000,
                )

    def _condition(self, config: LoopConfig) -> Callable[[Mapping[str, Any]], bool]:
        body = self.order[self.index[config.body_entry]].subflow_ir
        names = list(body.inputs) if body is not None else config.state
        return _predicate(config.condition or "true", dict.fromkeys(names, DYN))

    def _step(self, index: int, node: Node, may_skip: list[bool]) -> Step:
        component = self.catalog.get(node.identifier)
        kind = self._kind(index, node, component)
        body = self._body(index, node) if kind in _BODIES else None
        call = _callable(node, component) if kind is StepKind.CALL else None
        gates = frozenset(self.gates.get(index, ()))
        continues = node.on_error == "continue" or index in self.continues
        inbound = self.inbound[index]
        sees_skip = bool(gates) or any(may_skip[self.index[edge.from_]] for edge in inbound)
        may_skip[index] = (
            sees_skip or node.when is not None or (continues and node.fallback is msgspec.UNSET)
        )
        feeds, arity = self._feeds(node, component, kind, index)
        retry = node.retry or self.retries.get(index)
        timeout = node.timeout_ms or self.timeouts.get(index)
        plain = kind is StepKind.CALL and not sees_skip and node.when is None
        spec = None if component is None else component.spec
        is_async = component is not None and component.is_async
        direct = (
            plain
            and retry is None
            and timeout is None
            and index not in self.catches
            and not (spec is not None and (spec.capabilities or spec.cpu_bound))
            and not (is_async and call is not None and not never_suspends(call))
        )
        special = index in self.routes or index in self.catches
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
            pick=_picker(feeds, arity),
            special=special,
            gates=gates,
            routes=tuple(self.routes.get(index, ())),
            when=None if node.when is None else _predicate(node.when, ENVIRONMENT),
            when_reads=self._status_reads(node.when),
            body=body,
            each=self.each.get(index),
            loop=self.loops.get(index),
            catch=self.catches.get(index),
            retry=retry,
            timeout_ms=timeout,
            continues=continues,
            fallback=SKIPPED if node.fallback is msgspec.UNSET else node.fallback,
            pure=node.effects is Effects.PURE and node.determinism is Determinism.STRICT,
            effectful=node.effects is Effects.EFFECTFUL,
        )

    def _kind(self, index: int, node: Node, component: Component | None) -> StepKind:
        if index in self.each:
            return StepKind.EACH
        if index in self.loops:
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
        if index in self.each:
            names.pop("items", None)
            names[self.each[index].item] = None
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
                fed[name] = _literal(name, value, decode.get(name))
        if node.inputs:
            # A record has its fields as they are declared, whichever are literals.
            fed = {name: fed[name] for name in node.ports if name in fed} | fed
        return _in_call_order(fed, component)

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


def _program_order(flow: Flow) -> list[Node]:
    """Return the nodes so that every edge goes forward, as near to the given order as can be."""
    nodes = flow.nodes
    index = {node.alias: number for number, node in enumerate(nodes)}
    pairs = [(index[edge.from_], index[edge.to]) for edge in flow.edges]
    if all(source < target for source, target in pairs):
        return nodes
    waiting = [0] * len(nodes)
    after: list[list[int]] = [[] for _ in nodes]
    for source, target in pairs:
        waiting[target] += 1
        after[source].append(target)
    heap = [number for number, count in enumerate(waiting) if not count]
    ordered: list[Node] = []
    while heap:
        number = heapq.heappop(heap)
        ordered.append(nodes[number])
        for target in after[number]:
            waiting[target] -= 1
            if not waiting[target]:
                heapq.heappush(heap, target)
    if len(ordered) != len(nodes):
        msg = f"flow `{flow.name}` has a cycle"
        raise ValueError(msg)
    return ordered


def _callable(node: Node, component: Component | None) -> Callable[..., Any]:
    if component is not None and component.bind is not None:
        return component.bind(node)
    if component is None or component.call is None:
        msg = f"`{node.identifier}` of `{node.alias}` cannot be run here"
        raise ValueError(msg)
    return component.call


def _predicate(text: str, variables: Mapping[str, Any]) -> Callable[[Mapping[str, Any]], Any]:
    program = compile_expression(text, variables)
    if isinstance(program, tuple):
        msg = "; ".join(issue.message for issue in program)
        raise ValueError(msg)  # noqa: TRY004  (the text is at fault, not a type)
    return program.evaluate


def _literal(name: str, value: Any, decode: Callable[[Any], Any] | None) -> Feed:
    if isinstance(value, dict) and set(value) == {TEMPLATE_KEY}:
        template = compile_template(value[TEMPLATE_KEY], ENVIRONMENT)
        if isinstance(template, tuple):
            msg = "; ".join(issue.message for issue in template)
            raise ValueError(msg)
        return Feed(port=name, template=template.evaluate, decode=decode)
    if isinstance(value, (dict, list)):
        return Feed(port=name, template=_Fresh(value), decode=decode)
    return Feed(port=name, literal=value if decode is None else decode(value))


class _Fresh:
    """Gives a new copy of a literal each time, so that a node that changes it harms nobody."""

    __slots__ = ("_value",)

    def __init__(self, value: Any) -> None:
        self._value = value

    def __call__(self, _environment: Mapping[str, Any]) -> Any:
        return copy.deepcopy(self._value)


def _in_call_order(
    fed: dict[str, Feed], component: Component | None
) -> tuple[tuple[Feed, ...], int]:
    """Order feeds as the call takes them: positional, then variadic by number, then by name."""
    if component is None or not component.positional:
        variadic = component.spec.variadic if component is not None else None
        if variadic is None:
            return tuple(fed.values()), 0
    first: list[Feed] = []
    for name in component.positional if component is not None else ():
        if name not in fed:
            break
        first.append(fed.pop(name))
    spread = component.spec.variadic if component is not None else None
    if spread is not None:
        prefix = f"{spread}."
        numbered = sorted(
            (name for name in fed if name.startswith(prefix)),
            key=lambda name: int(name[len(prefix) :]),
        )
        first.extend(fed.pop(name) for name in numbered)
    return (*first, *fed.values()), len(first)


def _picker(feeds: tuple[Feed, ...], arity: int) -> Callable[[list[Any]], Any] | None:
    """Return an `itemgetter` over the values when every feed is a whole value, by position."""
    if arity != len(feeds) or not feeds:
        return None
    if any(feed.source < 0 or feed.select or feed.decode for feed in feeds):
        return None
    return itemgetter(*(feed.source for feed in feeds))


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
