"""DAG004, IDEM021 to IDEM025: an idempotency key is a real selection of repeatable data."""

from __future__ import annotations

import re
from collections.abc import Iterator

from latticeflow.checks.context import Context
from latticeflow.checks.schema_parts import NothingThere, Schema, part, resolved
from latticeflow.checks.shapes import Shapes
from latticeflow.checks.taint import Taints
from latticeflow.diagnostics import Diagnostic, Location, Severity, closest, report
from latticeflow.flow.lattice import Determinism
from latticeflow.flow.model import Idempotency, Node

NONE = Idempotency()
_SELECTOR = re.compile(r"[A-Za-z_]\w*(\.-?\w+)*")


def check(context: Context) -> Iterator[Diagnostic]:
    """Judge the idempotency of every node."""
    for node in context.nodes.values():
        idempotency = node.idempotency
        key = idempotency.key
        where = context.at_node(node, "idempotency") if idempotency != NONE else Location()
        if key is None:
            promised = node.config.get("sink") is not None
            if promised or idempotency.scope is not None or idempotency.ttl_ms is not None:
                yield report("DAG004", location=where, node=node.alias)
            continue
        if idempotency.ttl_ms is not None and idempotency.ttl_ms < 1:
            yield report("IDEM024", location=where, node=node.alias, value=idempotency.ttl_ms)
        yield from _key(context, node, key)


def _key(context: Context, node: Node, key: str) -> Iterator[Diagnostic]:
    where = context.at_node(node, "idempotency")
    selectors = [selector.strip() for selector in key.split(",")]
    if not all(selectors):
        why = "it is empty" if not key.strip() else "there is nothing between two commas"
        yield report("IDEM021", location=where, key=key, node=node.alias, why=why)
    for selector in filter(None, selectors):
        if not _SELECTOR.fullmatch(selector):
            why = f"`{selector}` is no path of names"
            yield report("IDEM021", location=where, key=key, node=node.alias, why=why)
            continue
        yield from _selector(context, node, selector)


def _selector(context: Context, node: Node, selector: str) -> Iterator[Diagnostic]:
    where = context.at_node(node, "idempotency")
    port, _, rest = selector.partition(".")
    pointer = "".join(f"/{name}" for name in rest.split(".")) if rest else ""
    ports = context.ports(node)
    if ports is None:
        return
    names = [*ports, *node.inputs]
    if port not in names and not context.takes_any_port(node):
        yield report(
            "IDEM022",
            location=where,
            node=node.alias,
            field=selector,
            why=f"there is no input `{port}`",
            suggestion=_suggest(context, node, selector, names),
        )
        return
    try:
        schema = part(context.shared(Shapes).port(node, port), pointer)
    except NothingThere as reason:
        yield report(
            "IDEM022",
            location=where,
            node=node.alias,
            field=selector,
            why=str(reason),
            suggestion="",
        )
        return
    if _may_be_float(schema):
        kind = "a number with a fraction" if schema.get("type") == "number" else "not exact"
        yield report("IDEM023", location=where, node=node.alias, field=selector, type=kind)
    taint = context.shared(Taints).feeding(node, port, pointer)
    if taint is not None:
        # What a best-effort read gave is in the history before the effect begins, so the key is
        # stable within a run; only another run may get another.
        severe = taint.determinism is Determinism.NONDETERMINISTIC
        yield report(
            "IDEM025",
            location=where,
            severity=Severity.ERROR if severe else Severity.WARNING,
            node=node.alias,
            field=selector,
            source=taint.source,
            determinism=taint.determinism.value,
        )


def _suggest(context: Context, node: Node, selector: str, names: list[str]) -> str:
    for name in names:
        try:
            path = "".join(f"/{part_}" for part_ in selector.split("."))
            if part(context.shared(Shapes).port(node, name), path):
                return f"; did you mean `{name}.{selector}`?"
        except NothingThere:
            continue
    found = closest(selector.partition(".")[0], names)
    return f"; did you mean `{found}`?" if found else ""


def _may_be_float(schema: Schema, depth: int = 0) -> bool:
    schema = resolved(schema)
    kinds = schema.get("type")
    if kinds == "number" or (isinstance(kinds, list) and "number" in kinds):
        return True
    if depth > 8:
        return False
    definitions = schema.get("$defs", {})
    inner = [
        *schema.get("anyOf", ()),
        *schema.get("oneOf", ()),
        *schema.get("prefixItems", ()),
        *dict(schema.get("properties") or {}).values(),
        schema.get("items"),
        schema.get("additionalProperties"),
    ]
    return any(
        _may_be_float({"$defs": definitions, **child}, depth + 1)
        for child in inner
        if isinstance(child, dict)
    )
