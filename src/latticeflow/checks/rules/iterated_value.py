"""CTRL130 of `for_each` and `loop`: what rounds take and hand on has the types they need."""

from __future__ import annotations

from collections.abc import Iterator

from latticeflow.checks.context import Context
from latticeflow.checks.schema_parts import NothingThere, Schema, items, part
from latticeflow.checks.shapes import Shapes
from latticeflow.diagnostics import Diagnostic, report
from latticeflow.expr import describe, from_json_schema
from latticeflow.expr.types import Bool, Dyn, members_of
from latticeflow.flow.model import Node, Surface
from latticeflow.flow.surfaces import ForEachConfig, LoopConfig


def check(context: Context) -> Iterator[Diagnostic]:
    """Judge the list, the state and the pointers of every `for_each` and `loop`."""
    shapes = context.shared(Shapes)
    for surface, config in context.surfaces:
        if not isinstance(config, ForEachConfig | LoopConfig):
            continue
        body = context.nodes.get(config.body_entry)
        if body is None:
            continue
        if isinstance(config, ForEachConfig) and config.source in context.nodes:
            yield from _listed(context, surface, config, shapes)
        yield from _handed_on(context, surface, config, body, shapes)


def _listed(
    context: Context, surface: Surface, config: ForEachConfig, shapes: Shapes
) -> Iterator[Diagnostic]:
    pointer = config.items_pointer
    name = f"`{pointer}` of `{config.source}`" if pointer else f"`{config.source}`"
    try:
        schema = shapes.taken(config.source, pointer)
    except NothingThere as reason:
        yield _bad(context, surface, f"{name} is nothing: {reason}")
        return
    try:
        items(schema)
    except NothingThere:
        given = describe(from_json_schema(schema))
        yield _bad(context, surface, f"{name} is {given}, not a list")


def _handed_on(
    context: Context,
    surface: Surface,
    config: ForEachConfig | LoopConfig,
    body: Node,
    shapes: Shapes,
) -> Iterator[Diagnostic]:
    result = shapes.result(body)
    for name in config.state:
        try:
            part(result, f"/{name}")
        except NothingThere as reason:
            why = f"`{body.alias}` gives no `{name}` to the next round: {reason}"
            yield _bad(context, surface, why)
    pointers = [("stop", config.stop)]
    if isinstance(config, ForEachConfig):
        pointers += [("keep", config.keep)]
        if config.value is not None:
            yield from _found(context, surface, result, "value", config.value)
    for name, pointer in pointers:
        if pointer is not None:
            yield from _found(context, surface, result, name, pointer, is_bool=True)


def _found(
    context: Context,
    surface: Surface,
    result: Schema,
    name: str,
    pointer: str,
    *,
    is_bool: bool = False,
) -> Iterator[Diagnostic]:
    try:
        schema = part(result, pointer)
    except NothingThere as reason:
        yield _bad(context, surface, f"`{name}` points to nothing: {reason}")
        return
    found = from_json_schema(schema)
    if is_bool and not all(isinstance(member, Bool | Dyn) for member in members_of(found)):
        yield _bad(context, surface, f"`{name}` points to {describe(found)}, not to a boolean")


def _bad(context: Context, surface: Surface, why: str) -> Diagnostic:
    where = context.at_surface(surface)
    return report("CTRL130", location=where, kind=surface.kind, surface=surface.id, why=why)
