"""From a checked flow to what the engine runs: numbered steps, selectors, routing tables."""

from latticeflow.plan.lower import lower, lower_graph
from latticeflow.plan.model import (
    SKIPPED,
    EachBody,
    Feed,
    LoopBody,
    Plan,
    Route,
    Step,
    StepKind,
)
from latticeflow.plan.select import SelectError, compile_select

__all__ = [
    "SKIPPED",
    "EachBody",
    "Feed",
    "LoopBody",
    "Plan",
    "Route",
    "SelectError",
    "Step",
    "StepKind",
    "compile_select",
    "lower",
    "lower_graph",
]
