"""What `when` and `${{ }}` may name: the inputs, the steps, the run, the environment."""

from __future__ import annotations

from collections.abc import Mapping

from latticeflow.checks.context import Context
from latticeflow.checks.shapes import Shapes
from latticeflow.expr import (
    DYN,
    INT,
    STRING,
    Field,
    Map,
    Record,
    Type,
    from_json_schema,
    optional,
    record,
)
from latticeflow.expr.types import String
from latticeflow.flow.model import Port

_STATUS = String(("succeeded", "failed", "skipped"))
_RUN = record({"id": STRING, "flow": STRING})


class Environment:
    """The variables of expressions in one flow, with their types."""

    def __init__(self, context: Context) -> None:
        shapes = context.shared(Shapes)
        inputs = {
            name: _input(from_json_schema(shapes.of(port.schema)), port)
            for name, port in context.flow.inputs.items()
        }
        steps = {alias: self._step(context, shapes, alias) for alias in context.nodes}
        self.variables: Mapping[str, Type] = {
            "params": record(inputs),
            "steps": record(steps),
            "run": _RUN,
            "env": Map(STRING),
        }

    def _step(self, context: Context, shapes: Shapes, alias: str) -> Type:
        node = context.nodes[alias]
        value = from_json_schema(shapes.value(alias))
        optional = [Field("error", STRING, required=False)]
        if node.identifier == "std.shell":
            fields = value.fields if isinstance(value, Record) else ()
            outputs = _declared_outputs(node.config.get("outputs"))
            known = [
                Field("stdout", STRING),
                Field("stderr", STRING),
                Field("exit_code", INT),
                Field("outputs", outputs),
            ]
            names = {field.name for field in known}
            known += [field for field in fields if field.name not in names]
            return Record((Field("status", _STATUS), Field("value", value), *known, *optional))
        outputs = value if isinstance(value, Record) else record({})
        fields = tuple(field for field in outputs.fields if field.name != "result")
        made: Type = Record((*fields, Field("result", value)))
        if not isinstance(value, Record):
            # A value whose fields are not known may still be a record.
            made = DYN if value == DYN else made
        return Record(
            (Field("status", _STATUS), Field("value", value), Field("outputs", made), *optional)
        )


def _input(type_: Type, port: Port) -> Type:
    """Return the type of an input: null where nothing need be given and there is no default."""
    return type_ if port.required or port.default is not None else optional(type_)


def _declared_outputs(declared: object) -> Type:
    if isinstance(declared, Mapping):
        return record({str(name): DYN for name in declared})
    return Map(DYN)
