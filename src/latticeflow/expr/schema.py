"""From JSON Schema to the types of expressions, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from latticeflow.expr.types import (
    BOOL,
    BYTES,
    DOUBLE,
    DURATION,
    DYN,
    INT,
    NULL,
    STRING,
    TIMESTAMP,
    Bool,
    Bytes,
    Double,
    Duration,
    Dyn,
    Field,
    Int,
    List,
    Map,
    Null,
    Record,
    String,
    Timestamp,
    Type,
    Union,
    union,
)

MAX_UNROLL = 2
"""How often a schema that refers to itself is followed; deeper parts are `Dyn`."""
MAX_TYPES = 5000
"""How many types one schema may unfold to; what is beyond is `Dyn`."""

_FORMATS: dict[str, Type] = {"date-time": TIMESTAMP, "duration": DURATION}


def from_json_schema(
    schema: Mapping[str, Any] | Literal[True], definitions: Mapping[str, Any] | None = None
) -> Type:
    """Return the type of the values that `schema` describes.

    A field with a `default` counts as present, as decoding fills it in. Formats `date-time` and
    `duration` become timestamps and durations, base64 text becomes bytes.

    Args:
        schema: a JSON Schema; `true` is anything.
        definitions: where `$ref` looks, by the last segment of the reference, beside the
            schema's own `$defs`.
    """
    own = dict(definitions or {})
    if isinstance(schema, Mapping):
        for key in ("definitions", "$defs"):
            own.update(schema.get(key) or {})
    return _Reader(own).read(schema)


class _Reader:
    def __init__(self, definitions: dict[str, Any]) -> None:
        self._definitions = definitions
        self._following: list[str] = []
        self._budget = MAX_TYPES

    def read(self, schema: object) -> Type:
        self._budget -= 1
        if not isinstance(schema, Mapping) or self._budget < 0:
            return DYN
        if "$ref" in schema:
            return self._reference(str(schema["$ref"]))
        if "const" in schema:
            return _of_values([schema["const"]])
        if "enum" in schema:
            return _of_values(schema["enum"])
        for key in ("anyOf", "oneOf"):
            if key in schema:
                return union(self.read(member) for member in schema[key])
        if "allOf" in schema:
            return self._all_of(schema)
        kind = schema.get("type")
        if isinstance(kind, Sequence) and not isinstance(kind, str):
            return union(self.read({**schema, "type": each}) for each in kind)
        type_ = self._plain(kind, schema)
        return union((type_, NULL)) if schema.get("nullable") is True else type_

    def _plain(self, kind: object, schema: Mapping[str, Any]) -> Type:
        if kind == "string":
            if schema.get("contentEncoding") == "base64":
                return BYTES
            return _FORMATS.get(str(schema.get("format")), STRING)
        if kind == "array" or (kind is None and ("items" in schema or "prefixItems" in schema)):
            return self._array(schema)
        if kind == "object" or (kind is None and "properties" in schema):
            return self._object(schema)
        simple: dict[object, Type] = {
            "boolean": BOOL,
            "integer": INT,
            "number": DOUBLE,
            "null": NULL,
        }
        return simple.get(kind, DYN)

    def _array(self, schema: Mapping[str, Any]) -> Type:
        parts = [self.read(part) for part in schema.get("prefixItems", ())]
        items = schema.get("items")
        if isinstance(items, Mapping) or (items is not False and not parts):
            parts.append(self.read(items))
        return List(union(parts) if parts else DYN)

    def _object(self, schema: Mapping[str, Any]) -> Type:
        properties = schema.get("properties")
        if not properties:
            extra = schema.get("additionalProperties")
            if properties is not None and extra in (False, None):
                return Record((), schema.get("title"))
            return Map(self.read(extra) if isinstance(extra, Mapping) else DYN)
        required = schema.get("required", ())
        fields = tuple(
            Field(
                name,
                self.read(part),
                name in required or (isinstance(part, Mapping) and "default" in part),
            )
            for name, part in properties.items()
        )
        return Record(fields, schema.get("title"))

    def _reference(self, reference: str) -> Type:
        name = reference.rsplit("/", 1)[-1].replace("~1", "/").replace("~0", "~")
        if name not in self._definitions or self._following.count(name) >= MAX_UNROLL:
            return DYN
        self._following.append(name)
        try:
            return self.read(self._definitions[name])
        finally:
            self._following.pop()

    def _all_of(self, schema: Mapping[str, Any]) -> Type:
        rest = {key: value for key, value in schema.items() if key != "allOf"}
        parts = [self.read(part) for part in schema["allOf"]]
        if "type" in rest or "properties" in rest:
            parts.append(self.read(rest))
        if len(parts) == 1:
            return parts[0]
        fields: dict[str, Field] = {}
        for part in parts:
            if not isinstance(part, Record):
                return DYN
            fields.update({field.name: field for field in part.fields})
        return Record(tuple(fields.values()), schema.get("title"))


def _of_values(values: Sequence[Any]) -> Type:
    return union(_of_value(value) for value in values) if values else DYN


def _of_value(value: object) -> Type:
    if isinstance(value, str):
        return String((value,))
    if isinstance(value, bool):
        return BOOL
    if isinstance(value, int):
        return INT
    if isinstance(value, float):
        return DOUBLE
    return NULL if value is None else DYN


def to_json_schema(type_: Type) -> dict[str, Any]:
    """Return a JSON Schema of the values of `type_`; `Dyn` is the empty schema."""
    if isinstance(type_, List):
        return {"type": "array", "items": to_json_schema(type_.item)}
    if isinstance(type_, Map):
        return {"type": "object", "additionalProperties": to_json_schema(type_.value)}
    if isinstance(type_, Union):
        return {"anyOf": [to_json_schema(member) for member in type_.members]}
    if isinstance(type_, Record):
        return _record_schema(type_)
    if isinstance(type_, String) and type_.choices:
        return {"enum": list(type_.choices)}
    return dict(_SCALARS[type(type_)])


def _record_schema(type_: Record) -> dict[str, Any]:
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {field.name: to_json_schema(field.type) for field in type_.fields},
        "required": [field.name for field in type_.fields if field.required],
    }
    if type_.name:
        schema["title"] = type_.name
    return schema


_SCALARS: dict[type, dict[str, Any]] = {
    Bool: {"type": "boolean"},
    Int: {"type": "integer"},
    Double: {"type": "number"},
    String: {"type": "string"},
    Bytes: {"type": "string", "contentEncoding": "base64"},
    Timestamp: {"type": "string", "format": "date-time"},
    Duration: {"type": "string", "format": "duration"},
    Null: {"type": "null"},
    Dyn: {},
}
