"""CTRL120, CTRL121, CTRL122: an `if` is well formed, has its edges, and is alone."""

from __future__ import annotations

from collections.abc import Iterator

from latticeflow.checks.context import Context
from latticeflow.checks.routing import broken, missing_edges, second_router
from latticeflow.diagnostics import Diagnostic, report
from latticeflow.flow.surfaces import IfConfig


def check(context: Context) -> Iterator[Diagnostic]:
    """Judge every `if`."""
    yield from broken(context, "if", "CTRL120")
    for surface, config in context.routing:
        if not isinstance(config, IfConfig):
            continue
        if config.then is None and config.else_ is None:
            yield report(
                "CTRL120",
                location=context.at_surface(surface),
                surface=surface.id,
                why="it has neither `then` nor `else`",
            )
        yield from missing_edges(context, surface, config, "CTRL120", "CTRL121")
        yield from second_router(context, surface, config, "CTRL122")
