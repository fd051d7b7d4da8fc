"""The graph as a tree of lines, for terminals."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from latticeflow.flow.export.drawing import ENTRIES, MERGE, surfaces_by_node
from latticeflow.flow.export.routes import Route, routes_of
from latticeflow.flow.export.words import remarks_of, surface_words, title_of
from latticeflow.flow.lattice import Effects
from latticeflow.flow.model import Flow, Node

_WORDS = {Effects.PURE: "", Effects.READ_ONLY: "reads", Effects.EFFECTFUL: "writes"}

_Place = tuple[tuple[str, str], ...]
"""Where a node stands: the decisions above it, each as (surface id, answer)."""


@dataclass(slots=True)
class _Twig:
    text: str
    twigs: list[_Twig] = field(default_factory=list)


def render_tree(flow: Flow) -> str:
    """Return `flow` as a tree: steps in program order, bodies and branches below what opens them.

    A step's line names what feeds it after `←`, what it does to the world in brackets, and what
    is asked of it after `·`.
    """
    root = _Twig(f"{flow.name} {flow.version}" + (f" · {flow.summary}" if flow.summary else ""))
    _grow(flow, root)
    lines = [root.text]
    _print(root.twigs, "", lines)
    return "\n".join(_clean(line) for line in lines) + "\n"


def _grow(flow: Flow, root: _Twig) -> None:
    routes = {route.id: route for route in routes_of(flow)}
    places = _places(flow, routes)
    notes = surfaces_by_node(flow)
    branches: dict[_Place, _Twig] = {(): root}
    for node in flow.nodes:
        about = tuple(
            surface_words(surface, of=node.alias) for surface in notes.get(node.alias, ())
        )
        twig = _Twig(_line(flow, node, about, routes.values()))
        place = places.get(node.alias, ())
        _branch(place, branches, routes).twigs.append(twig)
        for route in routes.values():
            if route.is_source and route.source == node.alias:
                branches[*place, (route.id, "")] = twig
        if node.subflow_ir is not None:
            _grow(node.subflow_ir, twig)
    if flow.output is not None:
        part = flow.output.select or ""
        root.twigs.append(_Twig(f"result ← {flow.output.from_}{part}"))


def _branch(place: _Place, branches: dict[_Place, _Twig], routes: dict[str, Route]) -> _Twig:
    """Return the twig of a branch, putting its decision into the tree when first needed."""
    if place in branches:
        return branches[place]
    surface, answer = place[-1]
    decision = (*place[:-1], (surface, ""))
    if decision not in branches:
        route = routes[surface]
        branches[decision] = _Twig(route.question)
        _branch(place[:-1], branches, routes).twigs.append(branches[decision])
    branches[place] = _Twig(answer)
    branches[decision].twigs.append(branches[place])
    return branches[place]


def _places(flow: Flow, routes: dict[str, Route]) -> dict[str, _Place]:
    """Return where each node stands: behind its own decision, or where what feeds it stands."""
    feeds: dict[str, list[str]] = {}
    for edge in flow.edges:
        if edge.to_port is not None:
            feeds.setdefault(edge.to, []).append(edge.from_)
    places: dict[str, _Place] = {}
    for node in flow.nodes:
        above = [places.get(source, ()) for source in feeds.get(node.alias, ())]
        own = [
            (*places.get(route.source, ()), (surface, " or ".join(route.targets[node.alias])))
            for surface, route in routes.items()
            if node.alias in route.targets
        ]
        if node.identifier == MERGE:
            places[node.alias] = max([_shared(above), *own], key=len)
        else:
            places[node.alias] = max([*above, *own], key=len, default=())
    return places


def _shared(places: Iterable[_Place]) -> _Place:
    shared: _Place | None = None
    for place in places:
        if shared is None:
            shared = place
            continue
        length = 0
        while length < min(len(shared), len(place)) and shared[length] == place[length]:
            length += 1
        shared = shared[:length]
    return shared or ()


def _line(flow: Flow, node: Node, about: tuple[str, ...], routes: Collection[Route]) -> str:
    name, *details = title_of(node)
    text = f"{name}: {details[0]}" if details else name
    if any(route.is_source and route.source == node.alias for route in routes):
        text += "?"
    sources = dict.fromkeys(
        edge.from_ for edge in flow.edges if edge.to == node.alias and edge.to_port is not None
    )
    if sources:
        text += f" ← {', '.join(sources)}"
    elif node.identifier in ENTRIES and flow.inputs:
        text += f" ({', '.join(flow.inputs)})"
    waits = [
        edge.from_
        for edge in flow.edges
        if edge.to == node.alias
        and edge.to_port is None
        and edge.from_ not in sources
        and not any(route.source == edge.from_ and node.alias in route.targets for route in routes)
    ]
    if waits:
        text += f" after {', '.join(dict.fromkeys(waits))}"
    if _WORDS[node.effects]:
        text += f" [{_WORDS[node.effects]}]"
    remarks = [part for part in (*about, *remarks_of(node)) if part]
    return " · ".join([text, *remarks])


def _print(twigs: list[_Twig], prefix: str, lines: list[str]) -> None:
    for number, twig in enumerate(twigs, 1):
        last = number == len(twigs)
        lines.append(f"{prefix}{'└─ ' if last else '├─ '}{twig.text}")
        _print(twig.twigs, prefix + ("   " if last else "│  "), lines)


def _clean(line: str) -> str:
    """Return a line without characters that would steer a terminal."""
    return "".join(char if char.isprintable() else " " for char in line)
