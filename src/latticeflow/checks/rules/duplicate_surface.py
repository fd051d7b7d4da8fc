"""DAG210: two control surfaces have the same id."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from latticeflow.checks.context import Context
from latticeflow.diagnostics import Diagnostic, report


def check(context: Context) -> Iterator[Diagnostic]:
    """Report each id that is used more than once, at its last use."""
    counts = Counter(surface.id for surface in context.flow.control_surfaces)
    last = {surface.id: surface for surface in context.flow.control_surfaces}
    for surface, count in counts.items():
        if count > 1:
            where = context.at_surface(last[surface])
            yield report("DAG210", location=where, surface=surface, count=count)
