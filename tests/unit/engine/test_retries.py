"""Whether a failed attempt is tried again, and when: a stepper driven by hand, so nothing waits."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from tests.unit.engine.graphs import component, edge, graph, node, run_graph

from latticeflow import NonRetryable, RetryAfter
from latticeflow.engine import Stepper, failure_of
from latticeflow.engine.loop import Surroundings
from latticeflow.flow import Catalog, Retry
from latticeflow.plan import lower_graph


class Busy(ConnectionError):
    """A kind of OSError of one's own."""


class Throttled(Exception):
    """Somebody's own exception that asks for a delay, as a number of seconds."""

    retry_after = 2.5


class Refused(ValueError):
    """Somebody's own exception that forbids another try."""

    non_retryable = True


def one(x: int) -> int:
    return x


@dataclass
class Attempts:
    """Fails the one step of a flow, attempt after attempt, and notes each wait in milliseconds."""

    retry: Retry
    seed: str = ""
    waits: list[int] = field(default_factory=list)
    made: int = 0

    def fail(self, *errors: BaseException) -> Any:
        flow = graph(
            [node("input", "std.trigger.manual"), node("a", "one", retry=self.retry)],
            [edge("input -> a.x", select="/x")],
            output="a",
        )
        plan = lower_graph(flow, Catalog([component("one", one)]))
        stepper = Stepper(plan, {"x": 1}, seed=self.seed)
        stepper.begin(0)
        for error in errors:
            self._start(stepper)
            stepper.fail(*self.started, failure_of(error))
            due = stepper.next_timer()
            if due is None:
                return stepper.outcome
            self.waits.append(due - stepper.now_ms)
            stepper.tick(due - 1)
            assert not stepper.ready, "it began too soon"
            stepper.tick(due)
        self._start(stepper)
        stepper.complete(*self.started, 1)
        return stepper.outcome

    def _start(self, stepper: Stepper) -> None:
        self.started = stepper.ready.popleft()
        stepper.launched(*self.started)
        self.made += 1


def exactly(**fields: Any) -> Retry:
    return Retry(**{"max_attempts": 5, "initial_interval_ms": 100, "jitter": 0.0, **fields})


def test_waits_grow_up_to_the_longest() -> None:
    attempts = Attempts(exactly(max_attempts=7, backoff=3.0, max_interval_ms=2000))
    outcome = attempts.fail(*[OSError(str(number)) for number in range(7)])
    assert attempts.waits == [100, 300, 900, 2000, 2000, 2000]
    assert (outcome.status, outcome.failure.error.message) == ("failed", "6")
    assert outcome.failure.error.attempt == 7


def test_a_success_ends_the_trying() -> None:
    attempts = Attempts(exactly())
    assert attempts.fail(OSError(), OSError()).status == "succeeded"
    assert attempts.made == 3


@pytest.mark.parametrize("share", [0.1, 0.5, 1.0])
def test_jitter_stays_within_its_share_and_is_the_same_when_replayed(share: float) -> None:
    policy = exactly(max_attempts=6, backoff=1.0, initial_interval_ms=1000, jitter=share)
    seen: list[int] = []
    for run in range(40):
        first, again = Attempts(policy, seed=f"run-{run}"), Attempts(policy, seed=f"run-{run}")
        for attempts in (first, again):
            attempts.fail(*[OSError()] * 6)
        assert first.waits == again.waits
        seen += first.waits
    low, high = 1000 * (1 - share), 1000 * (1 + share)
    assert all(int(low) <= wait <= high for wait in seen)
    assert min(seen) < low + 200 * share
    assert max(seen) > high - 200 * share


@pytest.mark.parametrize(
    ("error", "wait"),
    [
        (RetryAfter("1h30m"), 5_400_000),
        (RetryAfter(timedelta(milliseconds=5)), 5),
        (Throttled(), 2500),
    ],
)
def test_an_error_says_itself_when_to_try_again(error: Exception, wait: int) -> None:
    attempts = Attempts(exactly(max_interval_ms=200))
    assert attempts.fail(error, OSError()).status == "succeeded"
    # What it asks for holds even beyond the policy's longest wait, and for that attempt only.
    assert attempts.waits == [wait, 200]


