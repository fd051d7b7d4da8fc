"""The stepper: every rule of scheduling, routing, retry, skipping, timers and cancellation.

It is the pure part of the engine: completions, failures and the time go in; what to start and
what to cancel comes out. It never awaits, reads a clock or runs a node. Its whole state is a
value (`engine.snapshot`), so that the local loop, resumption, a simulator and a replaying host
drive the same rules.

A driver repeats: take starts from `ready`, run them, report each with `complete`, `fail` or
`cancelled`; carry out `cancels`; call `tick` when `next_timer` is due; stop at `outcome`.
Whatever does not end within the call that started it is announced with `launched`.
"""

from __future__ import annotations

import heapq
import math
import random
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Literal

import msgspec

from latticeflow.engine.environment import environment_of
from latticeflow.engine.failure import Failure, cancelled_failure, failure_of, timeout_failure
from latticeflow.engine.frame import Frame, output_of
from latticeflow.engine.inputs import named_arguments
from latticeflow.engine.rounds import RoundRules
from latticeflow.plan import SKIPPED, Plan, Step, StepKind

FactKind = Literal["skipped", "retrying", "failed", "completed", "cancelled"]
TimerKind = Literal["retry", "timeout", "deadline"]

_LATER = 1 << 40


class Fact(msgspec.Struct, frozen=True):
    """Something the stepper decided, for the history and for whoever watches."""

    kind: FactKind
    frame: Frame
    index: int
    attempt: int = 1
    failure: Failure | None = None
    delay_ms: int = 0
    value: Any = None


class Outcome(msgspec.Struct, frozen=True):
    """How the run ended."""

    status: Literal["succeeded", "failed", "cancelled"]
    value: Any = None
    failure: Failure | None = None
    reason: str | None = None


class _Timer(msgspec.Struct, frozen=True, order=True):
    at_ms: int
    number: int
    """Differs from timer to timer, so the order never depends on what follows."""
    kind: TimerKind
    frame: Frame
    index: int
    attempt: int


