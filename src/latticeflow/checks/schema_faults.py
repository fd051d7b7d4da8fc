"""Tell whether something that should be a JSON Schema has the shape of one."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from latticeflow.flow.model import Json

MAX_DEPTH = 64

_TYPES = frozenset({"null", "boolean", "integer", "number", "string", "array", "object"})
_PARTS = ("items", "additionalProperties", "not", "contains", "if", "then", "else")
_LISTS = ("anyOf", "oneOf", "allOf", "prefixItems")
_MAPS = ("properties", "$defs", "definitions", "patternProperties")
_TEXTS = ("format", "pattern", "title", "$ref", "contentEncoding")
_NUMBERS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")
_COUNTS = ("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties")


class Faults:
    """Remembers the faults of schemas, which a graph repeats at every port of a type."""

    def __init__(self) -> None:
        self._by_identity: dict[int, tuple[Json, str | None]] = {}
        self._by_content: dict[bytes, str | None] = {}

    def of(self, schema: Json) -> str | None:
        """Return the fault of `schema`, or None."""
        known = self._by_identity.get(id(schema))
        if known is None:
            content = msgspec.json.encode(schema)
            if content not in self._by_content:
                self._by_content[content] = fault(schema)
            # Holding the schema keeps its id from being used again.
            known = self._by_identity[id(schema)] = (schema, self._by_content[content])
        return known[1]


def fault(schema: Json, path: str = "", depth: int = 0) -> str | None:
    """Return the first thing that keeps `schema` from being a schema, or None.

    Only the words that types of ports use are looked at; others are left alone, as the standard
    asks of readers.
    """
    where = path or "it"
    if isinstance(schema, bool):
        return None
    if not isinstance(schema, Mapping):
        return f"{where} is no object"
    if depth > MAX_DEPTH:
        return f"it is nested more than {MAX_DEPTH} deep"
    return _words(schema, where) or _parts(schema, path, depth)


def _words(schema: Mapping[str, Json], where: str) -> str | None:
    kinds = schema.get("type", "null")
    for kind in kinds if isinstance(kinds, list) else [kinds]:
        if not isinstance(kind, str) or kind not in _TYPES:
            return f"{where} has the type {kind!r}"
    if kinds == []:
        return f"{where} has no type"
    for word in _TEXTS:
        if word in schema and not isinstance(schema[word], str):
            return f"`{word}` of {where} is no text"
    for word in (*_NUMBERS, *_COUNTS):
        number = schema.get(word, 0)
        if isinstance(number, bool) or not isinstance(number, int | float):
            return f"`{word}` of {where} is no number"
    enum = schema.get("enum", [None])
    if not isinstance(enum, list) or not enum:
        return f"`enum` of {where} is no list of values"
    required = schema.get("required", [])
    if not isinstance(required, list) or not all(isinstance(name, str) for name in required):
        return f"`required` of {where} is no list of names"
    return None


def _parts(schema: Mapping[str, Json], path: str, depth: int) -> str | None:
    found: list[tuple[str, Json]] = [(word, schema[word]) for word in _PARTS if word in schema]
    for word in _LISTS:
        members = schema.get(word, [True])
        if not isinstance(members, list) or not members:
            return f"`{word}` of {path or 'it'} is no list of schemas"
        found += [(f"{word}/{index}", member) for index, member in enumerate(members)]
    for word in _MAPS:
        named = schema.get(word, {})
        if not isinstance(named, Mapping):
            return f"`{word}` of {path or 'it'} is no object"
        found += [(f"{word}/{name}", member) for name, member in named.items()]
    for name, member in found:
        why = fault(member, f"{path}/{name}", depth + 1)
        if why is not None:
            return why
    return None
