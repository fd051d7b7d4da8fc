"""The graph of one flow or body while it grows: nodes, edges, branches, order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from latticeflow.authoring.dsl.compiler.ordering import Ancestors, Order
from latticeflow.authoring.dsl.compiler.regions import Region, Routing, is_within, outermost_below
from latticeflow.authoring.dsl.compiler.schemas import schema_of
from latticeflow.authoring.dsl.compiler.types import TypeForm
from latticeflow.authoring.dsl.compiler.values import Const, Ref
from latticeflow.flow.identity import flow_id, node_id
from latticeflow.flow.lattice import Determinism, Effects
from latticeflow.flow.model import (
    Edge,
    Flow,
    Json,
    Node,
    NodeKind,
    Port,
    SchemaRef,
    Span,
    Surface,
    SurfaceKind,
    Transform,
)
from latticeflow.flow.spans import SpanMap, edge_key, node_key, surface_key

INPUT = "input"
_NODE_KINDS: Mapping[Effects, NodeKind] = {
    Effects.PURE: "inline",
    Effects.READ_ONLY: "activity",
    Effects.EFFECTFUL: "activity",
}


class Step(msgspec.Struct, frozen=True):
    """What is asked of a new node, beside what feeds it."""

    alias: str
    identifier: str
    name: str
    effects: Effects = Effects.PURE
    determinism: Determinism = Determinism.STRICT
    kind: NodeKind | None = None
    can_fail: bool = True
    ports: Mapping[str, Port] = msgspec.field(default_factory=dict)
    output: SchemaRef = msgspec.field(default_factory=SchemaRef)
    fields: Mapping[str, Any] = msgspec.field(default_factory=dict)
    """Further fields of the node."""


class Mark(msgspec.Struct, frozen=True):
    """A point in the growth of a graph."""

    counts: tuple[int, int, int, int]
    order: Order


class Graph:
    """Collects the parts of one graph; `name` and `version` are those of its flow."""

    def __init__(self, name: str, version: str) -> None:
        self.name = name
        self.version = version
        self.flow = flow_id(name, version)
        self.nodes: list[Node] = []
        self.edges: list[Edge] = []
        self.routings: list[Routing] = []
        self.surfaces: list[Surface] = []
        self.spans: dict[str, Span] = {}
        self.order = Order()
        self.region: Region | None = None
        self.routed: set[str] = set()
        self.fallible = 0
        self._numbers: dict[str, int] = {}
        self._regions: list[Region | None] = []
        self._ancestors = Ancestors()
        self._names: dict[str, int] = {}
        self._reserved: set[str] = set()

    # -- nodes ---------------------------------------------------------------------------------

    def add_input(self, identifier: str, kind: NodeKind, span: Span) -> None:
        """Add the node through which the graph's inputs come; once, before all others' use."""
        if INPUT in self._numbers:
            return
        node = Node(
            id=node_id(self.flow, INPUT),
            alias=INPUT,
            identifier=identifier,
            name="Input",
            kind=kind,
            effects=Effects.PURE,
            determinism=Determinism.STRICT,
            span=span,
        )
        self._enter(node, None, ())

    def reserve(self, wanted: str) -> str:
        """Return the alias that the next node called `wanted` gets, and keep it for `add`."""
        alias = self._unique(wanted)
        self._reserved.add(alias)
        return alias

    def add(self, step: Step, feeds: Mapping[str, Ref | Const | list[Ref]], span: Span) -> str:
        """Add a node with its edges; return its alias, which is unique in this graph.

        A feed that is a list of parts makes several edges into one port, in order.
        """
        alias = step.alias if step.alias in self._reserved else self._unique(step.alias)
        self._reserved.discard(alias)
        edges: list[Edge] = []
        literals: dict[str, Json] = {}
        ports = dict(step.ports)
        for port, feed in feeds.items():
            if isinstance(feed, Const):
                literals[port] = feed.value
                continue
            refs = feed if isinstance(feed, list) else [feed]
            edges.extend(_data_edge(ref, alias, port) for ref in refs)
        sources = list(dict.fromkeys(edge.from_ for edge in edges))
        node = Node(
            id=node_id(self.flow, alias),
            alias=alias,
            identifier=step.identifier,
            name=step.name,
            kind=step.kind or _NODE_KINDS[step.effects],
            effects=step.effects,
            determinism=step.determinism,
            ports=ports,
            inputs=literals,
            out_schema=step.output,
            span=span,
            **step.fields,
        )
        anchored = self._gate(alias, step, edges, sources)
        wanted = self._ancestors.missing(
            self.order.wanted(step.effects), [self._numbers[name] for name in sources]
        )
        later = [self.nodes[number].alias for number in wanted]
        if later and not anchored:
            later.extend(self._anchors(later))
        edges.extend(Edge(from_=name, to=alias) for name in later)
        number = self._enter(node, self.region, [*sources, *later])
        self.order.note(number, step.effects, can_fail=step.can_fail)
        self.fallible += step.can_fail
        self.edges.extend(edges)
        for edge in edges:
            self.spans[edge_key(edge)] = span
        return alias

    def _enter(self, node: Node, region: Region | None, sources: Iterable[str]) -> int:
        number = self._ancestors.add(self._numbers[name] for name in sources)
        self._numbers[node.alias] = number
        self.nodes.append(node)
        self._regions.append(region)
        if node.span is not None:
            self.spans[node_key(node.alias)] = node.span
        return number

    def _gate(self, alias: str, step: Step, edges: list[Edge], sources: list[str]) -> bool:
        """Tie the node to its branch; tell whether it is skipped exactly when its branch is.

        A node that needs the value of a step of the same branch is skipped with that step. A
        merge is skipped with its inputs, which all stand in the branch.
        """
        region = self.region
        if step.identifier == "std.merge":
            return True
        needed = {
            edge.from_
            for edge in edges
            if (port := step.ports.get(edge.to_port or "")) is None or port.required
        }
        if region is None:
            return bool(needed)
        if any(is_within(self.region_of(name), region) for name in needed):
            return True
        region.gated.append(alias)
        source = region.routing.source
        if source not in sources:
            edges.append(Edge(from_=source, to=alias))
            sources.append(source)
        return True

    def _anchors(self, waits: list[str]) -> list[str]:
        """Return what else a node must wait for so that skipped branches do not skip it.

        A node all of whose edges come from skipped steps is skipped. What decides over the
        branches is not.
        """
        if any(is_within(self.region, self.region_of(name)) for name in waits):
            return []
        below = outermost_below(self.region_of(waits[0]), self.region)
        return [] if below is None else [below.routing.source]

    def _unique(self, wanted: str) -> str:
        """Return `wanted`, or the first free name with a number after it; `x_1` always has one."""
        if wanted.startswith("%"):
            wanted = wanted[1:].partition("_")[0]
        base, numbered = (wanted[:-2], True) if wanted.endswith("_1") else (wanted, False)
        count = self._names.get(wanted, 0)
        while True:
            count += 1
            alias = f"{base}_{count}" if numbered or count > 1 else base
            if alias not in self._numbers and alias not in self._reserved and alias != INPUT:
                self._names[wanted] = count
                return alias

    # -- what is known of nodes ----------------------------------------------------------------

    def has(self, alias: str) -> bool:
        """Tell whether the graph has the node `alias`."""
        return alias in self._numbers

    def node(self, alias: str) -> Node:
        """Return the node `alias`."""
        return self.nodes[self._numbers[alias]]

    def region_of(self, alias: str) -> Region | None:
        """Return the branch that node `alias` stands in."""
        return self._regions[self._numbers[alias]]

    def mark(self) -> Mark:
        """Return a mark to which the graph can be rewound."""
        counts = (len(self.nodes), len(self.edges), len(self.routings), len(self.surfaces))
        return Mark(counts, self.order.copy())

    def rewind(self, mark: Mark) -> None:
        """Forget what was added since `mark`."""
        nodes, edges, routings, surfaces = mark.counts
        if (len(self.nodes), len(self.routings)) == (nodes, routings):
            return
        for node in self.nodes[nodes:]:
            del self._numbers[node.alias]
            self.spans.pop(node_key(node.alias), None)
            if self.region is not None and node.alias in self.region.gated:
                self.region.gated.remove(node.alias)
        for edge in self.edges[edges:]:
            self.spans.pop(edge_key(edge), None)
        for routing in self.routings[routings:]:
            self.routed.discard(routing.source)
            self.spans.pop(surface_key(routing.id), None)
        for surface in self.surfaces[surfaces:]:
            self.spans.pop(surface_key(surface.id), None)
        del self.nodes[nodes:], self.edges[edges:], self._regions[nodes:]
        del self.routings[routings:], self.surfaces[surfaces:]
        self._ancestors.rewind(nodes)
        self.order = mark.order

    def drop_input(self) -> None:
        """Take the input node away, which nothing uses."""
        self.nodes = [node for node in self.nodes if node.alias != INPUT]
        self.spans.pop(node_key(INPUT), None)

    def embed(self, alias: str, spans: SpanMap) -> None:
        """Take over the places of the parts of the body `alias`."""
        self.spans.update({f"{alias}/{key}": span for key, span in spans.items()})

    # -- surfaces ------------------------------------------------------------------------------

    def route(self, kind: str, source: str, pointer: str, span: Span) -> Routing:
        """Begin a routing surface over the value at `pointer` of `source`."""
        number = sum(routing.source == source for routing in self.routings) + 1
        routing = Routing(f"{kind}:{source}:{number}", kind, source, pointer)
        self.routed.add(source)
        self.routings.append(routing)
        self.spans[surface_key(routing.id)] = span
        return routing

    def branch(self, routing: Routing, label: str) -> Region:
        """Return the branch `label` of `routing`, which stands where its source stands."""
        if label not in routing.branches:
            routing.branches[label] = Region(routing, label, self.region)
        return routing.branches[label]

    def surface(
        self, kind: SurfaceKind, target: str, targets: list[str], config: object, span: Span
    ) -> None:
        """Add a surface that is no routing; `config` is its struct."""
        number = sum(s.kind == kind and s.id.split(":")[1] == target for s in self.surfaces) + 1
        surface = Surface(
            id=f"{kind}:{target}:{number}",
            kind=kind,
            targets=targets,
            config=None if config is None else msgspec.to_builtins(config),
        )
        self.surfaces.append(surface)
        self.spans[surface_key(surface.id)] = span

    def all_surfaces(self) -> list[Surface]:
        """Return every surface, the routings first."""
        return [_routing_surface(routing) for routing in self.routings] + self.surfaces


def _data_edge(ref: Ref, alias: str, port: str) -> Edge:
    return Edge(
        from_=ref.alias,
        to=alias,
        to_port=port,
        select=pointer(ref.path) or None,
        # A declared conversion: a condition has shown that the value has the narrower type.
        transform=Transform() if ref.narrowed else None,
    )


def pointer(path: tuple[str, ...]) -> str:
    """Return the JSON pointer of a path."""
    return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in path)


def _routing_surface(routing: Routing) -> Surface:
    branches = {label: list(region.gated) for label, region in routing.branches.items()}
    targets = [routing.source, *(alias for gated in branches.values() for alias in gated)]
    config: dict[str, Json] = {
        "v": 1,
        "source": routing.source,
        "selector_pointer": routing.pointer,
    }
    if routing.kind == "if":
        config["then"] = branches.get("true", [])
        config["else"] = branches.get("false", [])
        return Surface(id=routing.id, kind="if", targets=targets, config=config)
    default = branches.pop(DEFAULT, None)
    config["cases"] = branches
    config["default"] = default
    return Surface(id=routing.id, kind="switch", targets=targets, config=config)


DEFAULT = "\0default"
"""The label of a switch's default branch; no text a case can have."""


def typed_port(form: TypeForm, *, required: bool = True, default: Json = None) -> Port:
    """Return a port for values of `form`."""
    return Port(schema=schema_of(form), required=required, default=default)


def finish(graph: Graph, flow: Flow) -> Flow:
    """Put the graph's parts into `flow`."""
    return msgspec.structs.replace(
        flow, nodes=graph.nodes, edges=graph.edges, control_surfaces=graph.all_surfaces()
    )
