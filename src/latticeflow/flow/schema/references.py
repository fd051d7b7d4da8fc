"""Resolving `$ref` inside one schema and by name into a flow's `schemas`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from latticeflow.flow.model import SchemaRef

Schema = Mapping[str, Any]
Named = Mapping[str, Schema]

ANYTHING: Schema = {}
NOTHING: Schema = {"not": {}}


class Resolver:
    """Follows references of one document."""

    __slots__ = ("_named", "_root")

    def __init__(self, root: object, named: Named) -> None:
        self._root = as_schema(root)
        self._named = named

    def follow(self, schema: object) -> Schema:
        """Return what `schema` refers to, or itself; an unknown reference allows anything."""
        current = as_schema(schema)
        for _ in range(32):
            reference = current.get("$ref")
            if not isinstance(reference, str):
                return current
            current = as_schema(self._find(reference))
        return ANYTHING

    def _find(self, reference: str) -> object:
        if reference == "#":
            return self._root
        if reference.startswith("#/"):
            found: Any = self._root
            for token in reference[2:].split("/"):
                key = token.replace("~1", "/").replace("~0", "~")
                if not isinstance(found, Mapping) or key not in found:
                    return self._named.get(key, ANYTHING)
                found = found[key]
            return found
        return self._named.get(reference, ANYTHING)


def as_schema(schema: object) -> Schema:
    """Return a schema as a mapping: `true` is anything, `false` nothing."""
    if isinstance(schema, Mapping):
        return schema
    return NOTHING if schema is False else ANYTHING


def schema_of(reference: SchemaRef, named: Named) -> Schema:
    """Return the schema that a reference of a port stands for."""
    if reference.kind == "inline":
        return reference.schema if reference.schema is not None else ANYTHING
    if reference.kind == "named" and reference.name is not None:
        return named.get(reference.name, ANYTHING)
    return ANYTHING
