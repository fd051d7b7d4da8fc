"""A simulator: drives the stepper without an event loop, in an order drawn from a seed.

Whatever order steps start, go on and end in, a run must come to the same result. And it must not
matter if, at any point, the whole state is put away as JSON and taken up by another process. The
simulator makes both happen: each turn it draws what goes on next, and now and then it restarts
the run from its snapshot. Time is virtual. The same seed gives the same run.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from inspect import iscoroutine
from typing import Any

import msgspec

from latticeflow.capabilities import Grants, Holder
from latticeflow.diagnostics import InternalError, LatticeFlowError
from latticeflow.engine import Fact, Frame, Outcome, Stepper, failure_of, restore, snapshot
from latticeflow.engine.inputs import call_arguments
from latticeflow.plan import Plan, Step

MAX_TURNS = 1_000_000

Place = tuple[str, int]
"""A position and the number of an attempt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """Under which a run is simulated.

    Attributes:
        seed: What the order is drawn from.
        restarts: The chance, each turn, that the run is put away as JSON and taken up again. What
            was in flight is then started anew.
        cancel_at: The turn in which the run is cancelled.
        deadline_ms: The time at which it is.
        max_parallel: How many steps may run at once.
        duration_ms: How long an attempt takes, in virtual time. Nothing takes any by default.
        error: What an attempt raises instead of being made; None lets it be made.
    """

    seed: int = 0
    restarts: float = 0.0
    cancel_at: int | None = None
    deadline_ms: int | None = None
    max_parallel: int | None = None
    duration_ms: Callable[[str, int], int] = lambda _position, _attempt: 0
    error: Callable[[str, int], Exception | None] = lambda _position, _attempt: None


@dataclass(frozen=True, slots=True)
class Simulation:
    """What became of a simulated run.

    `starts` are the attempts in the order they were started, `elapsed_ms` is the virtual time it
    took, `facts` is what the stepper decided.
    """

    outcome: Outcome
    starts: tuple[Place, ...]
    facts: tuple[Fact, ...]
    elapsed_ms: int
    turns: int
    restarts: int

    @property
    def ending(self) -> tuple[object, ...]:
        """What must not depend on the order: the status, the value, the error and its place."""
        outcome = self.outcome
        if outcome.failure is None:
            return (outcome.status, outcome.value)
        error = outcome.failure.error
        return (outcome.status, error.type, error.message, error.position, error.attempt)


def simulate(
    plan: Plan,
    arguments: Mapping[str, Any],
    conditions: Conditions | None = None,
    *,
    grants: Grants | None = None,
) -> Simulation:
    """Run a plan to its end.

    Args:
        plan: The plan. It must start no commands, and its coroutines may wait for nothing but
            their turn (`asyncio.sleep(0)`). With restarts, the values of steps must be JSON.
        arguments: The inputs.
        conditions: The order, and what happens besides.
        grants: The capabilities of nodes.

    Raises:
        InternalError: The run is stuck, or goes on for ever.
        LatticeFlowError: A step waits for something.
    """
    return _Simulator(plan, arguments, conditions or Conditions(), grants).run()


@dataclass(slots=True, eq=False)
class _Attempt:
    """One attempt under way. `coroutine` is None until it has begun."""

    frame: Frame
    index: int
    number: int
    ends_at_ms: int
    begin: Callable[[], Any]
    coroutine: Coroutine[Any, Any, Any] | None = None
    is_cancelled: bool = False


@dataclass(slots=True)
class _Ended:
    value: Any = None
    error: BaseException | None = None


@dataclass(slots=True)
class _Counts:
    turns: int = 0
    restarts: int = 0
    starts: list[Place] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)


