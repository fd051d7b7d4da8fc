"""SAGA201, SAGA205: what undoes a step takes what the step gave, and can be repeated."""

from __future__ import annotations

from collections.abc import Iterator

from latticeflow.checks.context import Context
from latticeflow.checks.shapes import Shapes
from latticeflow.diagnostics import Diagnostic, report
from latticeflow.flow.component import NodeSpec
from latticeflow.flow.lattice import Effects
from latticeflow.flow.model import Node
from latticeflow.flow.schema import is_subtype


def check(context: Context) -> Iterator[Diagnostic]:
    """Judge the compensation of every node that names one."""
    for node in context.nodes.values():
        if node.compensate is None:
            continue
        component = context.catalog.get(node.compensate)
        where = context.at_node(node, "compensate")
        name = node.compensate.rpartition(":")[2]
        if component is None:
            why = "nothing of that name is known"
            yield report("SAGA201", location=where, compensation=name, node=node.alias, why=why)
            continue
        why_not = _mismatch(context, node, component.spec)
        if why_not is not None:
            yield report("SAGA201", location=where, compensation=name, node=node.alias, why=why_not)
        if component.spec.effects is Effects.EFFECTFUL and not component.spec.idempotency.key:
            yield report("SAGA205", location=where, compensation=name, node=node.alias)


def _mismatch(context: Context, node: Node, spec: NodeSpec) -> str | None:
    needed = [name for name, port in spec.inputs.items() if port.required]
    if len(needed) > 1:
        names = " and ".join(f"`{name}`" for name in needed)
        return f"it needs {names}; it is given one value, the result"
    if not spec.inputs:
        return None
    first = needed[0] if needed else next(iter(spec.inputs))
    shapes = context.shared(Shapes)
    given, wanted = shapes.result(node), shapes.of(spec.inputs[first].schema)
    if not given or not wanted:
        return None
    verdict = is_subtype(given, wanted, named=shapes.named)
    if verdict.decision != "no":
        return None
    return f"its `{first}` does not take the result: {verdict.reason}"
