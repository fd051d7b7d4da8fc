"""PURE001 to PURE012: what Python bodies do behind their declaration's back.

In a node that claims better it is an error; without a claim it is information, and the node is
taken to be what its body supports.
"""

from __future__ import annotations

from collections.abc import Iterator

from latticeflow.checks.bodies import Finding, Kind, Reading, claimed_axes
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
from latticeflow.flow.model import Node

_INFORMATION = frozenset({Kind.UNKNOWN, Kind.NO_SOURCE, Kind.CONSOLE})


def check(context: Context) -> Iterator[Diagnostic]:
    """Report what each body does, once for all nodes that run it."""
    seen: set[str] = set()
    for node in context.nodes.values():
        component = context.component(node)
        if component is None or node.identifier in seen:
            continue
        seen.add(node.identifier)
        reading = context.reader.read(component)
        for finding in reading.findings:
            yield from _judge(context, node, component, reading, finding)


def _judge(
    context: Context, node: Node, component: Component, reading: Reading, finding: Finding
) -> Iterator[Diagnostic]:
    effects, determinism = claimed_axes(component)
    # What a graph says of a node below what its body supports is a claim, whoever wrote it.
    effects = effects or not node.effects.allows(reading.effects)
    determinism = determinism or not node.determinism.allows(reading.determinism)
    floor = finding.covered_by
    breaks_effects = effects and not node.effects.allows(floor.effects)
    breaks_determinism = determinism and not node.determinism.allows(floor.determinism)
    if finding.kind in _INFORMATION:
        if effects and determinism:
            # The author has said what the body cannot show.
            return
        severity = Severity.INFO
    elif breaks_effects or breaks_determinism:
        severity = Severity.ERROR
    elif effects or determinism:
        return
    else:
        severity = Severity.ERROR if context.options.strict else Severity.INFO
    claims = []
    if breaks_effects:
        claims.append(node.effects.value)
    if breaks_determinism:
        claims.append(node.determinism.value)
    claim = f"says {' and '.join(claims)}" if claims else "claims nothing"
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
