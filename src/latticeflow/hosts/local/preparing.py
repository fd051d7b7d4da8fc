"""From what was authored to what can be run: checked, lowered, with the digests of its code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from latticeflow.authoring import Authored
from latticeflow.checks import BodyReader
from latticeflow.checks import check as check_flow
from latticeflow.components import STANDARD
from latticeflow.diagnostics import CheckError, Diagnostic, Severity
from latticeflow.flow.component import Catalog
from latticeflow.flow.identity import canonical_json
from latticeflow.flow.model import Flow
from latticeflow.hosts.local.needs import Needs, needs_of
from latticeflow.plan import Plan, lower

READER = BodyReader()
"""Reads the bodies of nodes; kept, so that no body is read twice in a process."""


class Prepared(msgspec.Struct, frozen=True):
    """A flow that passed the checks, ready to run.

    `ir` is its canonical JSON, `code_digests` the digest of each node's code by node alias path,
    `target` where it came from, `diagnostics` the warnings. `decode` turns the JSON of an input
    into what the flow is typed for.
    """

    flow: Flow
    plan: Plan
    catalog: Catalog
    ir: bytes
    code_digests: Mapping[str, str] = msgspec.field(default_factory=dict)
    target: str | None = None
    diagnostics: tuple[Diagnostic, ...] = ()
    decode: Mapping[str, Callable[[Any], Any]] = msgspec.field(default_factory=dict)
    needs: Needs = msgspec.field(default_factory=Needs)


class Checked(msgspec.Struct, frozen=True):
    """What the checks found; `prepared` is None when an error is among it.

    `flow` is the graph that was judged, None if what was authored is none.
    """

    diagnostics: tuple[Diagnostic, ...]
    prepared: Prepared | None
    files: Mapping[str, str] = msgspec.field(default_factory=dict)
    flow: Flow | None = None


def judge(authored: Authored, *, target: str | None = None, strict: bool = False) -> Checked:
    """Check what was authored and, if it passes, lower it."""
    found = list(authored.diagnostics)
    prepared = flow = None
    if authored.flow is not None:
        catalog = STANDARD.with_components(authored.catalog.values())
        result = check_flow(
            authored.flow, catalog, spans=authored.spans, strict=strict, reader=READER
        )
        found.extend(result.diagnostics)
        flow = result.flow
        if result.checked is not None and not has_errors(found):
            checked = result.checked
            prepared = Prepared(
                flow=checked.flow,
                plan=lower(checked),
                catalog=checked.catalog,
                ir=canonical_json(checked.flow),
                code_digests=code_digests(checked.flow),
                target=target,
                diagnostics=tuple(found),
                decode=authored.decode,
                needs=needs_of(checked.flow, checked.catalog),
            )
    return Checked(tuple(found), prepared, authored.files, flow)


def prepare(authored: Authored, *, target: str | None = None, strict: bool = False) -> Prepared:
    """Check and lower.

    Raises:
        CheckError: the checks found errors; it carries all that was found.
    """
    checked = judge(authored, target=target, strict=strict)
    if checked.prepared is None:
        raise CheckError(diagnostics=checked.diagnostics)
    return checked.prepared


def has_errors(diagnostics: list[Diagnostic] | tuple[Diagnostic, ...]) -> bool:
    """Tell whether any of `diagnostics` is an error."""
    return any(diagnostic.severity is Severity.ERROR for diagnostic in diagnostics)


def code_digests(flow: Flow, prefix: str = "") -> dict[str, str]:
    """Return the digest of each node's code, by the path of aliases to the node."""
    digests: dict[str, str] = {}
    for node in flow.nodes:
        if node.code_digest is not None:
            digests[prefix + node.alias] = node.code_digest
        if node.subflow_ir is not None:
            digests.update(code_digests(node.subflow_ir, f"{prefix}{node.alias}/"))
    return digests
