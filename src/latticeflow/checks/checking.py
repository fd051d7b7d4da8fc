"""The judge: one function from a flow to a checked flow or the reasons why not."""

from __future__ import annotations

from collections.abc import Iterator

from latticeflow.checks.bodies import BodyReader, claimed_axes
from latticeflow.checks.context import Context
from latticeflow.checks.model import CheckResult, Options, passed
from latticeflow.checks.raising import with_inferred
from latticeflow.checks.rules import RULES
from latticeflow.checks.taint import Taints
from latticeflow.diagnostics import Diagnostic, Severity, sort_diagnostics
from latticeflow.flow.component import Catalog
from latticeflow.flow.model import Flow
from latticeflow.flow.spans import SpanMap, node_key


def check(
    flow: Flow,
    catalog: Catalog,
    *,
    spans: SpanMap | None = None,
    strict: bool = False,
    options: Options | None = None,
    reader: BodyReader | None = None,
) -> CheckResult:
    """Judge `flow` and every flow embedded in it by all rules; nothing stops at the first find.

    Warnings and information never keep a flow from running, unless the check is strict. A node
    without a claim counts as what its body does, for the rules and in the flow that comes out.

    Args:
        flow: The graph.
        catalog: The components it names.
        spans: Where its parts stand in its source.
        strict: Whether warnings stop it too, and ambient input or output without a claim is an
            error. Adds to what `options` say.
        options: The host's profile, the table of hints, the table of known calls.
        reader: Reads bodies; one that is kept does not read the same body twice.

    Returns:
        What was found, ordered by place, and the checked flow if it may run.
    """
    told = options or Options()
    if strict and not told.strict:
        told = Options(True, told.support, told.hints, told.known)
    bodies = reader or BodyReader(told.known)
    flow = with_inferred(flow, catalog, bodies)
    root = Context(flow, catalog, told, spans=spans or {}, reader=bodies)
    found: list[Diagnostic] = []
    contexts = list(_contexts(root))
    for context in contexts:
        for rule in RULES:
            found.extend(rule(context))
    diagnostics = sort_diagnostics(found)
    stops = {Severity.ERROR, Severity.WARNING} if told.strict else {Severity.ERROR}
    if any(d.severity in stops for d in diagnostics):
        return CheckResult(None, diagnostics, flow)
    to_check = {c.body: tuple(c.undecided) for c in contexts if c.undecided}
    proved = {key: value for c in contexts for key, value in _proved(c)}
    return CheckResult(passed(flow, catalog, to_check, proved), diagnostics, flow)


def _contexts(context: Context) -> Iterator[Context]:
    yield context
    for alias, node in context.nodes.items():
        if node.subflow_ir is None:
            continue
        position = context.positions[alias]
        inner = Context(
            node.subflow_ir,
            context.catalog,
            context.options,
            spans=context.spans,
            reader=context.reader,
            body=node_key(alias, body=context.body),
            pointer=f"{context.pointer}/nodes/{position}/subflow_ir",
            mode=context.mode,
            tainted=context.shared(Taints).inputs_of(node),
            said=context.said,
        )
        yield from _contexts(inner)


def _proved(context: Context) -> Iterator[tuple[str, bool]]:
    for alias, node in context.nodes.items():
        component = context.component(node)
        if component is None or node.identifier.startswith("std."):
            continue
        claims_effects, claims_determinism = claimed_axes(component)
        reading = context.reader.read(component)
        spec = component.spec
        by_effects = not claims_effects or spec.effects.allows(reading.effects)
        by_determinism = not claims_determinism or spec.determinism.allows(reading.determinism)
        yield node_key(alias, body=context.body), by_effects and by_determinism
