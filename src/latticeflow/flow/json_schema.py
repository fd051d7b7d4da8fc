"""The JSON Schema of the Flow IR, made from its structs."""

from __future__ import annotations

import inspect
from typing import Any

import msgspec

from latticeflow.flow.model import Flow, Json
from latticeflow.flow.surfaces import CONFIG_TYPES

SCHEMA_ID = "https://latticeflow.dev/schemas/flow_ir.schema.json"
_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_ABOUT = (
    "A workflow as a graph: nodes, edges, and the surfaces that route and repeat them. "
    "Readers ignore fields they do not know; writers leave out fields that hold their default."
)


def flow_ir_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a flow; unknown fields are allowed, as on read.

    The configuration of a surface is described by the surface's kind, and what a reference to a
    type needs by its kind. The same structs give the same schema.
    """
    kinds = sorted(CONFIG_TYPES)
    (flow, *configs), definitions = msgspec.json.schema_components(
        [Flow, *(CONFIG_TYPES[kind] for kind in kinds)], ref_template="#/$defs/{name}"
    )
    definitions["Surface"]["allOf"] = [
        _when_kind(kind, {"properties": {"config": config}, "required": ["config"]})
        for kind, config in zip(kinds, configs, strict=True)
    ]
    definitions["SchemaRef"]["allOf"] = [
        _when_kind("named", {"properties": {"name": {"type": "string"}}, "required": ["name"]}),
        _when_kind(
            "inline", {"properties": {"schema": {"type": "object"}}, "required": ["schema"]}
        ),
    ]
    for definition in definitions.values():
        if "description" in definition:
            definition["description"] = _on_lines(definition["description"])
    return {
        "$schema": _DIALECT,
        "$id": SCHEMA_ID,
        "title": "Flow IR",
        "description": _ABOUT,
        **flow,
        "$defs": dict(sorted(definitions.items())),
    }


def _when_kind(kind: str, then: dict[str, Json]) -> dict[str, Json]:
    return {"if": {"properties": {"kind": {"const": kind}}, "required": ["kind"]}, "then": then}


def _on_lines(docstring: str) -> str:
    """Return a docstring as paragraphs; whether it is indented depends on the Python version."""
    paragraphs = inspect.cleandoc(docstring).split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)
