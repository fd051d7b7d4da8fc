"""Reading workflows from text, with a few components to use."""

from __future__ import annotations

from typing import Any

from latticeflow.authoring import Authored
from latticeflow.authoring.toml import read_workflow
from latticeflow.components import STANDARD
from latticeflow.diagnostics import Diagnostic, report
from latticeflow.flow import (
    Component,
    Determinism,
    Effects,
    Idempotency,
    Node,
    NodeSpec,
    Port,
    SchemaRef,
)


def inline(schema: dict[str, Any]) -> SchemaRef:
    return SchemaRef(kind="inline", schema=schema)


def component(
    identifier: str, inputs: dict[str, Any], output: dict[str, Any], **fields: Any
) -> Component:
    spec = NodeSpec(
        identifier=identifier,
        name="Test",
        effects=Effects.PURE,
        determinism=Determinism.STRICT,
        summary="For tests.",
        inputs={name: Port(schema=inline(schema)) for name, schema in inputs.items()},
        output=inline(output),
        **fields,
    )
    return Component(spec, call=lambda **_: None)


ORDER = {
    "title": "Order",
    "type": "object",
    "properties": {"id": {"type": "string"}, "total": {"type": "integer"}},
    "required": ["id", "total"],
}
KEYED = Idempotency(key="x")
COMPONENTS = {
    "calc.py:double": component("calc.py:double", {"x": {"type": "integer"}}, {"type": "integer"}),
    "calc.py:half": component("calc.py:half", {"x": {"type": "number"}}, {"type": "number"}),
    "calc.py:order": component("calc.py:order", {}, ORDER),
    "calc.py:bill": component("calc.py:bill", {"order": ORDER}, {"type": "string"}),
    "calc.py:put": component(
        "calc.py:put", {"x": {"type": "integer"}}, {}, idempotency=KEYED, sink="upsert"
    ),
}


def resolve(uses: str) -> Component | Diagnostic | None:
    if uses.startswith("broken"):
        return report("RUN101", flow="x", why="it does not import")
    return COMPONENTS.get(uses) or STANDARD.get(uses)


def read(text: str, **options: Any) -> Authored:
    return read_workflow(text, file="workflow.toml", resolve=resolve, **options)


def findings(authored: Authored) -> list[tuple[str, int, int]]:
    """Return code, line and column of everything found."""
    found = []
    for each in authored.diagnostics:
        assert each.location is not None
        assert each.location.range is not None
        start = each.location.range.start
        found.append((each.code, start.line, start.column))
    return found


def nodes(authored: Authored) -> dict[str, Node]:
    assert authored.flow is not None, authored.diagnostics
    return {node.alias: node for node in authored.flow.nodes}


def edges(authored: Authored) -> set[tuple[str, str, str | None, str | None]]:
    assert authored.flow is not None, authored.diagnostics
    return {(e.from_, e.to, e.to_port, e.select) for e in authored.flow.edges}
