"""CTRL130, CTRL131, CTRL132 of the surfaces that govern rather than route.

They are `partition`, `rate_limit`, `error_handler`, `window`, `timeout`, `merge` and `await`.
"""

from __future__ import annotations

from collections.abc import Iterator

from latticeflow.checks.context import Context
from latticeflow.diagnostics import Diagnostic, did_you_mean, report
from latticeflow.flow.model import Surface
from latticeflow.flow.surfaces import (
    AwaitConfig,
    ErrorHandlerConfig,
    MergeConfig,
    PartitionConfig,
    RateLimitConfig,
    SurfaceConfig,
    TimeoutConfig,
    WindowConfig,
)


def check(context: Context) -> Iterator[Diagnostic]:
    """Judge every governing surface, and every one of another kind that cannot be read."""
    for surface, why in context.broken:
        if surface.kind not in {"if", "switch"}:
            yield _bad(context, surface, why)
    for surface, config in context.surfaces:
        for alias in _named(config):
            if alias not in context.nodes:
                yield report(
                    "CTRL131",
                    location=context.at_surface(surface),
                    kind=surface.kind,
                    surface=surface.id,
                    alias=alias,
                    suggestion=did_you_mean(alias, context.nodes),
                )
        for why in _faults(config):
            yield _bad(context, surface, why)
        if isinstance(config, PartitionConfig):
            yield from _edge(context, surface, config)


def _named(config: SurfaceConfig) -> list[str]:
    if isinstance(config, ErrorHandlerConfig | TimeoutConfig):
        return config.scope.nodes
    if isinstance(config, RateLimitConfig | MergeConfig | AwaitConfig):
        return [config.target]
    if isinstance(config, PartitionConfig):
        return [config.edge.from_, config.edge.to]
    return []


def _faults(config: SurfaceConfig) -> Iterator[str]:
    if isinstance(config, PartitionConfig) and not config.key.strip():
        yield "its key is empty"
    elif isinstance(config, RateLimitConfig):
        for name, value in (("qps", config.qps), ("burst", config.burst)):
            if value <= 0:
                yield f"`{name}` must be positive, not {value:g}"
    elif isinstance(config, WindowConfig):
        yield from _window(config)
    elif isinstance(config, TimeoutConfig) and config.duration_ms < 1:
        yield f"its time is {config.duration_ms} ms"
    elif isinstance(config, ErrorHandlerConfig):
        yield from _handler(config)


def _window(config: WindowConfig) -> Iterator[str]:
    if not config.event_time_pointer.startswith("/"):
        yield f"`{config.event_time_pointer}` is no JSON pointer"
    if config.size_ms < 1:
        yield f"its size is {config.size_ms} ms"
    if config.allowed_lateness_ms < 0:
        yield f"its lateness is {config.allowed_lateness_ms} ms"
    if not config.watermark.strip():
        yield "its watermark is empty"


def _handler(config: ErrorHandlerConfig) -> Iterator[str]:
    if not config.scope.nodes:
        yield "it governs no node"
    if config.max_retries is not None and config.max_retries < 0:
        yield f"`max_retries` is {config.max_retries}"
    if config.backoff_ms is not None and config.backoff_ms < 0:
        yield f"`backoff_ms` is {config.backoff_ms}"
    if config.strategy == "catch" and not config.catch:
        yield "it catches nothing"
    labels = [catch.label for catch in config.catch]
    for label in dict.fromkeys(labels):
        if labels.count(label) > 1:
            yield f"the label `{label}` is used {labels.count(label)} times"
    if "ok" in labels:
        yield "the label `ok` says that nothing was caught"


def _edge(context: Context, surface: Surface, config: PartitionConfig) -> Iterator[Diagnostic]:
    ends = config.edge
    if ends.from_ not in context.nodes or ends.to not in context.nodes:
        return
    if not any(edge.to == ends.to for edge in context.outbound[ends.from_]):
        yield report(
            "CTRL132",
            location=context.at_surface(surface),
            kind=surface.kind,
            surface=surface.id,
            source=ends.from_,
            target=ends.to,
        )


def _bad(context: Context, surface: Surface, why: str) -> Diagnostic:
    where = context.at_surface(surface)
    return report("CTRL130", location=where, kind=surface.kind, surface=surface.id, why=why)
