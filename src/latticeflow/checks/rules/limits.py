"""DAG005: how many steps may run at once is at least one."""

from __future__ import annotations

from collections.abc import Iterator

from latticeflow.checks.context import Context
from latticeflow.diagnostics import Diagnostic, report

MAX_PARALLEL = 10_000


def check(context: Context) -> Iterator[Diagnostic]:
    """Judge the flow's `max_parallel`."""
    value = context.flow.max_parallel
    if value is not None and not 1 <= value <= MAX_PARALLEL:
        yield report(
            "DAG005",
            location=context.at_flow("max_parallel"),
            value=value,
            node=context.flow.name,
            max=MAX_PARALLEL,
        )
