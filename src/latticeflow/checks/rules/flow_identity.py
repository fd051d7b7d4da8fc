"""IR003: a flow's id is not the one that follows from its name and version."""

from __future__ import annotations

from collections.abc import Iterator

from latticeflow.checks.context import Context
from latticeflow.diagnostics import Diagnostic, report
from latticeflow.flow.identity import flow_id


def check(context: Context) -> Iterator[Diagnostic]:
    """Compare the id with the rule for ids; bodies take theirs from the flow around them."""
    if not context.is_root:
        return
    flow = context.flow
    wanted = flow_id(flow.name, flow.version)
    if flow.id != wanted:
        yield report(
            "IR003",
            location=context.at_flow("id"),
            flow=flow.name,
            given=flow.id,
            wanted=wanted,
        )
