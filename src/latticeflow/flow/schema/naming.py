"""Short names of types, in the words of a Python author."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

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
    "path": "Path",
    "byte": "bytes",
    "base64": "bytes",
}
_DEEPEST = 3
_MOST_FIELDS = 4
_MOST_VALUES = 8


def type_name(schema: object, *, depth: int = _DEEPEST) -> str:
    """Return a name such as `int | None`, `list[Order]` or `{total: int}` for a schema."""
    read = as_schema(schema)
    if read == NOTHING:
        return "Never"
    if "$ref" in read:
        return str(read["$ref"]).rpartition("/")[2] or "anything"
    if isinstance(read.get("title"), str):
        return str(read["title"])
    if "const" in read:
        return _literal([read["const"]])
    if "enum" in read:
        return _literal(read["enum"])
    members = _members(read)
    if depth <= 0 and (members is not None or read.get("type") in ("array", "object")):
        return "…"
    if members is not None:
        return " | ".join(dict.fromkeys(type_name(part, depth=depth - 1) for part in members))
    return _plain(read, depth)


def _members(schema: Schema) -> Iterable[object] | None:
    for word in ("anyOf", "oneOf"):
        if word in schema:
            return list(schema[word])
    kind = schema.get("type")
    return [{**schema, "type": part} for part in kind] if isinstance(kind, list) else None


def _plain(schema: Schema, depth: int) -> str:
    kind = schema.get("type")
    if kind == "array":
        return _array(schema, depth)
    if kind == "object":
        return _object(schema, depth)
    if kind == "string":
        return _FORMATS.get(str(schema.get("format") or schema.get("contentEncoding")), "str")
    return _NAMES.get(str(kind), "anything")


def _literal(values: Sequence[Json]) -> str:
    if all(value is None for value in values):
        return "None"
    named = ["None" if value is None else json.dumps(value, ensure_ascii=False) for value in values]
    if len(named) > _MOST_VALUES:
        named[_MOST_VALUES:] = ["…"]
    return f"Literal[{', '.join(named)}]"


def _array(schema: Schema, depth: int) -> str:
    if "prefixItems" in schema:
        parts = [type_name(part, depth=depth - 1) for part in schema["prefixItems"]]
        return f"tuple[{', '.join(parts)}]"
    container = "set" if schema.get("uniqueItems") else "list"
    return f"{container}[{type_name(schema.get('items', {}), depth=depth - 1)}]"


def _object(schema: Schema, depth: int) -> str:
    fields: Mapping[str, object] = schema.get("properties", {})
    if not fields:
        values = schema.get("additionalProperties", {})
        return f"dict[str, {type_name(values, depth=depth - 1)}]"
    if depth <= 1:
        return "{…}"
    shown = [f"{name}: {type_name(part, depth=depth - 1)}" for name, part in fields.items()]
    if len(shown) > _MOST_FIELDS:
        shown[_MOST_FIELDS:] = ["…"]
    return "{" + ", ".join(shown) + "}"
