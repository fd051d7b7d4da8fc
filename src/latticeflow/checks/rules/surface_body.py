"""CTRL130, CTRL131, CTRL132 of `for_each` and `loop`: a body, its ports, its bounds."""

from __future__ import annotations

from collections.abc import Iterator

from latticeflow.checks.context import Context
from latticeflow.diagnostics import Diagnostic, did_you_mean, report
from latticeflow.flow.model import Node, Port, Surface
from latticeflow.flow.surfaces import ForEachConfig, LoopConfig

MAX_CONCURRENCY = 10_000


def check(context: Context) -> Iterator[Diagnostic]:
    """Judge every `for_each` and `loop`."""
    taken: dict[str, str] = {}
    for surface, config in context.surfaces:
        if not isinstance(config, ForEachConfig | LoopConfig):
            continue
        body = context.nodes.get(config.body_entry)
        if body is None:
            yield _unknown(context, surface, config.body_entry)
            continue
        if body.alias in taken:
            why = f"`{body.alias}` is the body of `{taken[body.alias]}` too"
            yield _bad(context, surface, why)
        taken.setdefault(body.alias, surface.id)
        if isinstance(config, ForEachConfig):
            yield from _for_each(context, surface, config, body)
        else:
            yield from _loop(context, surface, config, body)


def _for_each(
    context: Context, surface: Surface, config: ForEachConfig, body: Node
) -> Iterator[Diagnostic]:
    if config.source not in context.nodes:
        yield _unknown(context, surface, config.source)
    elif not any(edge.from_ == config.source for edge in context.inbound[body.alias]):
        yield report(
            "CTRL132",
            location=context.at_surface(surface),
            kind=surface.kind,
            surface=surface.id,
            source=config.source,
            target=body.alias,
        )
    if config.items_pointer and not config.items_pointer.startswith(("/", "=")):
        yield _bad(context, surface, f"`{config.items_pointer}` is no JSON pointer")
    if not 1 <= config.concurrency <= MAX_CONCURRENCY:
        yield report(
            "DAG005",
            location=context.at_surface(surface),
            value=config.concurrency,
            node=surface.id,
            max=MAX_CONCURRENCY,
        )
    if config.state and config.concurrency > 1:
        why = f"rounds that carry {_names(config.state)} cannot run at once"
        yield _bad(context, surface, why)
    if config.stop is not None and config.concurrency > 1:
        yield _bad(context, surface, "rounds that may stop the next ones cannot run at once")
    for what, name in (("item", config.item), ("index", config.index)):
        if name is not None:
            yield from _takes(context, surface, body, what, name)
    yield from _carries(context, surface, body, config.state)


def _loop(
    context: Context, surface: Surface, config: LoopConfig, body: Node
) -> Iterator[Diagnostic]:
    if config.max_iterations < 1:
        yield _bad(context, surface, f"max_iterations is {config.max_iterations}")
    if config.index is not None:
        yield from _takes(context, surface, body, "index", config.index)
    yield from _carries(context, surface, body, config.state)


def _takes(
    context: Context, surface: Surface, body: Node, what: str, name: str
) -> Iterator[Diagnostic]:
    """Report a port that the surface fills and the body does not have."""
    ports = _own_ports(context, body)
    if ports is not None and name not in ports:
        why = f"its body `{body.alias}` has no input `{name}` for the {what}"
        yield _bad(context, surface, why + did_you_mean(name, ports))


def _carries(
    context: Context, surface: Surface, body: Node, state: list[str]
) -> Iterator[Diagnostic]:
    for name in state:
        yield from _takes(context, surface, body, "state", name)
        fed = name in body.inputs or any(e.to_port == name for e in context.inbound[body.alias])
        ports = _own_ports(context, body)
        optional = ports is not None and name in ports and not ports[name].required
        if not fed and not optional:
            yield _bad(context, surface, f"nothing gives the state `{name}` its first value")


def _own_ports(context: Context, body: Node) -> dict[str, Port] | None:
    if body.subflow_ir is not None:
        return {**body.subflow_ir.inputs, **body.ports}
    component = context.component(body)
    if component is None:
        return body.ports or None
    return {**component.spec.inputs, **body.ports}


def _names(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _bad(context: Context, surface: Surface, why: str) -> Diagnostic:
    where = context.at_surface(surface)
    return report("CTRL130", location=where, kind=surface.kind, surface=surface.id, why=why)


def _unknown(context: Context, surface: Surface, alias: str) -> Diagnostic:
    return report(
        "CTRL131",
        location=context.at_surface(surface),
        kind=surface.kind,
        surface=surface.id,
        alias=alias,
        suggestion=did_you_mean(alias, context.nodes),
    )
