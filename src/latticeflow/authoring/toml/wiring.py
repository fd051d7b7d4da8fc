"""The graph of a workflow: nodes, the edges that its expressions ask for, and their places."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from latticeflow.authoring.toml.constants import as_expression, holds_expression, plain
from latticeflow.authoring.toml.findings import Findings
from latticeflow.authoring.toml.places import Place
from latticeflow.authoring.toml.scope import Scope
from latticeflow.authoring.toml.steps import Given
from latticeflow.expr import (
    DOUBLE,
    INT,
    Hole,
    Program,
    Template,
    Type,
    describe,
    fits,
    has_expression,
    members_of,
    misfit,
    parse_template,
    union,
)
from latticeflow.flow import Edge, Node, Span
from latticeflow.flow.spans import edge_key, field_key, node_key

INPUT = "input"
TEMPLATE_KEY = "$template"


@dataclass(slots=True)
class Graph:
    """Nodes and edges as they come, with the place of each."""

    findings: Findings
    commands: frozenset[str]
    nodes: list[Node] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    spans: dict[str, Span] = field(default_factory=dict)
    places: dict[tuple[str, str], Place] = field(default_factory=dict)

    def place_node(self, node: Node, place: Place, fields: Mapping[str, Place]) -> None:
        """Add `node` with the places of its fields."""
        self.nodes.append(node)
        self.spans[node_key(node.alias)] = place.span()
        for name, at in fields.items():
            self.spans[field_key(node.alias, name)] = at.span()

    def connect(self, edge: Edge, place: Place) -> None:
        """Add an edge; one that only orders is left out where another orders the same."""
        pair = (edge.from_, edge.to)
        if edge.to_port is None and pair in self.places:
            return
        if edge.to_port is not None:
            self.edges = [
                each
                for each in self.edges
                if each.to_port is not None or (each.from_, each.to) != pair
            ]
        self.edges.append(edge)
        self.places.setdefault(pair, place)
        self.spans[edge_key(edge)] = place.span()

    def order(self, after: Mapping[str, Place], alias: str) -> None:
        """Let `alias` wait for the steps in `after`."""
        for source, place in after.items():
            self.connect(Edge(from_=source, to=alias), place)

    def cycle(self) -> tuple[list[str], Place] | None:
        """Return the first cycle of steps, and the place of the edge that closes it."""
        following: dict[str, list[str]] = {node.alias: [] for node in self.nodes}
        for edge in self.edges:
            following.setdefault(edge.from_, []).append(edge.to)
        done: set[str] = set()
        for start in following:
            found = self._cycle_from(start, following, done)
            if found is not None:
                return found, self.places[found[-2], found[-1]]
        return None

    @staticmethod
    def _cycle_from(
        start: str, following: Mapping[str, list[str]], done: set[str]
    ) -> list[str] | None:
        trail: list[str] = []
        waiting: list[tuple[str, int]] = [(start, 0)]
        while waiting:
            alias, index = waiting.pop()
            if index == 0:
                if alias in done:
                    continue
                trail.append(alias)
            targets = following.get(alias, [])
            if index < len(targets):
                waiting.append((alias, index + 1))
                target = targets[index]
                if target in trail:
                    return [*trail[trail.index(target) :], target]
                waiting.append((target, 0))
            else:
                done.add(alias)
                trail.pop()
        return None


@dataclass(slots=True)
class Feeder:
    """Feeds the inputs of one node: an edge where a value is taken whole, else a template."""

    graph: Graph
    scope: Scope
    alias: str
    uses: str
    literals: dict[str, Any] = field(default_factory=dict)
    types: dict[str, Type] = field(default_factory=dict)
    fields: dict[str, Place] = field(default_factory=dict)

    def feed(self, port: str, given: Given, wanted: Type | None) -> None:
        """Feed `port` with a value from the file; `wanted` is the type it must have."""
        value = given.value
        self.fields[f"inputs.{port}"] = given.place()
        if isinstance(value, str) and has_expression(value):
            self._text(port, value, given, wanted)
        elif holds_expression(value):
            self._table(port, value, given, wanted)
        else:
            self._literal(port, plain(value), given, wanted)

    def _literal(self, port: str, value: Any, given: Given, wanted: Type | None) -> None:  # noqa: ANN401
        self.literals[port] = value
        why = None if wanted is None else misfit(value, wanted)
        if why is not None and wanted is not None:
            found, is_type, _ = why.removeprefix("is ").partition(", not ")
            self._mismatch(port, given, wanted, found if is_type else f"this: it {why}")

    def _text(self, port: str, text: str, given: Given, wanted: Type | None) -> None:
        place = given.place()
        template = self.scope.template(text, place)
        if template is None:
            return
        self.types[port] = template.type
        if wanted is not None and not _feeds(template.type, wanted):
            self._mismatch(port, given, wanted, describe(template.type))
        edge = self._whole_value(port, template)
        if edge is not None:
            self.graph.connect(edge, place)
            return
        if _is_plain(template):
            self.literals[port] = plain(text)
            return
        self.literals[port] = {TEMPLATE_KEY: text}

    def _table(self, port: str, value: Any, given: Given, wanted: Type | None) -> None:  # noqa: ANN401
        """Feed a table or list with expressions inside: checked one by one, then as one."""
        before = len(self.graph.findings.found)
        for path, text in _texts(value):
            self.scope.template(text, given.place(*path))
        if len(self.graph.findings.found) > before:
            return
        whole = f"${{{{ {as_expression(value)} }}}}"
        place = given.place()
        template = self.scope.template(whole, Place(place.text, place.start, place.end))
        if template is None:
            return
        self.types[port] = template.type
        if wanted is not None and not _feeds(template.type, wanted):
            self._mismatch(port, given, wanted, describe(template.type))
        self.literals[port] = {TEMPLATE_KEY: whole}

    def _mismatch(self, port: str, given: Given, wanted: Type, found: str) -> None:
        self.graph.findings.add(
            "TOML023",
            given.place(),
            input=port,
            uses=self.uses,
            wanted=describe(wanted),
            given=found,
        )

    def _whole_value(self, port: str, template: Template) -> Edge | None:
        """Return the edge for `${{ params.x }}` or `${{ steps.a.outputs.y }}` alone."""
        program = template.parts[0] if len(template.parts) == 1 else None
        if not isinstance(program, Program) or program.path is None:
            return None
        root, *steps = program.path
        if root == "params" and steps:
            return Edge(from_=INPUT, to=self.alias, to_port=port, select=_pointer(steps))
        if root != "steps" or len(steps) < 2:
            return None
        alias, part, *rest = steps
        select = self._part(str(alias), part, rest)
        if select is None:
            return None
        return Edge(from_=str(alias), to=self.alias, to_port=port, select=_pointer(select) or None)

    def _part(self, alias: str, part: str | int, rest: list[str | int]) -> list[str | int] | None:
        if part == "value":
            return rest
        if alias in self.graph.commands:
            return [part, *rest] if part in ("stdout", "stderr", "exit_code", "outputs") else None
        if part != "outputs" or not rest:
            return None
        return rest[1:] if rest[0] == "result" else rest


def _feeds(actual: Type, wanted: Type) -> bool:
    """Tell whether a value of `actual` may be given; a whole number may be where a number is."""
    widened = union((wanted, INT)) if DOUBLE in members_of(wanted) else wanted
    return fits(actual, widened)


def _is_plain(template: Template) -> bool:
    return all(isinstance(part, str) for part in template.parts)


def _pointer(steps: Iterable[str | int]) -> str:
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in steps)


def _texts(
    value: object, path: tuple[str | int, ...] = ()
) -> Iterable[tuple[tuple[str | int, ...], str]]:
    if isinstance(value, str) and has_expression(value):
        yield path, value
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts(item, (*path, index))
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _texts(item, (*path, key))


def as_config(text: str) -> object:
    """Return a text for a node's `config`: marked as a template if it holds an expression."""
    pieces = parse_template(text)
    if isinstance(pieces, tuple) and any(isinstance(piece, Hole) for piece in pieces):
        return {TEMPLATE_KEY: text}
    return plain(text)
