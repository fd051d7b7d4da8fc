"""One flow, laid out for the rules: tables of nodes and edges, and places to point at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import NamedTuple, TypeVar, cast

import msgspec

from latticeflow.checks.bodies import BodyReader
from latticeflow.checks.model import Options
from latticeflow.diagnostics import Location, Range
from latticeflow.flow.component import Catalog, Component
from latticeflow.flow.lattice import Determinism
from latticeflow.flow.model import DurabilityMode, Edge, Flow, Node, Port, Span, Surface
from latticeflow.flow.spans import SpanMap, edge_key, field_key, node_key, surface_key
from latticeflow.flow.surfaces import (
    CONFIG_TYPES,
    ErrorHandlerConfig,
    ForEachConfig,
    IfConfig,
    LoopConfig,
    SurfaceConfig,
    SwitchConfig,
    as_aliases,
    surface_config,
)

TEMPLATE_KEY = "$template"
INPUT_COMPONENTS = frozenset({"std.trigger.manual", "std.input"})

T = TypeVar("T")


class Taint(NamedTuple):
    """Where a value stops being repeatable: the node, and how repeatable that node is."""

    source: str
    determinism: Determinism


Routing = IfConfig | SwitchConfig
Place = str
"""A JSON pointer from the root of the document."""


class Context:
    """A flow under check. Rules read it and change nothing.

    Edges whose ends do not exist, and all but the first of nodes with one alias, are not in the
    tables: the rule that reports them is the only one that sees them, in `flow`.
    """

    def __init__(
        self,
        flow: Flow,
        catalog: Catalog,
        options: Options,
        *,
        spans: SpanMap,
        reader: BodyReader,
        body: str = "",
        pointer: Place = "",
        mode: DurabilityMode | None = None,
        tainted: Mapping[str, Taint] | None = None,
        said: set[tuple[str, str]] | None = None,
    ) -> None:
        self.flow = flow
        self.catalog = catalog
        self.options = options
        self.spans = spans
        self.reader = reader
        self.body = body
        self.pointer = pointer
        self.mode = mode or flow.policies.durability.mode
        self._shared: dict[object, object] = {}
        self.tainted: Mapping[str, Taint] = tainted or {}
        self.said = set() if said is None else said
        self.undecided: list[tuple[str, str, str]] = []
        self.nodes: dict[str, Node] = {}
        self.positions: dict[str, int] = {}
        for position, node in enumerate(flow.nodes):
            if node.alias not in self.nodes:
                self.nodes[node.alias] = node
                self.positions[node.alias] = position
        self.edges = [e for e in flow.edges if e.from_ in self.nodes and e.to in self.nodes]
        self.inbound: dict[str, list[Edge]] = {alias: [] for alias in self.nodes}
        self.outbound: dict[str, list[Edge]] = {alias: [] for alias in self.nodes}
        for edge in self.edges:
            self.inbound[edge.to].append(edge)
            self.outbound[edge.from_].append(edge)
        self.surfaces: list[tuple[Surface, SurfaceConfig]] = []
        self.broken: list[tuple[Surface, str]] = []
        for surface in flow.control_surfaces:
            self._read_surface(surface)

    @property
    def is_root(self) -> bool:
        """Tell whether this is the flow itself, not a flow embedded in it."""
        return not self.body and not self.pointer

    def _read_surface(self, surface: Surface) -> None:
        if surface.kind not in CONFIG_TYPES:
            return
        try:
            self.surfaces.append((surface, surface_config(surface)))
        except msgspec.ValidationError as error:
            self.broken.append((surface, _readable(str(error))))

    def shared(self, make: Callable[[Context], T]) -> T:
        """Return `make(self)`, made once for all rules that ask."""
        if make not in self._shared:
            self._shared[make] = make(self)
        # The key is what made the value, so its type is the one asked for.
        return cast("T", self._shared[make])

    def first_time(self, rule: str, component: str) -> bool:
        """Tell whether `rule` meets `component` for the first time in the whole document.

        What is wrong with a function is said once, however many nodes of however many bodies
        run it.
        """
        key = (rule, component)
        if key in self.said:
            return False
        self.said.add(key)
        return True

    # --- components and ports -----------------------------------------------------------------

    def component(self, node: Node) -> Component | None:
        """Return what `node` runs, where that is known."""
        return self.catalog.get(node.identifier)

    def hints(self, node: Node) -> list[str]:
        """Return the hints of `node` and of what it runs: a graph cannot take those away."""
        component = self.component(node)
        own = [*node.effect_hints, *node.determinism_hints]
        if component is not None:
            own += [*component.spec.effect_hints, *component.spec.determinism_hints]
        return list(dict.fromkeys(own))

    def ports(self, node: Node) -> dict[str, Port] | None:
        """Return the named inputs of `node`, or None when they are not known.

        The port a surface fills itself (the item of a `for_each`) is not among them; the list it
        takes the items from is.
        """
        if node.identifier in INPUT_COMPONENTS:
            return {}
        if node.identifier == "std.merge":
            return {"value": Port(required=False)}
        component = self.component(node)
        if node.subflow_ir is not None:
            found = dict(node.subflow_ir.inputs)
        elif component is not None:
            found = dict(component.spec.inputs)
        elif node.ports:
            found = {}
        else:
            return None
        found.update(node.ports)
        each = self.each.get(node.alias)
        if each is not None:
            for name in (each.item, each.index):
                if name is not None:
                    found.pop(name, None)
            found["items"] = Port()
        loop = self.loops.get(node.alias)
        if loop is not None and loop.index is not None:
            found.pop(loop.index, None)
        return found

    def variadic(self, node: Node) -> str | None:
        """Return the name of the input of `node` that takes any number of values."""
        component = self.component(node)
        return None if component is None else component.spec.variadic

    def takes_any_port(self, node: Node) -> bool:
        """Tell whether `node` takes inputs under any name."""
        return node.identifier in {"std.record", "std.list", "std.tuple", "std.fail", "std.expr"}

    def port(self, node: Node, name: str) -> Port | None:
        """Return the input of `node` called `name`, members of a variadic one included."""
        ports = self.ports(node)
        if ports is None:
            return None
        if name in ports:
            return ports[name]
        variadic = self.variadic(node)
        head, _, rest = name.partition(".")
        if variadic is not None and head == variadic and rest.isdigit():
            return ports.get(head, Port())
        return None

    # --- surfaces -----------------------------------------------------------------------------

    @cached_property
    def each(self) -> dict[str, ForEachConfig]:
        """The `for_each` over each body, by the body's alias."""
        return {c.body_entry: c for _, c in self.surfaces if isinstance(c, ForEachConfig)}

    @cached_property
    def loops(self) -> dict[str, LoopConfig]:
        """The `loop` over each body, by the body's alias."""
        return {c.body_entry: c for _, c in self.surfaces if isinstance(c, LoopConfig)}

    @cached_property
    def catching(self) -> dict[str, ErrorHandlerConfig]:
        """The handler with `catch` of each governed node."""
        return {
            alias: c
            for _, c in self.surfaces
            if isinstance(c, ErrorHandlerConfig) and c.strategy == "catch"
            for alias in c.scope.nodes
        }

    @cached_property
    def routing(self) -> list[tuple[Surface, Routing]]:
        """The surfaces that open and close edges."""
        return [(s, c) for s, c in self.surfaces if isinstance(c, IfConfig | SwitchConfig)]

    # --- places -------------------------------------------------------------------------------

    def at_node(self, node: Node, field: str | None = None) -> Location:
        """Point at a node, or at one of its fields where its place is known."""
        pointer = f"{self.pointer}/nodes/{self._node_positions.get(id(node), 0)}"
        span = None
        if field is not None:
            span = self.spans.get(field_key(node.alias, field, body=self.body))
            pointer += "".join(f"/{_escape(part)}" for part in field.split("."))
        if span is None and node is self.nodes.get(node.alias):
            span = self.spans.get(node_key(node.alias, body=self.body))
        return self._location(span or node.span, pointer)

    def at_edge(self, edge: Edge, field: str | None = None) -> Location:
        """Point at an edge; without a place of its own, at the node it feeds."""
        index = self._edge_positions.get(id(edge), 0)
        span = self.spans.get(edge_key(edge, body=self.body))
        for alias in (edge.to, edge.from_):
            node = self.nodes.get(alias)
            if span is None and node is not None:
                span = self.spans.get(node_key(alias, body=self.body)) or node.span
        pointer = f"{self.pointer}/edges/{index}"
        return self._location(span, f"{pointer}/{field}" if field else pointer)

    @cached_property
    def _node_positions(self) -> dict[int, int]:
        return {id(node): index for index, node in enumerate(self.flow.nodes)}

    @cached_property
    def _edge_positions(self) -> dict[int, int]:
        return {id(edge): index for index, edge in enumerate(self.flow.edges)}

    def at_surface(self, surface: Surface) -> Location:
        """Point at a surface; without a place of its own, at the first node it names."""
        index = next((i for i, s in enumerate(self.flow.control_surfaces) if s is surface), 0)
        span = self.spans.get(surface_key(surface.id, body=self.body))
        for alias in surface.targets:
            node = self.nodes.get(alias)
            if span is None and node is not None:
                span = self.spans.get(node_key(alias, body=self.body)) or node.span
        return self._location(span, f"{self.pointer}/control_surfaces/{index}")

    def at_flow(self, field: str = "") -> Location:
        """Point at the flow, or at one of its fields."""
        span = self.spans.get(f"#{field}") if field else None
        return self._location(span, f"{self.pointer}/{field}" if field else self.pointer)

    def _location(self, span: Span | None, pointer: str) -> Location:
        """Make a location; a map of spans by pointer, as a JSON text has one, goes first."""
        known = pointer
        while known:
            found = self.spans.get(known)
            if found is not None:
                span = found
                break
            known = known.rpartition("/")[0]
        if span is None:
            return Location(pointer=pointer)
        place = Range.of(span.line, span.column, span.end_line, span.end_column)
        return Location(file=span.file, range=place, pointer=pointer)

    # --- order --------------------------------------------------------------------------------

    @cached_property
    def order(self) -> list[str]:
        """The aliases in an order in which edges go forward, as far as there is one."""
        waiting = {alias: len(edges) for alias, edges in self.inbound.items()}
        ready = [alias for alias, count in waiting.items() if not count]
        found: list[str] = []
        for alias in ready:
            found.append(alias)
            for edge in self.outbound[alias]:
                waiting[edge.to] -= 1
                if not waiting[edge.to]:
                    # The list grows while it is walked: it is the queue.
                    ready.append(edge.to)
        return found

    def reachable(self, starts: Iterable[str]) -> set[str]:
        """Return the aliases that data or order leads to from `starts`, these included."""
        seen: set[str] = set()
        open_ = [alias for alias in starts if alias in self.nodes]
        while open_:
            alias = open_.pop()
            if alias not in seen:
                seen.add(alias)
                open_ += [edge.to for edge in self.outbound[alias]]
        return seen


def gated(config: Routing) -> Iterator[tuple[str, list[str]]]:
    """Yield each label of a routing surface with the aliases it opens."""
    if isinstance(config, IfConfig):
        yield "true", as_aliases(config.then)
        yield "false", as_aliases(config.else_)
        return
    for label, targets in config.cases.items():
        yield label, as_aliases(targets)
    if config.default is not None:
        yield "default", as_aliases(config.default)


def _escape(part: str) -> str:
    return part.replace("~", "~0").replace("/", "~1")


def _readable(text: str) -> str:
    """Turn a validator's message into the end of ours: lower case, `$.a` as `a`."""
    text = text.replace(" - at `$.", ", at `").replace(" - at `$`", "")
    return text[:1].lower() + text[1:]
