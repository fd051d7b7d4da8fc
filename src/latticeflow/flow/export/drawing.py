"""What is drawn, before it is said in any notation: shapes, lines, and groups for bodies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from latticeflow.flow.export.routes import Route, routes_of
from latticeflow.flow.export.words import remarks_of, surface_words, title_of
from latticeflow.flow.lattice import Effects
from latticeflow.flow.model import Edge, Flow, Node, Surface
from latticeflow.flow.surfaces import CONFIG_TYPES, ForEachConfig, LoopConfig

Form = Literal["step", "entry", "decision", "merge", "result"]
Kind = Literal["data", "order", "taken", "round"]

ENTRIES = frozenset({"std.trigger.manual", "std.input"})
MERGE = "std.merge"


@dataclass(frozen=True, slots=True)
class Shape:
    """One drawn thing. `lines` are its texts, the first being its name."""

    key: str
    form: Form
    lines: tuple[str, ...]
    effects: Effects | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """From one shape or group to another, by their keys."""

    source: str
    target: str
    kind: Kind
    label: str = ""


@dataclass(slots=True)
class Group:
    """A flow or the body of a step. `entry` and `exit` are shapes inside it."""

    key: str
    lines: tuple[str, ...]
    effects: Effects | None = None
    shapes: list[Shape] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    wires: list[Line] = field(default_factory=list)
    entry: str = ""
    exit: str = ""

    def every(self) -> Iterator[Group]:
        """Yield this group and all inside it."""
        yield self
        for group in self.groups:
            yield from group.every()

    def effects_inside(self) -> Iterator[tuple[str, Effects | None]]:
        """Yield the key and the effects of each shape and group directly inside."""
        yield from ((shape.key, shape.effects) for shape in self.shapes)
        yield from ((group.key, group.effects) for group in self.groups)


def draw(flow: Flow) -> Group:
    """Return the drawing of `flow`; the same flow gives the same keys."""
    return _Artist().flow(flow, (f"{flow.name} {flow.version}",), None)


class _Artist:
    """Hands out keys while it walks a flow and its bodies."""

    def __init__(self) -> None:
        self._count = 0

    def _key(self, letter: str) -> str:
        self._count += 1
        return f"{letter}{self._count}"

    def flow(self, flow: Flow, lines: tuple[str, ...], effects: Effects | None) -> Group:
        group = Group(self._key("g"), lines, effects)
        keys: dict[str, str] = {}
        surfaces = surfaces_by_node(flow)
        routes = routes_of(flow)
        asking = {route.source: route for route in routes if route.is_source}
        for node in flow.nodes:
            if node.alias in keys:
                continue
            if node.alias in asking:
                question = (node.alias, asking[node.alias].question)
                group.shapes.append(Shape(self._key("n"), "decision", question, node.effects))
                keys[node.alias] = group.shapes[-1].key
            else:
                keys[node.alias] = self._node(node, group, surfaces.get(node.alias, []))
        self._routes(flow, group, keys, routes)
        if flow.output is not None and flow.output.from_ in keys:
            result = Shape(self._key("n"), "result", ("result",))
            group.shapes.append(result)
            label = flow.output.select or ""
            group.wires.append(Line(keys[flow.output.from_], result.key, "data", label))
        if group.shapes:
            group.entry, group.exit = group.shapes[0].key, group.shapes[-1].key
        elif group.groups:
            group.entry, group.exit = group.groups[0].entry, group.groups[-1].exit
        return group

    def _node(self, node: Node, group: Group, surfaces: list[Surface]) -> str:
        """Put a node into `group` and return the key that lines meet it by."""
        about = [surface_words(surface, of=node.alias) for surface in surfaces]
        lines = tuple(part for part in (*title_of(node), *about, *remarks_of(node)) if part)
        if node.subflow_ir is not None and node.subflow_ir.nodes:
            inner = self.flow(node.subflow_ir, lines, node.effects)
            group.groups.append(inner)
            if _repeats(surfaces):
                inner.wires.append(Line(inner.exit, inner.entry, "round", "next round"))
            return inner.key
        form: Form = "step"
        if node.identifier in ENTRIES:
            form = "entry"
        elif node.identifier == MERGE:
            form = "merge"
        shape = Shape(self._key("n"), form, lines, node.effects)
        group.shapes.append(shape)
        if _repeats(surfaces):
            group.wires.append(Line(shape.key, shape.key, "round", "next round"))
        return shape.key

    def _routes(self, flow: Flow, group: Group, keys: dict[str, str], routes: list[Route]) -> None:
        for route in routes:
            if route.source not in keys:
                continue
            asks = source = keys[route.source]
            if not route.is_source:
                diamond = Shape(self._key("n"), "decision", (route.question,))
                group.shapes.insert(_place_after(group, source), diamond)
                group.wires.append(Line(source, diamond.key, "data"))
                asks = diamond.key
            for target, labels in route.targets.items():
                if target in keys:
                    label = " or ".join(labels)
                    group.wires.append(Line(asks, keys[target], "taken", label))
        carried: dict[tuple[str, str, Kind], list[str]] = {}
        for edge in flow.edges:
            if edge.from_ in keys and edge.to in keys and not _is_gate(edge, routes):
                kind: Kind = "order" if edge.to_port is None else "data"
                label = _edge_label(edge)
                carried.setdefault((keys[edge.from_], keys[edge.to], kind), []).append(label)
        group.wires += [
            Line(source, target, kind, ", ".join(filter(None, labels)))
            for (source, target, kind), labels in carried.items()
        ]


def surfaces_by_node(flow: Flow) -> dict[str, list[Surface]]:
    """Return, by alias, the surfaces that say something about one node."""
    found: dict[str, list[Surface]] = {}
    for surface in flow.control_surfaces:
        if surface.kind in ("if", "switch", "merge"):
            continue
        config = surface.config or {}
        scope = config.get("scope")
        named = [config.get("body_entry"), config.get("target")]
        governed = scope.get("nodes") if isinstance(scope, dict) else None
        named += governed if isinstance(governed, list) else []
        aliases = [alias for alias in named if isinstance(alias, str)]
        for alias in dict.fromkeys(aliases or surface.targets):
            found.setdefault(alias, []).append(surface)
    return found


def _edge_label(edge: Edge) -> str:
    if edge.to_port is None:
        return ""
    if not edge.select or edge.select == f"/{edge.to_port}":
        return edge.to_port
    return f"{edge.to_port} ← {edge.select}"


def _is_gate(edge: Edge, routes: list[Route]) -> bool:
    """Tell whether a line through a decision already stands for this edge."""
    if edge.to_port is not None:
        return False
    return any(route.source == edge.from_ and edge.to in route.targets for route in routes)


def _repeats(surfaces: list[Surface]) -> bool:
    return any(
        CONFIG_TYPES.get(surface.kind) in (ForEachConfig, LoopConfig) for surface in surfaces
    )


def _place_after(group: Group, key: str) -> int:
    for number, shape in enumerate(group.shapes):
        if shape.key == key:
            return number + 1
    return len(group.shapes)
