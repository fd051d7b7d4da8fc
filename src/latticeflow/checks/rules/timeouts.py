"""CTRL101, TIME016: a timeout is more than zero, and can be enforced."""

from __future__ import annotations

from collections.abc import Iterator

from latticeflow.checks.bodies import function_of
from latticeflow.checks.context import Context
from latticeflow.diagnostics import Diagnostic, report
from latticeflow.flow.component import Component
from latticeflow.flow.surfaces import TimeoutConfig


def check(context: Context) -> Iterator[Diagnostic]:
    """Judge the timeouts of edges and nodes, those of timeout scopes included."""
    for edge in context.edges:
        if edge.timeout_ms is not None and edge.timeout_ms < 1:
            yield report(
                "CTRL101",
                location=context.at_edge(edge, "timeout_ms"),
                what=f"`{edge.from_}` -> `{edge.to}`",
                value=edge.timeout_ms,
            )
    bounded = {
        alias
        for _, config in context.surfaces
        if isinstance(config, TimeoutConfig)
        for alias in config.scope.nodes
    }
    for alias, node in context.nodes.items():
        if node.timeout_ms is not None and node.timeout_ms < 1:
            where = context.at_node(node, "timeout_ms")
            yield report("CTRL101", location=where, what=f"`{alias}`", value=node.timeout_ms)
        elif node.timeout_ms is not None or alias in bounded:
            component = context.component(node)
            why = None if component is None else _why_not(component)
            if why is not None:
                where = context.at_node(node, "timeout_ms")
                yield report("TIME016", location=where, node=alias, why=why)


def _why_not(component: Component) -> str | None:
    """Tell why a call of `component` could not be ended from outside, or None if it can."""
    if component.is_async or component.call is None or component.bind is not None:
        return None
    if component.spec.identifier.startswith("std."):
        return None
    if component.spec.capabilities:
        return "it is synchronous and has capabilities, so it runs in this process"
    function = function_of(component)
    if function is None or "<" not in function.__qualname__:
        return None
    return "it is synchronous and defined inside a function, so no worker process can run it"