class Stepper:
    """Drives one run of a plan.

    Times are milliseconds on the driver's clock. `facts_of_run` is what expressions see as `run`
    and `environment` as `env`. A driver that knows an earlier process's history sets `recall`,
    which gives the failure that the attempt of a body has there, before the body is opened.
    """

    def __init__(
        self,
        plan: Plan,
        arguments: Mapping[str, Any],
        *,
        seed: int = 0,
        facts_of_run: Mapping[str, Any] | None = None,
        environment: Mapping[str, str] | None = None,
        max_parallel: int | None = None,
    ) -> None:
        self.plan = plan
        self.seed = seed
        self.now_ms = 0
        self.facts_of_run = facts_of_run or {}
        self.environment = environment or {}
        self.max_parallel = max_parallel if max_parallel is not None else plan.max_parallel
        self.ready: deque[tuple[Frame, int]] = deque()
        self.cancels: list[tuple[Frame, int]] = []
        self.facts: list[Fact] = []
        self.outcome: Outcome | None = None
        self.busy = 0
        self.recall: Callable[[Frame, int], Failure | None] | None = None
        self._queue: list[tuple[int, int, Frame]] = []
        self._recording: set[tuple[Frame, int]] = set()
        self._delayed: set[tuple[Frame, int]] = set()
        self._timers: list[_Timer] = []
        self._timer_number = 0
        self.frame_number = 0
        self._late: dict[tuple[Frame, int], Failure] = {}
        self.cancel_reason: str | None = None
        self._todo: deque[Callable[[], None]] = deque()
        self._rounds = RoundRules(self)
        self.root = Frame(plan, "", arguments)

    # -- what a driver calls -------------------------------------------------------------------

    def begin(self, now_ms: int = 0, *, deadline_ms: int | None = None) -> None:
        """Start the run; `deadline_ms` is the time at which it is cancelled."""
        self.now_ms = now_ms
        if deadline_ms is not None:
            self.set_timer(deadline_ms, "deadline", self.root, -1, 1)
        self._enter(self.root)
        self._pump()

    def take(self) -> tuple[Frame, int] | None:
        """Return the next step to start, first in program order, or None if there is no room.

        Without `max_parallel` a driver may take from `ready` itself, in any order.
        """
        ready = self.ready
        if self.max_parallel is None:
            return ready.popleft() if ready else None
        queue = self._queue
        while ready:
            frame, index = ready.popleft()
            heapq.heappush(queue, (frame.order, index, frame))
        if not queue or self.busy >= self.max_parallel:
            return None
        _, index, frame = heapq.heappop(queue)
        return frame, index

    def to_start(self) -> Iterator[tuple[Frame, int]]:
        """Yield the steps that `take` has not given yet."""
        yield from self.ready
        for _, index, frame in self._queue:
            yield frame, index

    def launched(self, frame: Frame, index: int, *, is_timed: bool = True) -> None:
        """Note that a step has been started and will be reported later.

        Its time runs from here, unless what runs it keeps the time: it may have to wait for a
        place first.
        """
        attempt = frame.attempts.get(index, 1)
        frame.in_flight[index] = attempt
        self.busy += 1
        timeout = frame.plan.steps[index].timeout_ms
        if is_timed and timeout is not None:
            self.set_timer(self.now_ms + timeout, "timeout", frame, index, attempt)

    def is_over(self, frame: Frame, index: int) -> bool:
        """Tell whether the time of a step is over; if not, what it gave may be recorded.

        From then on its time no longer runs: what has been recorded is never too late.
        """
        if (frame, index) in self._late:
            return True
        if frame.plan.steps[index].timeout_ms is not None:
            self._recording.add((frame, index))
        return False

    def complete(self, frame: Frame, index: int, value: Any) -> None:
        """Report that a step gave `value`."""
        if frame.in_flight and frame.in_flight.pop(index, None) is not None:
            self.busy -= 1
            if self._recording:
                self._recording.discard((frame, index))
            if frame.stopping and self._is_late(frame, index):
                return
        onward = frame.onward[index]
        if onward is None:
            self._completed(frame, index, value)
            self._pump()
            return
        frame.values[index] = value
        alone, joining = onward
        for follower in alone:
            self.ready.append((frame, follower))
        if joining:
            remaining = frame.remaining
            for follower in joining:
                left = remaining[follower] - 1
                remaining[follower] = left
                if not left:
                    self.ready.append((frame, follower))
        frame.open -= 1
        if not frame.open:
            self._settle(frame)
            self._pump()

    def fail(self, frame: Frame, index: int, failure: Failure) -> None:
        """Report that an attempt of a step failed."""
        self._recording.discard((frame, index))
        if frame.in_flight.pop(index, None) is not None:
            self.busy -= 1
            if self._is_late(frame, index):
                return
        self._failed(frame, index, failure)
        self._pump()

    def cancelled(self, frame: Frame, index: int) -> None:
        """Report that a step ended by its cancellation.

        One that nobody has told to cancel failed: what it waited for was cancelled.
        """
        if frame.in_flight.pop(index, None) is not None:
            self.busy -= 1
        was_told = index in frame.stopping
        if self._is_late(frame, index):
            return
        if was_told:
            self._stopped(frame, index)
        else:
            alias = frame.plan.steps[index].alias
            self._failed(frame, index, cancelled_failure(alias))
        self._pump()

    def cancel(self, reason: str) -> None:
        """Cancel the whole run; a second call changes nothing."""
        if self.cancel_reason is None and self.outcome is None:
            self.cancel_reason = reason
            self._cancel_frame(self.root)
            self._pump()

    def next_timer(self) -> int | None:
        """Return the time at which `tick` is due, None if nothing waits for time."""
        timers = self._timers
        while timers and not self._is_current(timers[0]):
            heapq.heappop(timers)
        return timers[0].at_ms if timers else None

    def tick(self, now_ms: int) -> None:
        """Let every timer fire that is due at `now_ms`."""
        self.now_ms = max(self.now_ms, now_ms)
        while (due := self.next_timer()) is not None and due <= self.now_ms:
            timer = heapq.heappop(self._timers)
            if timer.kind == "deadline":
                self.cancel("deadline")
            elif timer.kind == "retry":
                self._delayed.discard((timer.frame, timer.index))
                timer.frame.in_flight.pop(timer.index)
                self._start(timer.frame, timer.index)
            else:
                self._time_out(timer)
        self._pump()

    def current_timers(self) -> list[_Timer]:
        """Return the timers that would still fire, soonest first."""
        return sorted(timer for timer in self._timers if self._is_current(timer))

    def late_steps(self) -> list[tuple[Frame, int]]:
        """Return the steps whose time is over and which have not ended yet, first started first."""
        return list(self._late)

    def take_over(
        self,
        *,
        now_ms: int,
        frame_number: int,
        cancel_reason: str | None,
        late: Iterable[tuple[Frame, int]],
    ) -> None:
        """Continue what a snapshot says of the run as a whole."""
        self.now_ms = now_ms
        self.frame_number = frame_number
        self.cancel_reason = cancel_reason
        for frame, index in late:
            self._be_late(frame, index)

    def wind_up(self, gone: Iterable[tuple[Frame, int]]) -> None:
        """Take `gone` as cancelled, and the run as ended if nothing was left to do in it."""
        for frame, index in gone:
            self.cancelled(frame, index)
        self._settle(self.root)
        self._pump()

    # -- activation ----------------------------------------------------------------------------

    def _enter(self, frame: Frame) -> None:
        """Make the steps of a new frame that wait for nothing ready."""
        if not frame.open or frame.cancelling:
            self._settle(frame)
            return
        plain = frame.plan.plain
        for index in frame.plan.first:
            if plain[index]:
                self.ready.append((frame, index))
            else:
                self._resolve(frame, index)

    def _resolve(self, frame: Frame, index: int) -> None:
        """Decide what becomes of a step whose inputs have all arrived or been skipped."""
        frame.undecided += 1
        self._todo.append(lambda: self._activate(frame, index))

    def _activate(self, frame: Frame, index: int) -> None:
        frame.undecided -= 1
        if frame.cancelling or index > frame.failed_at:
            self._settle(frame)
            return
        step = frame.plan.steps[index]
        if step.kind is StepKind.MERGE:
            self._merge(frame, step)
        elif self._must_skip(frame, step):
            self._skip(frame, index)
        elif step.when is None:
            self._start(frame, index)
        else:
            self._start_if(frame, step)

    def _start_if(self, frame: Frame, step: Step) -> None:
        assert step.when is not None  # noqa: S101  (the caller has looked)
        try:
            wanted = step.when(environment_of(frame, self.facts_of_run, self.environment))
        except Exception as exc:  # noqa: BLE001  (an expression's failure is the step's)
            self._failed(frame, step.index, failure_of(exc))
            return
        if wanted:
            self._start(frame, step.index)
        else:
            self._skip(frame, step.index)

    def _start(self, frame: Frame, index: int) -> None:
        step = frame.plan.steps[index]
        if step.kind in _RUN_BY_DRIVER:
            self.ready.append((frame, index))
        elif step.kind is StepKind.INPUT:
            self._completed(frame, index, frame.arguments)
        else:
            self._open_body(frame, step)

    def _merge(self, frame: Frame, step: Step) -> None:
        for feed in step.feeds:
            if not self._is_shut(frame, step, feed.source):
                value = frame.values[feed.source]
                if value is not SKIPPED:
                    try:
                        self._completed(
                            frame, step.index, value if feed.select is None else feed.select(value)
                        )
                    except Exception as exc:  # noqa: BLE001  (a missing part fails the merge)
                        self._failed(frame, step.index, failure_of(exc))
                    return
        self._skip(frame, step.index)

    def _is_shut(self, frame: Frame, step: Step, source: int) -> bool:
        """Tell whether the edge from `source` is a gate that was not opened."""
        return source in step.gates and not _is_open(frame, step.index, source)

    def _must_skip(self, frame: Frame, step: Step) -> bool:
        values = frame.values
        if any(
            values[gate] is SKIPPED or not _is_open(frame, step.index, gate) for gate in step.gates
        ):
            return True
        for feed in step.feeds:
            if feed.source >= 0 and feed.required and values[feed.source] is SKIPPED:
                return True
        skipped = arrived = 0
        for source in frame.plan.sources(step.index):
            if values[source] is not SKIPPED or source in step.when_reads:
                arrived += 1
            elif source in frame.failures:
                return True
            else:
                skipped += 1
        return skipped > 0 and arrived == 0

    def _skip(self, frame: Frame, index: int) -> None:
        frame.values[index] = SKIPPED
        self.facts.append(Fact("skipped", frame, index))
        self._release(frame, index)

    def _completed(self, frame: Frame, index: int, value: Any) -> None:
        """Complete a step, whoever ran it."""
        frame.values[index] = value
        if frame.cancelling:
            self._settle(frame)
        elif frame.plan.special[index]:
            self._complete_special(frame, index, value)
        else:
            self._release(frame, index)

    def _complete_special(self, frame: Frame, index: int, value: Any) -> None:
        step = frame.plan.steps[index]
        if step.catch is not None:
            value = {"case": "ok", "value": value}
            frame.values[index] = value
        self._route(frame, step, value)

    def _route(self, frame: Frame, step: Step, value: Any) -> None:
        for route in step.routes:
            try:
                label = _label(value if route.select is None else route.select(value))
            except Exception as exc:  # noqa: BLE001  (nothing to route by fails the step)
                self._failed(frame, step.index, failure_of(exc))
                return
            opened = route.cases.get(label, route.default)
            for target in route.targets - opened:
                frame.closed.add(_gate(target, step.index))
        self._release(frame, step.index)

    def _release(self, frame: Frame, index: int) -> None:
        """Count a step as resolved for every step that follows it."""
        remaining = frame.remaining
        plan = frame.plan
        for follower in plan.followers[index]:
            remaining[follower] -= 1
            if not remaining[follower]:
                if plan.plain[follower]:
                    self.ready.append((frame, follower))
                else:
                    self._resolve(frame, follower)
        frame.open -= 1
        self._settle(frame)

    # -- bodies --------------------------------------------------------------------------------

    def _open_body(self, frame: Frame, step: Step) -> None:
        index = step.index
        if self.recall is not None and (failure := self.recall(frame, index)) is not None:
            self._failed(frame, index, failure)
            return
        try:
            arguments = named_arguments(frame, step, self.facts_of_run, self.environment)
        except Exception as exc:  # noqa: BLE001  (an input that cannot be made fails the step)
            self._failed(frame, index, failure_of(exc))
            return
        attempt = frame.attempts.get(index, 1)
        frame.in_flight[index] = attempt
        if step.timeout_ms is not None:
            self.set_timer(self.now_ms + step.timeout_ms, "timeout", frame, index, attempt)
        if step.kind is StepKind.BODY:
            self.open_frame(frame, step, arguments, None)
        else:
            self._rounds.begin(frame, step, arguments)

    def open_frame(
        self, parent: Frame, step: Step, arguments: Mapping[str, Any], round_number: int | None
    ) -> None:
        """Start a frame for the body of `step`."""
        attempt = parent.attempts.get(step.index, 1)
        segment = step.alias if attempt == 1 else f"{step.alias}~{attempt}"
        suffix = "" if round_number is None else f"[{round_number}]"
        path = f"{parent.path}{segment}{suffix}/"
        frame = self.new_frame(parent, step, arguments, path, round_number or 0)
        self._todo.append(lambda: self._enter(frame))

    def new_frame(
        self,
        parent: Frame,
        step: Step,
        arguments: Mapping[str, Any],
        path: str,
        round_number: int,
    ) -> Frame:
        """Add a frame for the body of `step`, with nothing started in it."""
        assert step.body is not None  # noqa: S101  (only steps with a body come here)
        self.frame_number += 1
        frame = Frame(
            step.body,
            path,
            _with_defaults(step.body, arguments),
            order=self.frame_number,
            parent=parent,
            parent_step=step.index,
            round_number=round_number,
        )
        parent.children.setdefault(step.index, {})[frame] = None
        return frame

    def finish_body(self, frame: Frame, index: int, value: Any) -> None:
        """Complete the step of `frame` whose body is done."""
        attempt = frame.in_flight.pop(index, 1)
        if self._is_late(frame, index):
            return
        if frame.plan.steps[index].kind is not StepKind.BODY:
            frame.rounds.pop(index, None)
        self.facts.append(Fact("completed", frame, index, attempt, value=value))
        self._completed(frame, index, value)

    def fail_body(self, frame: Frame, index: int, failure: Failure) -> None:
        """Fail the step of `frame` whose body failed."""
        frame.in_flight.pop(index, None)
        frame.rounds.pop(index, None)
        if not self._is_late(frame, index):
            self._failed(frame, index, failure)

    def _settle(self, frame: Frame) -> None:
        """Close the frame if nothing more will happen in it."""
        if frame.ended or frame.undecided or frame.in_flight:
            return
        if frame.cancelling:
            self._close(frame)
        elif frame.failure is not None:
            if not any(start[0] is frame for start in self.to_start()):
                self._close(frame)
        elif not frame.open:
            self._close(frame)

    def _close(self, frame: Frame) -> None:
        frame.ended = True
        parent = frame.parent
        if parent is None:
            self._finish(frame)
            return
        parent.children[frame.parent_step].pop(frame, None)
        if parent.cancelling or frame.cancelling:
            self._child_cancelled(parent, frame)
        elif parent.plan.steps[frame.parent_step].kind is not StepKind.BODY:
            self._rounds.closed(parent, frame)
        elif frame.failure is not None:
            failure = frame.failure
            self._todo.append(lambda: self.fail_body(parent, frame.parent_step, failure))
        else:
            try:
                value = output_of(frame)
            except Exception as exc:  # noqa: BLE001  (an output that is not there fails the body)
                failure = failure_of(exc)
                self._todo.append(lambda: self.fail_body(parent, frame.parent_step, failure))
            else:
                self._todo.append(lambda: self.finish_body(parent, frame.parent_step, value))

    def _child_cancelled(self, parent: Frame, frame: Frame) -> None:
        index = frame.parent_step
        rounds = parent.rounds.get(index)
        if rounds is not None:
            rounds.active -= 1
        if parent.children[index]:
            return
        late = self._late.pop((parent, index), None)
        failure = late or (None if rounds is None else rounds.failure)
        parent.rounds.pop(index, None)
        parent.in_flight.pop(index, None)
        if failure is not None and not parent.cancelling and index < parent.failed_at:
            self._failed(parent, index, failure)
        else:
            self._settle(parent)

    def _finish(self, frame: Frame) -> None:
        if self.cancel_reason is not None:
            self.outcome = Outcome("cancelled", reason=self.cancel_reason)
        elif frame.failure is not None:
            self.outcome = Outcome("failed", failure=frame.failure)
        else:
            try:
                self.outcome = Outcome("succeeded", output_of(frame))
            except Exception as exc:  # noqa: BLE001  (an output that is not there fails the run)
                self.outcome = Outcome("failed", failure=failure_of(exc))
        self._timers.clear()

    # -- failure, retry, cancellation ----------------------------------------------------------

    def _failed(self, frame: Frame, index: int, failure: Failure) -> None:
        step = frame.plan.steps[index]
        attempt = frame.attempts.get(index, 1)
        failure = failure.at(frame.position(index), attempt)
        if frame.cancelling or index > frame.failed_at:
            self._stopped(frame, index)
            return
        delay = self._retry_delay(frame, step, attempt, failure)
        if delay is not None:
            frame.attempts[index] = attempt + 1
            frame.in_flight[index] = attempt + 1
            self.set_timer(self.now_ms + delay, "retry", frame, index, attempt + 1)
            self.facts.append(Fact("retrying", frame, index, attempt, failure, delay))
            return
        self.facts.append(Fact("failed", frame, index, attempt, failure))
        for names, label in step.catch or ():
            if failure.matches(names):
                error = {"type": failure.error.type, "message": failure.error.message}
                value = {"case": label, "error": error}
                frame.values[index] = value
                self._route(frame, step, value)
                return
        if step.continues:
            frame.failures[index] = failure
            frame.values[index] = step.fallback
            self._release(frame, index)
        else:
            self._fail_frame(frame, index, failure)

    def _retry_delay(self, frame: Frame, step: Step, attempt: int, failure: Failure) -> int | None:
        """Return after how many milliseconds to try again, None for not at all."""
        retry = step.retry
        if retry is None or attempt >= retry.max_attempts or not failure.retryable:
            return None
        if retry.retry_on and not failure.matches(retry.retry_on):
            return None
        if retry.non_retryable and failure.matches(retry.non_retryable):
            return None
        if failure.retry_after_ms is not None:
            return failure.retry_after_ms
        try:
            delay = retry.initial_interval_ms * float(retry.backoff) ** (attempt - 1)
        except OverflowError:
            delay = math.inf
        delay = min(delay, float(retry.max_interval_ms))
        chance = random.Random(f"{self.seed}:{frame.position(step.index)}:{attempt}")  # noqa: S311
        return int(delay * (1 + retry.jitter * (2 * chance.random() - 1)))

    def _fail_frame(self, frame: Frame, index: int, failure: Failure) -> None:
        """Let what is earlier in the program end, cancel what is later; the first failure wins."""
        frame.failed_at = index
        frame.failure = failure
        frame.stop_short_cuts()
        remaining = frame.remaining
        for later in range(index + 1, len(remaining)):
            remaining[later] += _LATER
        self._drop_ready(lambda start: start[0] is frame and start[1] > index)
        for later in [number for number in frame.in_flight if number > index]:
            self._cancel_step(frame, later)
        self._todo.append(lambda: self._settle(frame))

    def _cancel_step(self, frame: Frame, index: int) -> None:
        children = frame.children.get(index)
        if children:
            for child in list(children):
                self._cancel_frame(child)
        elif (frame, index) in self._delayed:
            self._delayed.remove((frame, index))
            frame.in_flight.pop(index)
        elif index not in frame.stopping:
            # Told once: a second time would break off what the step does to end.
            frame.stopping.add(index)
            self.cancels.append((frame, index))

    def _stopped(self, frame: Frame, index: int) -> None:
        """Take note of a step that ended because it was not wanted any more."""
        self.facts.append(Fact("cancelled", frame, index, frame.attempts.get(index, 1)))
        self._settle(frame)

    def _cancel_frame(self, frame: Frame) -> None:
        if frame.cancelling or frame.ended:
            return
        frame.cancelling = True
        frame.stop_short_cuts()
        self._drop_ready(lambda start: start[0] is frame)
        for index in list(frame.in_flight):
            self._cancel_step(frame, index)
        self._todo.append(lambda: self._settle(frame))

    def cancel_frame(self, frame: Frame) -> None:
        """Cancel one round of a body."""
        self._cancel_frame(frame)

    def later(self, action: Callable[[], None]) -> None:
        """Do `action` after what was decided before."""
        self._todo.append(action)

    def _drop_ready(self, which: Callable[[tuple[Frame, int]], bool]) -> None:
        count = len(self.ready) + len(self._queue)
        if not count:
            return
        kept = [start for start in self.to_start() if not which(start)]
        if len(kept) != count:
            self._queue.clear()
            self.ready.clear()
            self.ready.extend(kept)

    # -- time ----------------------------------------------------------------------------------

    def set_timer(self, at: int, kind: TimerKind, frame: Frame, index: int, attempt: int) -> None:
        """Let `tick` act on a step at `at` milliseconds."""
        self._timer_number += 1
        if kind == "retry":
            self._delayed.add((frame, index))
        heapq.heappush(self._timers, _Timer(at, self._timer_number, kind, frame, index, attempt))

    def _is_current(self, timer: _Timer) -> bool:
        if timer.kind == "deadline":
            return self.cancel_reason is None
        return (
            not timer.frame.ended
            and timer.frame.in_flight.get(timer.index) == timer.attempt
            and (timer.frame, timer.index) not in self._late
            and (timer.kind == "retry" or (timer.frame, timer.index) not in self._recording)
        )

    def _time_out(self, timer: _Timer) -> None:
        self._be_late(timer.frame, timer.index)
        self._cancel_step(timer.frame, timer.index)

    def _be_late(self, frame: Frame, index: int) -> None:
        step = frame.plan.steps[index]
        self._late[(frame, index)] = timeout_failure(step.alias, step.timeout_ms or 0)

    def _is_late(self, frame: Frame, index: int) -> bool:
        """Turn the end of a step whose time was over into its failure."""
        frame.stopping.discard(index)
        failure = self._late.pop((frame, index), None)
        if failure is None:
            return False
        self._failed(frame, index, failure)
        self._pump()
        return True

    def _pump(self) -> None:
        """Carry out what was decided, one thing after another, without recursion."""
        todo = self._todo
        while todo:
            todo.popleft()()


_RUN_BY_DRIVER = frozenset({StepKind.CALL, StepKind.SHELL})


def _gate(target: int, source: int) -> int:
    return target << 32 | source


def _is_open(frame: Frame, target: int, source: int) -> bool:
    return _gate(target, source) not in frame.closed


def _label(value: Any) -> str:
    if value is True:
        return "true"
    if value is False:
        return "false"
    return value if isinstance(value, str) else str(value)


def _with_defaults(plan: Plan, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    missing = {
        name: port.default
        for name, port in plan.flow.inputs.items()
        if name not in arguments and not port.required
    }
    return {**missing, **arguments} if missing else arguments
