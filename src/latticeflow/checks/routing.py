"""What `if` and `switch` have in common for the rules: shape, edges, one router to a pointer."""

from __future__ import annotations

from collections.abc import Iterator

from latticeflow.checks.context import Context, Routing, gated
from latticeflow.diagnostics import Diagnostic, did_you_mean, report
from latticeflow.flow.model import Surface


def broken(context: Context, kind: str, code: str) -> Iterator[Diagnostic]:
    """Report the surfaces of `kind` whose configuration cannot be read."""
    for surface, why in context.broken:
        if surface.kind == kind:
            yield report(code, location=context.at_surface(surface), surface=surface.id, why=why)


def missing_edges(
    context: Context, surface: Surface, config: Routing, bad: str, missing: str
) -> Iterator[Diagnostic]:
    """Report a bad pointer, unknown aliases (as `bad`) and edges that are not there."""
    where = context.at_surface(surface)
    pointer = config.selector_pointer
    if pointer and not pointer.startswith("/"):
        why = f"`{pointer}` is no JSON pointer: it must be empty or begin with `/`"
        yield report(bad, location=where, surface=surface.id, why=why)
    if config.source not in context.nodes:
        why = _no_node(context, config.source)
        yield report(bad, location=where, surface=surface.id, why=why)
        return
    leads_to = {edge.to for edge in context.outbound[config.source]}
    for target in dict.fromkeys(alias for _, aliases in gated(config) for alias in aliases):
        if target not in context.nodes:
            why = _no_node(context, target)
            yield report(bad, location=where, surface=surface.id, why=why)
        elif target not in leads_to:
            yield report(
                missing,
                location=where,
                surface=surface.id,
                target=target,
                source=config.source,
            )


def second_router(
    context: Context, surface: Surface, config: Routing, code: str
) -> Iterator[Diagnostic]:
    """Report a surface that routes an edge which an earlier one routes already."""
    mine = _targets(config)
    for other, earlier in context.routing:
        if other is surface:
            return
        if earlier.source == config.source and mine & _targets(earlier):
            yield report(
                code,
                location=context.at_surface(surface),
                source=config.source,
                first=other.id,
                surface=surface.id,
            )
            return


def _targets(config: Routing) -> set[str]:
    return {alias for _, aliases in gated(config) for alias in aliases}


def _no_node(context: Context, alias: str) -> str:
    return f"`{alias}` is no node of this flow{did_you_mean(alias, context.nodes)}"
