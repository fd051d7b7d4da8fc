"""What flows: the JSON Schema of every node's value and of what every edge carries."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from latticeflow.checks.activation import Activation
from latticeflow.checks.context import INPUT_COMPONENTS, Context
from latticeflow.checks.schema_faults import Faults
from latticeflow.checks.schema_parts import (
    ANYTHING,
    NothingThere,
    Schema,
    any_of,
    gathered,
    part,
    without_null,
)
from latticeflow.expr import Program, compile_expression, from_json_schema, to_json_schema
from latticeflow.flow.model import Edge, Flow, Node, Port, SchemaRef
from latticeflow.flow.surfaces import ForEachConfig, LoopConfig

_SHELL: Schema = {
    "type": "object",
    "properties": {
        "stdout": {"type": "string"},
        "stderr": {"type": "string"},
        "exit_code": {"type": "integer"},
        "outputs": {"type": "object"},
    },
    "required": ["stdout", "stderr", "exit_code", "outputs"],
}
"""What a command gives, on every host."""


class Shapes:
    """The types of one flow's values. What is not known is `ANYTHING`, never an error."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self.activation = context.shared(Activation)
        self._values: dict[str, Schema] = {}
        self.faults = Faults()
        for alias in context.order:
            self._values[alias] = self._value(context.nodes[alias])

    def value(self, alias: str) -> Schema:
        """Return the type of the value of `alias`."""
        return self._values.get(alias, ANYTHING)

    def of(self, reference: SchemaRef) -> Schema:
        """Return the schema a reference stands for."""
        return self._sound(reference, self._context.flow)

    def _sound(self, reference: SchemaRef, flow: Flow) -> Schema:
        """Return the schema a reference of `flow` stands for; one that is none is anything."""
        schema: Schema = ANYTHING
        if reference.kind == "inline":
            schema = reference.schema or ANYTHING
        elif reference.kind == "named" and reference.name is not None:
            schema = flow.schemas.get(reference.name, ANYTHING)
        return schema if self.faults.of(schema) is None else ANYTHING

    @cached_property
    def named(self) -> Mapping[str, Schema]:
        """The flow's own schemas, without those that are none."""
        schemas = self._context.flow.schemas
        return {name: schema for name, schema in schemas.items() if self.faults.of(schema) is None}

    def carried(self, edge: Edge) -> Schema:
        """Return the type of what `edge` carries, nulls that its conditions rule out left away.

        Raises:
            NothingThere: It takes a part that its source's value does not have.
        """
        schema = self.taken(edge.from_, edge.select)
        if (edge.from_, edge.select or "") in self.activation.not_null(edge.to):
            return without_null(schema)
        return schema

    def taken(self, alias: str, select: str | None) -> Schema:
        """Return the type of the part of the value of `alias` that `select` takes.

        Raises:
            NothingThere: There is no such part.
        """
        schema = self.value(alias)
        if not select:
            return schema
        if select.startswith("="):
            found = compile_expression(select[1:], {"value": from_json_schema(schema)})
            return to_json_schema(found.type) if isinstance(found, Program) else ANYTHING
        if not select.startswith("/"):
            raise NothingThere("it is neither a JSON pointer nor `=` and an expression")
        return part(schema, select)

    def port(self, node: Node, name: str) -> Schema:
        """Return the type that input `name` of `node` takes."""
        port = self._context.port(node, name)
        return ANYTHING if port is None else self.of(port.schema)

    def record(self, ports: dict[str, Port]) -> Schema:
        """Return the type of a record of the values of `ports`."""
        if not ports:
            return {"type": "object", "properties": {}, "additionalProperties": False}
        return _record({name: self.of(port.schema) for name, port in ports.items()})

    def result(self, node: Node) -> Schema:
        """Return the type of what `node` itself gives, before a surface around it adds to it."""
        if node.subflow_ir is not None and node.subflow_ir.output is not None:
            inner = node.subflow_ir.output.schema
            if inner.kind != "opaque":
                return self._sound(inner, node.subflow_ir)
        if node.out_schema.kind != "opaque":
            return self.of(node.out_schema)
        if node.identifier == "std.shell":
            return _SHELL
        component = self._context.component(node)
        return ANYTHING if component is None else self.of(component.spec.output)

    def _value(self, node: Node) -> Schema:
        if node.identifier in INPUT_COMPONENTS:
            return self.record(self._context.flow.inputs)
        each = self._context.each.get(node.alias)
        if each is not None:
            return self._collected(node, each)
        loop = self._context.loops.get(node.alias)
        if loop is not None:
            return self._looped(node, loop)
        found = self._made(node)
        if node.alias in self._context.catching:
            return _caught(found)
        return found

    def _made(self, node: Node) -> Schema:
        if node.identifier == "std.merge":
            return any_of([self._safely(edge) for edge in self._fed(node)])
        if node.out_schema.kind == "opaque":
            fed = {edge.to_port or "": self._safely(edge) for edge in self._fed(node)}
            if node.identifier == "std.record" and not node.inputs:
                return _record(fed)
            if node.identifier in {"std.list", "std.tuple"} and not node.inputs:
                return gathered({"type": "array", "items": any_of(list(fed.values()))})
            if node.identifier == "std.expr":
                return self._computed(node)
        return self.result(node)

    def _fed(self, node: Node) -> list[Edge]:
        edges = self._context.inbound[node.alias]
        return [edge for edge in edges if edge.to_port is not None]

    def _safely(self, edge: Edge) -> Schema:
        try:
            return self.carried(edge)
        except NothingThere:
            return ANYTHING

    def _computed(self, node: Node) -> Schema:
        text = node.config.get("expr")
        if not isinstance(text, str):
            return ANYTHING
        types = {name: from_json_schema(self.of(port.schema)) for name, port in node.ports.items()}
        found = compile_expression(text, types)
        return to_json_schema(found.type) if isinstance(found, Program) else ANYTHING

    def _collected(self, node: Node, config: ForEachConfig) -> Schema:
        inner = self.result(node)
        member = self._part(inner, config.value) if config.value else inner
        if config.on_error == "collect":
            member = ANYTHING
        listed = gathered({"type": "array", "items": member}) if member else {"type": "array"}
        if not config.state:
            return listed
        fields = {name: self._part(inner, f"/{name}") for name in config.state}
        return _record({**fields, "items": listed, "broke": {"type": "boolean"}})

    def _looped(self, node: Node, config: LoopConfig) -> Schema:
        inner = self.result(node)
        fields = {name: self._part(inner, f"/{name}") for name in config.state}
        return _record({**fields, "broke": {"type": "boolean"}})

    def _part(self, schema: Schema, pointer: str) -> Schema:
        try:
            return part(schema, pointer)
        except NothingThere:
            return ANYTHING


def _record(fields: Mapping[str, Schema]) -> Schema:
    return gathered({"type": "object", "properties": dict(fields), "required": list(fields)})


def _caught(schema: Schema) -> Schema:
    error = {
        "type": "object",
        "properties": {"type": {"type": "string"}, "message": {"type": "string"}},
    }
    fields = {"case": {"type": "string"}, "value": schema, "error": error}
    return gathered({"type": "object", "properties": fields, "required": ["case"]})
