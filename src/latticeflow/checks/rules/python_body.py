"""PURE001 to PURE012: what Python bodies do behind their declaration's back.

In a node that claims better it is an error; without a claim it is information, and the node is
taken to be what its body supports.
"""

from __future__ import annotations

from collections.abc import Iterator

from latticeflow.checks.bodies import Finding, Kind, claimed_axes
from latticeflow.checks.context import Context
from latticeflow.diagnostics import (
    Diagnostic,
    Edit,
    Fix,
    Location,
    Related,
    Severity,
    report,
)
from latticeflow.flow.component import Component
from latticeflow.flow.lattice import Determinism, Effects
from latticeflow.flow.model import Node

_INFORMATION = frozenset({Kind.UNKNOWN, Kind.NO_SOURCE, Kind.CONSOLE})


def check(context: Context) -> Iterator[Diagnostic]:
    """Report what each body does, once for all nodes that run it."""
    for node in context.nodes.values():
        component = context.component(node)
        if component is None or not context.first_time("body", node.identifier):
            continue
        reading = context.reader.read(component)
        for finding in reading.findings:
            yield from _judge(context, node, component, finding)


def _judge(
    context: Context, node: Node, component: Component, finding: Finding
) -> Iterator[Diagnostic]:
    effects, determinism = claimed_axes(component)
    floor, adds = finding.covered_by, finding.inferred
    breaks_effects = effects and not node.effects.allows(floor.effects)
    breaks_determinism = determinism and not node.determinism.allows(floor.determinism)
    if breaks_effects or breaks_determinism:
        said = [node.effects.value] * breaks_effects + [node.determinism.value] * breaks_determinism
        severity, claim = Severity.ERROR, f"says {' and '.join(said)}"
    elif not effects and adds.effects is not Effects.PURE:
        severity, claim = (
            Severity.INFO,
            "claims nothing" if not determinism else "claims no effects",
        )
    elif not determinism and adds.determinism is not Determinism.STRICT:
        severity, claim = (
            Severity.INFO,
            "claims nothing" if not effects else "claims no determinism",
        )
    else:
        # The author has claimed what this would lower: shown as claimed, tested by certification.
        return
    if context.options.strict and finding.kind not in _INFORMATION:
        severity = Severity.ERROR
    yield report(
        finding.kind.value,
        location=_place(context, node, finding),
        severity=severity,
        fix=_fix(finding),
        related=_related(finding),
        node=node.alias,
        claim=claim,
        call=f"`{finding.what}`",
        name=finding.what,
        what=finding.what,
        why="it has no file, or its file has changed",
        inferred=f"{node.effects.value}, {node.determinism.value}",
        via=f" (through {' -> '.join(f'`{n}`' for n in finding.through)})"
        if finding.through
        else "",
    )


def _place(context: Context, node: Node, finding: Finding) -> Location:
    if finding.range is None:
        return context.at_node(node)
    pointer = context.at_node(node).pointer
    return Location(file=finding.file, range=finding.range, pointer=pointer)


def _related(finding: Finding) -> list[Related]:
    if not finding.through or finding.called_at is None:
        return []
    where = Location(file=finding.called_in, range=finding.called_at)
    return [Related(f"reached by this call of `{finding.through[0]}`", where)]


def _fix(finding: Finding) -> Fix | None:
    if finding.replacement is None or finding.file is None or finding.range is None:
        return None
    edit = Edit(finding.file, finding.range, finding.replacement)
    return Fix(f"write `{finding.replacement}`", (edit,), "unsafe")
