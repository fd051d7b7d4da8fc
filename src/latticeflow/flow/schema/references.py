"""Resolving `$ref` inside one schema and by name into a flow's `schemas`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from latticeflow.flow.model import SchemaRef

Schema = Mapping[str, Any]
Named = Mapping[str, Schema]

ANYTHING: Schema = {}
NOTHING: Schema = {"not": {}}

ANNOTATIONS = frozenset(
    {
        "$anchor",
        "$comment",
        "$defs",
        "$id",
        "$schema",
        "default",
        "definitions",
        "deprecated",
        "description",
        "discriminator",
        "examples",
        "readOnly",
        "title",
        "writeOnly",
    }
)
"""Keywords that say something about a type and exclude no value."""

_LONGEST_CHAIN = 32


class Resolver:
    """Follows references of one document."""

    __slots__ = ("_followed", "_named", "root")

    def __init__(self, root: object, named: Named) -> None:
        self.root = as_schema(root)
        self._named = named
        # With what was followed, which keeps its id from being used again.
        self._followed: dict[int, tuple[Schema, Schema]] = {}

    def follow(self, schema: object) -> Schema:
        """Return what `schema` refers to, or itself; an unknown reference allows anything.

        What stands beside a reference holds too. The same schema gives the same object.
        """
        start = as_schema(schema)
        if "$ref" not in start:
            return start
        known = self._followed.get(id(start))
        if known is None:
            known = self._followed[id(start)] = (start, self._resolve(start))
        return known[1]

    def _resolve(self, start: Schema) -> Schema:
        beside: list[Schema] = []
        current = start
        for _ in range(_LONGEST_CHAIN):
            reference = current.get("$ref")
            if not isinstance(reference, str):
                return {"allOf": [current, *beside]} if beside else current
            rest = constraints(current, without="$ref")
            if rest:
                beside.append(rest)
            current = as_schema(self._find(reference))
        return ANYTHING

    def _find(self, reference: str) -> object:
        if reference == "#":
            return self.root
        if not reference.startswith("#/"):
            return self._named.get(reference, ANYTHING)
        found: Any = self.root
        key = ""
        for token in reference[2:].split("/"):
            key = token.replace("~1", "/").replace("~0", "~")
            if not isinstance(found, Mapping) or key not in found:
                return self._named.get(reference.rpartition("/")[2], ANYTHING)
            found = found[key]
        return found


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


def constraints(schema: Schema, *, without: str = "") -> Schema:
    """Return what of a schema excludes values, leaving out the keyword `without`."""
    return {
        key: value
        for key, value in schema.items()
        if key != without and key not in ANNOTATIONS and not key.startswith("x-")
    }
