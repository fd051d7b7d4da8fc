"""CTRL110, CTRL111, CTRL112: a `switch` is well formed, has its edges, and is alone."""

from __future__ import annotations

from collections.abc import Iterator

from latticeflow.checks.context import Context
from latticeflow.checks.routing import broken, missing_edges, second_router
from latticeflow.diagnostics import Diagnostic, report
from latticeflow.flow.surfaces import SwitchConfig


def check(context: Context) -> Iterator[Diagnostic]:
    """Judge every `switch`."""
    yield from broken(context, "switch", "CTRL110")
    for surface, config in context.routing:
        if not isinstance(config, SwitchConfig):
            continue
        if not config.cases:
            yield report(
                "CTRL110",
                location=context.at_surface(surface),
                surface=surface.id,
                why="it has no cases",
            )
        yield from missing_edges(context, surface, config, "CTRL110", "CTRL111")
        yield from second_router(context, surface, config, "CTRL112")
