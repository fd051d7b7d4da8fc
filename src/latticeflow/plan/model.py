"""What the engine runs: steps by number, where their inputs come from, what follows them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import IntEnum
from typing import Any, Final

import msgspec

from latticeflow.flow.component import Component
from latticeflow.flow.model import Flow, Node, Retry


class _Skipped:
    """The value of a step that was skipped."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "SKIPPED"


SKIPPED: Final = _Skipped()


class StepKind(IntEnum):
    """How a step is run."""

    CALL = 0
    INPUT = 1
    MERGE = 2
    BODY = 3
    EACH = 4
    LOOP = 5
    SHELL = 6


class Feed(msgspec.Struct, frozen=True):
    """Where one input comes from: a step's value, or (`source` is -1) a literal or template."""

    port: str
    source: int = -1
    select: Callable[[Any], Any] | None = None
    decode: Callable[[Any], Any] | None = None
    literal: Any = None
    template: Callable[[Mapping[str, Any]], Any] | None = None
    required: bool = True
    default: Any = None


class Route(msgspec.Struct, frozen=True):
    """What a routing step opens: the text at `select` picks a label; others' targets close."""

    select: Callable[[Any], Any] | None
    cases: Mapping[str, frozenset[int]]
    default: frozenset[int]
    targets: frozenset[int]


class EachBody(msgspec.Struct, frozen=True):
    """How the rounds of a `for_each` body run; see `flow.surfaces.ForEachConfig`."""

    item: str
    index: str | None
    concurrency: int
    on_error: str
    state: tuple[str, ...]
    keep: Callable[[Any], Any] | None
    value: Callable[[Any], Any] | None
    stop: Callable[[Any], Any] | None


class LoopBody(msgspec.Struct, frozen=True):
    """How the rounds of a `loop` body run; see `flow.surfaces.LoopConfig`."""

    condition: Callable[[Mapping[str, Any]], bool] | None
    state: tuple[str, ...]
    index: str | None
    stop: Callable[[Any], Any] | None
    max_iterations: int
    fail_when_exhausted: bool


class Step(msgspec.Struct, frozen=True):
    """One node, ready to run.

    `plain` steps can never see a skipped input, so they start as soon as their inputs are there.
    `direct` ones besides need nothing but a call: no capability, timeout, retry or own process.
    `pick` gives a direct step's positional arguments from the list of values (None where `feeds`
    must be followed). `catch` maps a type of error to the label of its handler.
    """

    index: int
    alias: str
    kind: StepKind
    node: Node
    component: Component | None
    call: Callable[..., Any] | None
    feeds: tuple[Feed, ...]
    arity: int
    plain: bool
    direct: bool
    is_async: bool
    pick: Callable[[list[Any]], Any] | None
    special: bool
    gates: frozenset[int] = frozenset()
    routes: tuple[Route, ...] = ()
    when: Callable[[Mapping[str, Any]], Any] | None = None
    when_reads: frozenset[int] = frozenset()
    body: Plan | None = None
    each: EachBody | None = None
    loop: LoopBody | None = None
    catch: tuple[tuple[frozenset[str], str], ...] | None = None
    retry: Retry | None = None
    timeout_ms: int | None = None
    continues: bool = False
    fallback: Any = SKIPPED
    pure: bool = True
    effectful: bool = False


Quick = tuple[Callable[..., Any], Callable[[list[Any]], Any], bool, bool]
"""A direct step: its function, its arguments from the values, is it async, are they several."""

Onward = tuple[tuple[int, ...], tuple[int, ...]]
"""The plain followers of a step: those that wait for it alone, and those that wait for more."""


class Plan(msgspec.Struct, frozen=True):
    """A flow, compiled. Steps are in an order in which every edge goes forward.

    `followers[i]` names the step at the end of each edge that leaves step `i`, `needed[i]` counts
    the edges that enter it, `first` are the steps without any. `quick` and `onward` say the same
    once more for the steps that need no decision: how to call one, and what it lets start.
    """

    flow: Flow
    digest: str
    steps: tuple[Step, ...]
    followers: tuple[tuple[int, ...], ...]
    needed: tuple[int, ...]
    plain: tuple[bool, ...]
    special: tuple[bool, ...]
    first: tuple[int, ...]
    output: int
    output_select: Callable[[Any], Any] | None
    max_parallel: int | None
    inbound: tuple[tuple[int, ...], ...] = ()
    quick: tuple[Quick | None, ...] = ()
    onward: tuple[Onward | None, ...] = ()
    index_of: Mapping[str, int] = msgspec.field(default_factory=dict)

    def sources(self, index: int) -> tuple[int, ...]:
        """Return the step at the start of each edge that enters step `index`."""
        return self.inbound[index]
