"""Short names of types, in the words of a Python author."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from latticeflow.flow.model import Json
from latticeflow.flow.schema.references import NOTHING, Schema, as_schema

_NAMES = {
    "integer": "int",
    "number": "float",
    "string": "str",
    "boolean": "bool",
    "null": "None",
}
_FORMATS = {
    "date-time": "datetime",
    "date": "date",
    "time": "time",
    "duration": "timedelta",
    "uuid": "UUID",
    "decimal": "Decimal",
    "byte": "bytes",
    "base64": "bytes",
}


def type_name(schema: object, *, depth: int = 3) -> str:
    """Return a name such as `int | None`, `list[Order]` or `{total: int}` for a schema."""
    read = as_schema(schema)
    if read == NOTHING:
        return "Never"
    if "$ref" in read:
        return str(read["$ref"]).rpartition("/")[2]
    if isinstance(read.get("title"), str):
        return str(read["title"])
    if "const" in read:
        return _literal([read["const"]])
    if "enum" in read:
        return _literal(read["enum"])
    for word in ("anyOf", "oneOf"):
        if word in read:
            names = dict.fromkeys(type_name(part, depth=depth) for part in read[word])
            return " | ".join(names)
    kind = read.get("type")
    if isinstance(kind, list):
        return " | ".join(type_name({**read, "type": part}, depth=depth) for part in kind)
    if kind == "array":
        return _array(read, depth)
    if kind == "object":
        return _object(read, depth)
    if kind == "string":
        return _FORMATS.get(str(read.get("format") or read.get("contentEncoding")), "str")
    return _NAMES.get(str(kind), "anything")


def _literal(values: Json) -> str:
    shown = ", ".join("None" if value is None else json.dumps(value) for value in values)
    return f"Literal[{shown}]"


def _array(schema: Schema, depth: int) -> str:
    if "prefixItems" in schema:
        parts = ", ".join(type_name(part, depth=depth) for part in schema["prefixItems"])
        return f"tuple[{parts}]"
    return f"list[{type_name(schema.get('items', {}), depth=depth)}]"


def _object(schema: Schema, depth: int) -> str:
    fields: Mapping[str, Any] = schema.get("properties", {})
    if not fields:
        values = schema.get("additionalProperties", {})
        return f"dict[str, {type_name(values, depth=depth)}]"
    if depth <= 1:
        return "{…}"
    shown = [f"{name}: {type_name(part, depth=depth - 1)}" for name, part in fields.items()]
    if len(shown) > 4:
        shown[4:] = ["…"]
    return "{" + ", ".join(shown) + "}"
