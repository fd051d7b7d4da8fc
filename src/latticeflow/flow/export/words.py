"""What is written on a step: its name, what it does, and what is asked of it."""

from __future__ import annotations

import msgspec

from latticeflow.flow.model import Json, Node, Surface
from latticeflow.flow.surfaces import (
    AwaitConfig,
    ErrorHandlerConfig,
    ForEachConfig,
    LoopConfig,
    PartitionConfig,
    RateLimitConfig,
    SurfaceConfig,
    TimeoutConfig,
    WindowConfig,
    surface_config,
)

_LONGEST = 60
_QUIET = frozenset({"std.trigger.manual", "std.input", "std.merge", "std.record", "std.list"})


def title_of(node: Node) -> tuple[str, ...]:
    """Return the name of a step and, where that does not say it, what it runs."""
    details = ""
    if node.identifier == "std.expr":
        details = text_of(node.config.get("expr"))
    elif node.identifier == "std.shell":
        details = text_of(node.config.get("run"))
    elif node.identifier == "std.fail":
        details = f"raise {short_name(text_of(node.config.get('error')))}"
    elif node.identifier not in _QUIET:
        called = short_name(node.identifier)
        details = called if node.subflow_ir is None and called != node.alias else ""
    return (node.alias, clipped(details)) if details else (node.alias,)


def remarks_of(node: Node) -> tuple[str, ...]:
    """Return what is asked of a step beyond its work: condition, retries, deadline, key, undo."""
    remarks = [f"when {clipped(node.when)}"] if node.when else []
    if node.retry is not None:
        remarks.append(f"at most {node.retry.max_attempts} tries")
    if node.timeout_ms is not None:
        remarks.append(f"within {duration(node.timeout_ms)}")
    if node.idempotency.key:
        remarks.append(f"once per {node.idempotency.key}")
    if node.compensate:
        remarks.append(f"undone by {short_name(node.compensate)}")
    if node.on_error == "continue":
        remarks.append("may fail")
    return tuple(remarks)


def surface_words(surface: Surface, *, of: str) -> str:
    """Return what a surface says about the node `of` that it governs."""
    try:
        config: SurfaceConfig = surface_config(surface)
    except (KeyError, msgspec.ValidationError):
        return surface.kind
    if isinstance(config, ForEachConfig):
        pace = f", {config.concurrency} at a time" if config.concurrency > 1 else ""
        fold = f", carrying {', '.join(config.state)}" if config.state else ""
        return f"for each {config.item}{pace}{fold}"
    if isinstance(config, LoopConfig):
        asked = f"while {clipped(config.condition)}" if config.condition else "repeat"
        return f"{asked}, at most {config.max_iterations} rounds"
    if isinstance(config, ErrorHandlerConfig):
        names = [short_name(name) for catch in config.catch for name in catch.on]
        return f"catches {', '.join(names)}" if names else f"on error: {config.strategy}"
    return _scope_words(config, of)


def _scope_words(config: SurfaceConfig, of: str) -> str:
    if isinstance(config, TimeoutConfig):
        return f"within {duration(config.duration_ms)}"
    if isinstance(config, RateLimitConfig):
        return f"at most {config.qps:g} a second"
    if isinstance(config, WindowConfig):
        return f"{config.kind} window of {duration(config.size_ms)}"
    if isinstance(config, PartitionConfig):
        return f"in order per {config.key}" if config.edge.to == of else ""
    if isinstance(config, AwaitConfig):
        return f"waits for {'an' if config.kind[0] in 'ae' else 'a'} {config.kind}"
    return ""


def short_name(identifier: str) -> str:
    """Return the last part of `package.module:Qual` or `path.py:qualname`."""
    return identifier.rpartition(":")[2] or identifier


def text_of(value: Json) -> str:
    """Return a command or an expression as one text."""
    if isinstance(value, dict) and "$template" in value:
        return text_of(value["$template"])
    if isinstance(value, list):
        return " ".join(text_of(part) for part in value)
    return "" if value is None else str(value)


def clipped(text: str) -> str:
    """Return `text` on one line, shortened where it is long."""
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"


def duration(milliseconds: int) -> str:
    """Return a time in the largest unit that divides it."""
    for size, unit in ((86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1000, "s")):
        if milliseconds and milliseconds % size == 0:
            return f"{milliseconds // size} {unit}"
    return f"{milliseconds} ms"
