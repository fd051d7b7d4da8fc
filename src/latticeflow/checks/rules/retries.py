"""RETRY012, RETRY013: a retry repeats nothing that must not happen twice, and makes sense."""

from __future__ import annotations

from collections.abc import Iterator

from latticeflow.checks.context import Context
from latticeflow.checks.repairs import claim
from latticeflow.diagnostics import Diagnostic, Fix, Related, report
from latticeflow.flow.lattice import Effects
from latticeflow.flow.model import Flow, Node, Retry
from latticeflow.flow.surfaces import ErrorHandlerConfig


def check(context: Context) -> Iterator[Diagnostic]:
    """Judge each node that is retried, by its own policy or by a handler's."""
    handled = {
        alias
        for _, config in context.surfaces
        if isinstance(config, ErrorHandlerConfig) and config.strategy == "retry"
        for alias in config.scope.nodes
    }
    for alias, node in context.nodes.items():
        retry = node.retry
        for why in _faults(retry) if retry is not None else ():
            where = context.at_node(node, "retry")
            yield report("RETRY013", location=where, node=alias, why=why)
        if alias in handled or (retry is not None and retry.max_attempts > 1):
            yield from _unkeyed(context, node)


def _unkeyed(context: Context, node: Node) -> Iterator[Diagnostic]:
    where = context.at_node(node, "retry")
    if node.subflow_ir is None:
        if _is_unkeyed(node):
            fix = _fix(context, node)
            yield report("RETRY012", location=where, fix=fix, node=node.alias)
        return
    for inner in _inside(node.subflow_ir):
        if _is_unkeyed(inner):
            place = context.at_node(inner)
            related = [Related("inside what is retried here", where)]
            fix = _fix(context, inner)
            yield report("RETRY012", location=place, related=related, fix=fix, node=inner.alias)


def _fix(context: Context, node: Node) -> Fix | None:
    """Offer the claim that repeating is harmless, unless a capability rules it out."""
    floor = context.options.hints.floor([*node.effect_hints, *node.determinism_hints])
    if not Effects.READ_ONLY.allows(floor.effects):
        return None
    return claim(context.component(node), "effects", "read_only", safe=False)


def _inside(flow: Flow) -> Iterator[Node]:
    for node in flow.nodes:
        if node.subflow_ir is not None:
            yield from _inside(node.subflow_ir)
        else:
            yield node


def _is_unkeyed(node: Node) -> bool:
    return node.effects is Effects.EFFECTFUL and not node.idempotency.key


def _faults(retry: Retry) -> Iterator[str]:
    if retry.max_attempts < 1:
        yield f"max_attempts is {retry.max_attempts}; the first try counts as one"
    if retry.initial_interval_ms < 0:
        yield f"the first interval is {retry.initial_interval_ms} ms"
    if retry.max_interval_ms < retry.initial_interval_ms:
        yield (
            f"the longest interval, {retry.max_interval_ms} ms, is shorter than the first, "
            f"{retry.initial_interval_ms} ms"
        )
    if retry.backoff < 1:
        yield f"the backoff is {retry.backoff:g}, so intervals would shrink"
    if not 0 <= retry.jitter <= 1:
        yield f"the jitter is {retry.jitter:g}; it is a share from 0 to 1"
    both = set(retry.retry_on) & set(retry.non_retryable)
    if both:
        yield f"{', '.join(f'`{name}`' for name in sorted(both))} is both retried and not"