def test_the_policy_still_says_how_often() -> None:
    attempts = Attempts(exactly(max_attempts=2))
    assert attempts.fail(RetryAfter("1s"), RetryAfter("1s")).status == "failed"
    assert attempts.waits == [1000]


@pytest.mark.parametrize("error", [NonRetryable("no"), Refused("no")])
def test_an_error_may_forbid_another_try(error: Exception) -> None:
    attempts = Attempts(exactly())
    outcome = attempts.fail(error)
    assert (outcome.status, attempts.made, attempts.waits) == ("failed", 1, [])


@pytest.mark.parametrize(
    ("fields", "error", "tries"),
    [
        ({"retry_on": ["builtins:OSError"]}, Busy(), 2),
        ({"retry_on": ["builtins:OSError"]}, KeyError(), 1),
        ({"retry_on": [f"{__name__}:Busy"]}, Busy(), 2),
        ({"retry_on": [f"{__name__}:Busy"]}, ConnectionError(), 1),
        ({"retry_on": ["builtins:KeyError", "builtins:OSError"]}, Busy(), 2),
        ({"non_retryable": ["builtins:OSError"]}, Busy(), 1),
        ({"non_retryable": ["builtins:OSError"]}, KeyError(), 2),
        ({"retry_on": ["builtins:OSError"], "non_retryable": [f"{__name__}:Busy"]}, Busy(), 1),
        ({"retry_on": ["builtins:OSError"], "non_retryable": [f"{__name__}:Busy"]}, OSError(), 2),
        ({"retry_on": ["builtins:OSError"]}, RetryAfter("1s"), 1),
        ({"retry_on": [f"{__name__}:Refused"]}, Refused(), 1),
    ],
)
def test_which_errors_are_tried_again(fields: dict[str, Any], error: Exception, tries: int) -> None:
    attempts = Attempts(exactly(**fields))
    attempts.fail(error)
    assert attempts.made == tries


class Clock:
    """A clock that goes only when somebody sleeps on it."""

    def __init__(self) -> None:
        self.now = 0
        self.slept: list[int] = []

    def read(self) -> int:
        return self.now

    async def sleep_until(self, due: int) -> None:
        self.slept.append(due - self.now)
        self.now = due


async def test_the_loop_waits_on_the_clock_it_is_given() -> None:
    clock = Clock()
    calls: list[int] = []

    async def flaky(x: int) -> int:
        calls.append(clock.now)
        if len(calls) == 1:
            raise RetryAfter("1h")
        if len(calls) == 2:
            raise OSError
        return x

    flow = graph(
        [node("input", "std.trigger.manual"), node("a", "flaky", retry=exactly())],
        [edge("input -> a.x", select="/x")],
        output="a",
    )
    around = Surroundings(clock_ms=clock.read, sleep_until=clock.sleep_until)
    outcome = await run_graph(flow, {"flaky": flaky}, {"x": 7}, surroundings=around)
    assert (outcome.status, outcome.value) == ("succeeded", 7)
    assert calls == [0, 3_600_000, 3_600_200]
    assert clock.slept == [3_600_000, 200]


async def test_a_body_is_tried_again_as_a_whole() -> None:
    clock = Clock()
    calls: list[str] = []

    def first(x: int) -> int:
        calls.append("first")
        return x

    def second(x: int) -> int:
        calls.append("second")
        if calls.count("second") < 3:
            raise Busy
        return x

    body = graph(
        [node("input", "std.input"), node("a", "first"), node("b", "second")],
        [edge("input -> a.x", select="/x"), edge("a -> b.x")],
        output="b",
    )
    flow = graph(
        [
            node("input", "std.trigger.manual"),
            node("part", "f.part", subflow_ir=body, retry=exactly(retry_on=["builtins:OSError"])),
        ],
        [edge("input -> part.x", select="/x")],
        output="part",
    )
    around = Surroundings(clock_ms=clock.read, sleep_until=clock.sleep_until)
    functions = {"first": first, "second": second}
    outcome = await run_graph(flow, functions, {"x": 7}, surroundings=around)
    assert (outcome.status, outcome.value) == ("succeeded", 7)
    assert calls == ["first", "second"] * 3
    assert clock.slept == [100, 200]
