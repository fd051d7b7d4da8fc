"""EXPR001 to EXPR014, CTRL137: every expression is read and type-checked before a run."""

from __future__ import annotations

from collections.abc import Iterator

from latticeflow.checks.context import TEMPLATE_KEY, Context
from latticeflow.checks.environment import Environment
from latticeflow.checks.shapes import Shapes
from latticeflow.diagnostics import Diagnostic, Location, report
from latticeflow.expr import (
    BOOL,
    ExpressionIssue,
    Program,
    Template,
    Type,
    compile_expression,
    compile_template,
    from_json_schema,
    record,
)
from latticeflow.flow.model import Edge, Json, Node
from latticeflow.flow.surfaces import LoopConfig


def check(context: Context) -> Iterator[Diagnostic]:
    """Compile every expression of the flow against the types of what it names."""
    for node in context.nodes.values():
        if node.when is not None:
            where = context.at_node(node, "when")
            variables = context.shared(Environment).variables
            found = compile_expression(node.when, variables, expected=BOOL)
            yield from _issues(found, where)
            yield from _unordered(context, node, found, where)
        for field, text in _templates(node):
            where = context.at_node(node, field)
            variables = context.shared(Environment).variables
            if node.identifier == "std.shell" and field.startswith("config"):
                variables = {**variables, "inputs": record(_ports(context, node), "inputs")}
            template = compile_template(text, variables)
            yield from _issues(template, where)
            yield from _unordered(context, node, template, where)
        if node.identifier == "std.expr" and isinstance(node.config.get("expr"), str):
            compiled = compile_expression(node.config["expr"], _ports(context, node))
            yield from _issues(compiled, context.at_node(node, "config.expr"))
    for surface, config in context.surfaces:
        if isinstance(config, LoopConfig) and config.condition is not None:
            body = context.nodes.get(config.body_entry)
            if body is not None:
                ports = _ports(context, body)
                compiled = compile_expression(config.condition, ports, expected=BOOL)
                yield from _issues(compiled, context.at_surface(surface))
    for edge in context.edges:
        yield from _selection(context, edge)


def _selection(context: Context, edge: Edge) -> Iterator[Diagnostic]:
    if edge.select is not None and edge.select.startswith("="):
        value = from_json_schema(context.shared(Shapes).value(edge.from_))
        compiled = compile_expression(edge.select[1:], {"value": value})
        yield from _issues(compiled, context.at_edge(edge, "select"))


def _ports(context: Context, node: Node) -> dict[str, Type]:
    shapes = context.shared(Shapes)
    if node.subflow_ir is not None:
        ports = {**node.subflow_ir.inputs, **node.ports}
    else:
        component = context.component(node)
        declared = {} if component is None else component.spec.inputs
        ports = {**declared, **node.ports}
    return {name: from_json_schema(shapes.of(port.schema)) for name, port in ports.items()}


def _templates(node: Node) -> Iterator[tuple[str, str]]:
    yield from _within("inputs", node.inputs)
    yield from _within("config", node.config)


def _within(field: str, value: Json) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        text = value.get(TEMPLATE_KEY)
        if len(value) == 1 and isinstance(text, str):
            yield field, text
            return
        for key, inner in value.items():
            yield from _within(f"{field}.{key}", inner)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _within(f"{field}.{index}", inner)


def _issues(
    found: Program | Template | tuple[ExpressionIssue, ...] | ExpressionIssue, where: Location
) -> Iterator[Diagnostic]:
    if isinstance(found, ExpressionIssue):
        found = (found,)
    if isinstance(found, tuple):
        for issue in found:
            yield report(issue.code, location=where, hint=issue.hint, message=issue.message)


def _unordered(
    context: Context,
    node: Node,
    found: Program | Template | tuple[ExpressionIssue, ...] | ExpressionIssue,
    where: Location,
) -> Iterator[Diagnostic]:
    if not isinstance(found, Program | Template):
        return
    read = dict.fromkeys(str(p[1]) for p in found.references if len(p) > 1 and p[0] == "steps")
    before = _before(context, node.alias) if read else set()
    for step in read:
        if step in context.nodes and step not in before:
            yield report("CTRL137", location=where, node=node.alias, step=step)


def _before(context: Context, alias: str) -> set[str]:
    seen: set[str] = set()
    open_ = [edge.from_ for edge in context.inbound[alias]]
    while open_:
        found = open_.pop()
        if found not in seen:
            seen.add(found)
            open_ += [edge.from_ for edge in context.inbound[found]]
    return seen
