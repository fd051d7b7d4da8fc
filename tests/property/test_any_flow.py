"""Any well-formed Flow IR is drawn, judged and explained; nothing that is made from it fails."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings

from latticeflow.checks import check
from latticeflow.components import STANDARD
from latticeflow.flow import Flow
from latticeflow.flow.export import render_dot, render_mermaid, render_tree
from latticeflow.testing.strategies import flows

FEW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@FEW
@given(flows())
def test_any_flow_is_drawn(flow: Flow) -> None:
    for render in (render_dot, render_mermaid, render_tree):
        assert render(flow) == render(flow)


@FEW
@given(flows())
def test_any_flow_is_judged(flow: Flow) -> None:
    result = check(flow, STANDARD)
    has_errors = any(found.severity.value == "error" for found in result.diagnostics)
    assert (result.checked is None) == has_errors
    for found in result.diagnostics:
        assert "\n" not in found.message
