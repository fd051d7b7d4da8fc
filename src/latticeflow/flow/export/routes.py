"""Which way a value sends a run: the decisions of a flow and what lies behind each answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import msgspec

from latticeflow.flow.export.words import clipped, short_name, text_of
from latticeflow.flow.model import Flow, Surface
from latticeflow.flow.surfaces import (
    ErrorHandlerConfig,
    IfConfig,
    SurfaceConfig,
    SwitchConfig,
    Targets,
    as_aliases,
    surface_config,
)


@dataclass(frozen=True, slots=True)
class Route:
    """One `if` or `switch`: from a target's alias to the answers that open it.

    `is_source` tells that its source does nothing but ask the question, so that one picture of
    both is enough.
    """

    id: str
    source: str
    question: str
    targets: Mapping[str, tuple[str, ...]]
    is_source: bool = False


def routes_of(flow: Flow) -> list[Route]:
    """Return the decisions of `flow` in order; one that cannot be read is left out.

    A picture of a flow that the checker refuses is still a picture: it shows what can be shown.
    """
    configs = [(surface, _read(surface)) for surface in flow.control_surfaces]
    handled = _handled([config for _, config in configs])
    asked = {
        node.alias: clipped(text_of(node.config.get("expr")))
        for node in flow.nodes
        if node.identifier == "std.expr"
    }
    routes: list[Route] = []
    for surface, config in configs:
        if isinstance(config, IfConfig):
            answers: list[tuple[str, Targets]] = [("yes", config.then), ("no", config.else_)]
        elif isinstance(config, SwitchConfig):
            names = handled.get(config.source, {}) if config.selector_pointer == "/case" else {}
            answers = [(names.get(label, label), to) for label, to in config.cases.items()]
            answers.append(("otherwise", config.default))
        else:
            continue
        subject = f"{config.source}{config.selector_pointer}"
        expression = None if config.selector_pointer else asked.get(config.source)
        targets: dict[str, tuple[str, ...]] = {}
        for label, aliases in answers:
            for alias in as_aliases(aliases):
                targets[alias] = (*targets.get(alias, ()), label)
        question = f"{expression or subject}?"
        routes.append(Route(surface.id, config.source, question, targets, bool(expression)))
    sources = [route.source for route in routes]
    return [
        replace(route, is_source=False) if sources.count(route.source) > 1 else route
        for route in routes
    ]


def _read(surface: Surface) -> SurfaceConfig | None:
    try:
        return surface_config(surface)
    except (KeyError, msgspec.ValidationError):
        return None


def _handled(configs: list[SurfaceConfig | None]) -> dict[str, dict[str, str]]:
    """Return, by the node whose errors are caught, the names of the errors behind each case."""
    found: dict[str, dict[str, str]] = {}
    for config in configs:
        if isinstance(config, ErrorHandlerConfig) and config.catch:
            names = {
                catch.label: ", ".join(short_name(name) for name in catch.on)
                for catch in config.catch
            }
            for alias in config.scope.nodes:
                found[alias] = {"ok": "no error", **names}
    return found
