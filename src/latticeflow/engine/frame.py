"""The state of one activation of a plan: the run itself, or a round of a body."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from latticeflow.engine.failure import Failure
from latticeflow.plan import SKIPPED, Plan, Step


class Frame:
    """One activation of a plan.

    `values[i]` is what step `i` gave (`SKIPPED` if it was skipped or failed without a fallback),
    `remaining[i]` how many of its edges have not been resolved, `open` how many steps have not
    (0 or less once the frame fails or is cancelled). `undecided` counts steps whose inputs have
    arrived and on which nothing has been decided yet. `onward` is the plan's, until the frame
    fails or is cancelled and every start has to be decided.
    `in_flight` holds the steps that were started and have not ended, with their attempt;
    `stopping` those of them whose driver was told to cancel them. `children` are the frames of
    bodies, in the order in which they were opened.
    """

    __slots__ = (
        "arguments",
        "attempts",
        "cancelling",
        "children",
        "closed",
        "ended",
        "failed_at",
        "failure",
        "failures",
        "in_flight",
        "onward",
        "open",
        "order",
        "parent",
        "parent_step",
        "path",
        "plan",
        "remaining",
        "round",
        "rounds",
        "stopping",
        "undecided",
        "values",
    )

    def __init__(
        self,
        plan: Plan,
        path: str,
        arguments: Mapping[str, Any],
        *,
        order: int = 0,
        parent: Frame | None = None,
        parent_step: int = -1,
        round_number: int = 0,
    ) -> None:
        count = len(plan.steps)
        self.plan = plan
        self.path = path
        self.arguments = arguments
        self.order = order
        self.parent = parent
        self.parent_step = parent_step
        self.round = round_number
        self.values: list[Any] = [None] * count
        self.remaining: list[int] = list(plan.needed)
        self.onward = plan.onward
        self.open = count
        self.closed: set[int] = set()
        self.in_flight: dict[int, int] = {}
        self.attempts: dict[int, int] = {}
        self.failures: dict[int, Failure] = {}
        self.rounds: dict[int, Rounds] = {}
        self.stopping: set[int] = set()
        self.children: dict[int, dict[Frame, None]] = {}
        self.failed_at = count
        self.failure: Failure | None = None
        self.cancelling = False
        self.undecided = 0
        self.ended = False

    def stop_short_cuts(self) -> None:
        """Have every further start decided one by one."""
        self.open = 0
        self.onward = (None,) * len(self.values)

    def step(self, index: int) -> Step:
        """Return step `index` of the plan."""
        return self.plan.steps[index]

    def position(self, index: int) -> str:
        """Return the text form of the position of step `index`."""
        return self.path + self.plan.steps[index].alias


class Rounds(msgspec.Struct):
    """How far a `for_each` or `loop` is. `kept` maps a round to its result."""

    arguments: dict[str, Any]
    items: list[Any] = msgspec.field(default_factory=list)
    next: int = 0
    active: int = 0
    kept: dict[int, Any] = msgspec.field(default_factory=dict)
    broke: bool = False
    failure: Failure | None = None
    failed_round: int = -1


def output_of(frame: Frame) -> Any:
    """Return the value of a frame that is done."""
    plan = frame.plan
    if plan.output < 0:
        return None
    value = frame.values[plan.output]
    if value is SKIPPED:
        return None
    return value if plan.output_select is None else plan.output_select(value)