class _Simulator:
    def __init__(
        self,
        plan: Plan,
        arguments: Mapping[str, Any],
        conditions: Conditions,
        grants: Grants | None,
    ) -> None:
        self._conditions = conditions
        self._grants = grants
        self._chance = random.Random(conditions.seed)  # noqa: S311  (it must be repeatable)
        # The seed of delays is not that of the order, which nothing may depend on.
        self._stepper = Stepper(plan, arguments, max_parallel=conditions.max_parallel)
        self._attempts: list[_Attempt] = []
        self._counts = _Counts()

    def run(self) -> Simulation:
        counts = self._counts
        self._stepper.begin(0, deadline_ms=self._conditions.deadline_ms)
        while self._stepper.outcome is None:
            counts.turns += 1
            if counts.turns > MAX_TURNS:
                raise InternalError("the simulated run does not end")
            if counts.turns == self._conditions.cancel_at:
                self._stepper.cancel("cancelled")
            self._take_notes()
            if self._stepper.outcome is None:
                self._turn()
        self._take_notes()
        if self._attempts or any(self._stepper.to_start()):
            raise InternalError("the run has ended, but steps of it go on")
        return Simulation(
            self._stepper.outcome,
            tuple(counts.starts),
            tuple(counts.facts),
            self._stepper.now_ms,
            counts.turns,
            counts.restarts,
        )

    def _take_notes(self) -> None:
        stepper = self._stepper
        self._counts.facts += stepper.facts
        stepper.facts = []
        cancels, stepper.cancels = stepper.cancels, []
        for frame, index in cancels:
            for attempt in self._attempts:
                if attempt.frame is frame and attempt.index == index:
                    attempt.is_cancelled = True

    def _turn(self) -> None:
        """Let one thing happen, drawn from all that can."""
        conditions, chance, stepper = self._conditions, self._chance, self._stepper
        if conditions.restarts and chance.random() < conditions.restarts:
            self._restart()
            return
        able = [
            attempt
            for attempt in self._attempts
            if attempt.is_cancelled or attempt.ends_at_ms <= stepper.now_ms
        ]
        limit = stepper.max_parallel
        room = any(stepper.to_start()) and (limit is None or stepper.busy < limit)
        if room and (not able or chance.random() < 0.5):
            self._start()
        elif able:
            attempt = chance.choice(able)
            if attempt.is_cancelled and attempt.ends_at_ms <= stepper.now_ms:
                # A cancellation can come when the attempt is just about to go on.
                attempt.is_cancelled = chance.random() < 0.7
                self._go_on(attempt)
                attempt.is_cancelled = True
            else:
                self._go_on(attempt)
        else:
            self._pass_time()

    def _start(self) -> None:
        stepper = self._stepper
        if stepper.max_parallel is None:
            start = stepper.ready[number := self._chance.randrange(len(stepper.ready))]
            del stepper.ready[number]
        else:
            taken = stepper.take()
            assert taken is not None  # noqa: S101  (there is room)
            start = taken
        frame, index = start
        step = frame.plan.steps[index]
        number = frame.attempts.get(index, 1)
        position = frame.position(index)
        self._counts.starts.append((position, number))
        try:
            arguments, named = call_arguments(
                frame, step, stepper.facts_of_run, stepper.environment
            )
        except Exception as error:  # noqa: BLE001  (an input that cannot be made fails the step)
            stepper.fail(frame, index, failure_of(error))
            return

        def begin() -> Any:  # noqa: ANN401  (whatever the step gives)
            error = self._conditions.error(position, number)
            if error is not None:
                raise error
            return self._call(step, position, number, arguments, named)

        takes = self._conditions.duration_ms(position, number)
        attempt = _Attempt(frame, index, number, stepper.now_ms + takes, begin)
        if step.direct and not takes and self._chance.random() < 0.5:
            # As a loop does with what ends within the call that started it.
            ended = _go_on(attempt)
            while ended is None:
                ended = _go_on(attempt)
            self._report(attempt, ended)
        else:
            stepper.launched(frame, index)
            self._attempts.append(attempt)

    def _call(
        self, step: Step, position: str, number: int, arguments: list[Any], named: dict[str, Any]
    ) -> Any:  # noqa: ANN401  (whatever the step gives)
        if step.call is None:
            raise LatticeFlowError(f"`{step.alias}` is a command, which the simulator does not run")
        granted: Mapping[str, object] = {}
        if step.component is not None and step.component.spec.capabilities:
            holder = Holder(node=step.alias, position=position, attempt=number)
            granted = (self._grants or Grants({})).for_node(step.component.spec, holder)
        return step.call(*arguments, **named, **granted)

    def _go_on(self, attempt: _Attempt) -> None:
        ended = _go_on(attempt)
        if ended is not None:
            self._attempts.remove(attempt)
            self._report(attempt, ended)

    def _report(self, attempt: _Attempt, ended: _Ended) -> None:
        stepper, frame, index = self._stepper, attempt.frame, attempt.index
        if ended.error is None:
            stepper.complete(frame, index, ended.value)
        elif isinstance(ended.error, asyncio.CancelledError):
            stepper.cancelled(frame, index)
        elif isinstance(ended.error, Exception):
            stepper.fail(frame, index, failure_of(ended.error))
        else:
            raise ended.error

    def _pass_time(self) -> None:
        """Move to the next time at which something happens."""
        stepper = self._stepper
        due = stepper.next_timer()
        times = [attempt.ends_at_ms for attempt in self._attempts]
        if due is not None:
            times.append(due)
        if not times:
            raise InternalError("the simulated run is stuck: nothing runs, and it has not ended")
        now = min(times)
        if due is not None and due <= now:
            stepper.tick(now)
        else:
            stepper.now_ms = now

    def _restart(self) -> None:
        """Put the run away as JSON, and go on from that alone."""
        old = self._stepper
        kept = msgspec.json.encode(snapshot(old))
        for attempt in self._attempts:
            if attempt.coroutine is not None:
                attempt.coroutine.close()
        self._attempts.clear()
        self._stepper = restore(
            old.plan, msgspec.json.decode(kept), max_parallel=self._conditions.max_parallel
        )
        self._counts.restarts += 1


def _go_on(attempt: _Attempt) -> _Ended | None:
    """Let an attempt do its next piece; return how it ended, None if there is more."""
    if attempt.is_cancelled and attempt.coroutine is None:
        return _Ended(error=asyncio.CancelledError())
    try:
        if attempt.coroutine is None:
            value = attempt.begin()
            if not iscoroutine(value):
                return _Ended(value)
            attempt.coroutine = value
        if attempt.is_cancelled:
            awaited = attempt.coroutine.throw(asyncio.CancelledError())
        else:
            awaited = attempt.coroutine.send(None)
    except StopIteration as stop:
        return _Ended(stop.value)
    except BaseException as error:  # noqa: BLE001  (how it ended is for the stepper to judge)
        return _Ended(error=error)
    if awaited is not None:
        attempt.coroutine.close()
        raise LatticeFlowError("a simulated step waits for something that only an event loop has")
    return None
