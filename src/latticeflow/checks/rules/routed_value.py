"""CTRL133, CTRL135, CTRL136: what a surface decides on has the type that it decides by."""

from __future__ import annotations

from collections.abc import Iterator

from latticeflow.checks.context import Context
from latticeflow.checks.schema_parts import NothingThere, Schema
from latticeflow.checks.shapes import Shapes
from latticeflow.diagnostics import Diagnostic, report
from latticeflow.expr import Type, describe, from_json_schema
from latticeflow.expr.types import Bool, Dyn, Int, String, members_of
from latticeflow.flow.model import Surface
from latticeflow.flow.surfaces import IfConfig, SwitchConfig


def check(context: Context) -> Iterator[Diagnostic]:
    """Compare what each `if` and `switch` reads with what it needs."""
    shapes = context.shared(Shapes)
    for surface, config in context.routing:
        if config.source not in context.nodes:
            continue
        try:
            schema = shapes.taken(config.source, config.selector_pointer)
        except NothingThere as reason:
            code = "CTRL120" if isinstance(config, IfConfig) else "CTRL110"
            where = context.at_surface(surface)
            why = f"`{config.selector_pointer}` finds nothing in `{config.source}`: {reason}"
            yield report(code, location=where, surface=surface.id, why=why)
            continue
        if isinstance(config, IfConfig):
            yield from _needs(context, surface, schema, (Bool,), "a boolean")
        else:
            yield from _needs(
                context, surface, schema, (Bool, Int, String), "a text, an integer or a boolean"
            )
            yield from _cases(context, surface, config, from_json_schema(schema))


def _needs(
    context: Context, surface: Surface, schema: Schema, wanted: tuple[type[Type], ...], said: str
) -> Iterator[Diagnostic]:
    found = from_json_schema(schema)
    if all(isinstance(member, (*wanted, Dyn)) for member in members_of(found)):
        return
    yield report(
        "CTRL133",
        location=context.at_surface(surface),
        kind=surface.kind,
        surface=surface.id,
        given=describe(found),
        wanted=said,
    )


def _cases(
    context: Context, surface: Surface, config: SwitchConfig, subject: Type
) -> Iterator[Diagnostic]:
    possible: list[str] = []
    for member in members_of(subject):
        if isinstance(member, String) and member.choices:
            possible += member.choices
        elif isinstance(member, Bool):
            possible += ["true", "false"]
        else:
            return
    where = context.at_surface(surface)
    for case in config.cases:
        if case not in possible:
            given = f"a value out of {', '.join(f'`{name}`' for name in possible)}"
            yield report("CTRL135", location=where, surface=surface.id, case=case, given=given)
    missing = [name for name in possible if name not in config.cases]
    if missing and config.default is None:
        names = ", ".join(f"`{name}`" for name in missing)
        yield report("CTRL136", location=where, surface=surface.id, missing=names)
