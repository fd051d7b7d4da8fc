"""DAG201, TYPE002, TYPE003, TYPE006, TYPE007, TYPE010, TYPE012: what flows fits where it goes.

Types are compared by structure, before anything runs. What cannot be decided is a warning, and
the edge is checked when it carries a value.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from latticeflow.checks.context import TEMPLATE_KEY, Context
from latticeflow.checks.schema_parts import NothingThere, Schema, allows_null, without_null
from latticeflow.checks.shapes import Shapes
from latticeflow.diagnostics import Diagnostic, Location, did_you_mean, report
from latticeflow.flow.model import Edge, Json, Node, SchemaRef
from latticeflow.flow.schema import Verdict, is_subtype, type_name


def check(context: Context) -> Iterator[Diagnostic]:
    """Compare what each edge carries with the port it feeds, and each literal with its input."""
    comparison = _Comparison(context)
    yield from _schemas(context)
    for edge in context.edges:
        yield from comparison.edge(edge)
    for node in context.nodes.values():
        yield from comparison.literals(node)
    yield from comparison.output()


_UNTYPED = "anything may come"
"""How a verdict begins that is undecided only because the source says nothing of a part."""


class _Comparison:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._shapes = context.shared(Shapes)
        self._verdicts: dict[tuple[int, int], tuple[Schema, Schema, Verdict]] = {}

    def edge(self, edge: Edge) -> Iterator[Diagnostic]:
        if edge.transform is not None:
            return
        node = self._context.nodes[edge.to]
        if edge.to_port is None:
            yield from self._whole(edge, node)
            return
        try:
            given = self._shapes.carried(edge)
        except NothingThere as reason:
            yield report(
                "TYPE007",
                location=self._context.at_edge(edge, "select"),
                select=edge.select,
                source=edge.from_,
                why=str(reason),
            )
            return
        wanted = self._shapes.port(node, edge.to_port)
        if wanted and not given:
            # Nothing was said of it, so nothing is said here: it is looked at when it comes.
            self._context.undecided.append((edge.from_, edge.to, edge.to_port))
        verdict = self._compare(given, wanted)
        if verdict is None:
            return
        decided = verdict.decision == "no"
        is_gated = self._shapes.activation.is_gated(edge.to)
        if decided and is_gated and self._only_null(given, wanted):
            # A condition may rule null out in a way that is not understood here.
            decided = False
        target = f"{edge.to}.{edge.to_port}"
        source = f"{edge.from_}{(edge.select or '').replace('/', '.')}"
        if decided:
            yield report(
                "DAG201",
                location=self._context.at_edge(edge),
                source=source,
                given=f"`{type_name(given)}`",
                target=target,
                wanted=f"`{type_name(wanted)}`",
                # At the top the reason would only say both types again.
                why=f": {verdict.reason}" if verdict.path else "",
            )
            return
        self._context.undecided.append((edge.from_, edge.to, edge.to_port))
        if verdict.reason.startswith(_UNTYPED):
            return
        yield report(
            "TYPE002",
            location=self._context.at_edge(edge),
            source=source,
            given=f"`{type_name(given)}`",
            target=target,
            wanted=f"`{type_name(wanted)}`",
            why=verdict.reason or "it may be null",
        )

    def _whole(self, edge: Edge, node: Node) -> Iterator[Diagnostic]:
        """Compare what nodes say of themselves as a whole, as graphs without ports do."""
        source = self._context.nodes[edge.from_]
        given, wanted = source.out_schema, node.in_schema
        if "opaque" in (given.kind, wanted.kind) or given == wanted:
            return
        schemas = self._context.flow.schemas
        labels = [r.name for r in (given, wanted) if r.kind == "named" and r.name not in schemas]
        if not labels:
            verdict = self._compare(self._shapes.of(given), self._shapes.of(wanted))
            if verdict is None or verdict.decision != "no":
                return
        yield report(
            "DAG201",
            location=self._context.at_edge(edge),
            source=edge.from_,
            given=f"`{_label(given)}`",
            target=edge.to,
            wanted=f"`{_label(wanted)}`",
            why="",
        )

    def literals(self, node: Node) -> Iterator[Diagnostic]:
        for name, value in node.inputs.items():
            if isinstance(value, dict) and set(value) == {TEMPLATE_KEY}:
                continue
            field = f"inputs.{name}"
            yield from self._literal(node, field, name, value, self._shapes.port(node, name))
        if node.fallback is not msgspec.UNSET:
            wanted = self._shapes.result(node)
            yield from self._literal(node, "fallback", "fallback", node.fallback, wanted)

    def _literal(
        self, node: Node, field: str, name: str, value: Json, wanted: Schema
    ) -> Iterator[Diagnostic]:
        verdict = self._compare(_schema_of(value), wanted)
        if verdict is not None and verdict.decision == "no":
            why = verdict.reason or f"it is {type_name(_schema_of(value))}"
            where = self._context.at_node(node, field)
            yield report("TYPE003", location=where, port=name, node=node.alias, why=why)

    def output(self) -> Iterator[Diagnostic]:
        output = self._context.flow.output
        if output is None or output.from_ not in self._context.nodes:
            return
        where = self._context.at_node(self._context.nodes[output.from_])
        try:
            given = self._shapes.taken(output.from_, output.select)
        except NothingThere as reason:
            yield report(
                "TYPE007",
                location=where,
                select=output.select,
                source=output.from_,
                why=str(reason),
            )
            return
        wanted = self._shapes.of(output.schema)
        verdict = self._compare(given, wanted)
        if verdict is not None and verdict.decision == "no":
            if self._only_null(given, wanted):
                return
            yield report(
                "TYPE010",
                location=where,
                flow=self._context.flow.name,
                wanted=f"`{type_name(wanted)}`",
                node=output.from_,
                given=f"`{type_name(given)}`",
                why=f": {verdict.reason}" if verdict.reason else "",
            )

    def _compare(self, given: Schema, wanted: Schema) -> Verdict | None:
        """Return how `given` fails to fit `wanted`, or None when it fits or nothing is known."""
        if not given or not wanted or given == wanted:
            return None
        key = (id(given), id(wanted))
        known = self._verdicts.get(key)
        if known is None:
            # Holding both keeps their ids from being used again.
            known = (given, wanted, is_subtype(given, wanted, named=self._shapes.named))
            self._verdicts[key] = known
        return None if known[2].decision == "yes" else known[2]

    def _only_null(self, given: Schema, wanted: Schema) -> bool:
        return allows_null(given) and self._compare(without_null(given), wanted) is None


def _schemas(context: Context) -> Iterator[Diagnostic]:
    for node in context.nodes.values():
        for name, port in node.ports.items():
            if _is_odd(context, port.schema):
                where = context.at_node(node, f"ports.{name}")
                yield from _reference(context, port.schema, f"`{name}` of `{node.alias}`", where)
        for field, reference in (("in_schema", node.in_schema), ("out_schema", node.out_schema)):
            if _is_odd(context, reference):
                where = context.at_node(node, field)
                yield from _reference(context, reference, f"`{node.alias}`", where)
    for name, port in context.flow.inputs.items():
        where = context.at_flow("inputs")
        yield from _reference(context, port.schema, f"input `{name}` of the flow", where)
    if context.flow.output is not None:
        where = context.at_flow("output")
        yield from _reference(context, context.flow.output.schema, "the flow's output", where)


def _is_odd(context: Context, reference: SchemaRef) -> bool:
    if reference.kind == "named":
        return True
    faults = context.shared(Shapes).faults
    return reference.schema is not None and faults.of(reference.schema) is not None


def _reference(
    context: Context, reference: SchemaRef, what: str, where: Location
) -> Iterator[Diagnostic]:
    schema: Json = reference.schema
    if reference.kind == "named":
        schema = context.flow.schemas.get(reference.name or "")
    why = None if schema is None else context.shared(Shapes).faults.of(schema)
    if why is not None:
        yield report("TYPE012", location=where, what=what, why=why)
    if reference.kind != "named" or not context.flow.schemas:
        # Without schemas of its own a flow's names are labels, compared by nobody.
        return
    if reference.name not in context.flow.schemas:
        yield report(
            "TYPE006",
            location=where,
            what=what,
            name=reference.name,
            suggestion=did_you_mean(reference.name or "", context.flow.schemas),
        )


def _label(reference: SchemaRef) -> str:
    return reference.name or type_name(reference.schema or {})


def _schema_of(value: Json) -> Schema:
    """Return the narrowest schema of a literal."""
    if isinstance(value, Mapping):
        properties = {str(key): _schema_of(inner) for key, inner in value.items()}
        return {
            "type": "object",
            "properties": properties,
            "required": list(properties),
            "additionalProperties": False,
        }
    if isinstance(value, list):
        members = [_schema_of(inner) for inner in value]
        size = len(members)
        return {"type": "array", "prefixItems": members, "items": False, "minItems": size}
    return {"const": value}
