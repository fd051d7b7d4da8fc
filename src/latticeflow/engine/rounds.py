"""The rounds of a body: `for_each` over a list and `loop` under a condition."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from latticeflow.engine.failure import Failure, failure_of, failure_with_code
from latticeflow.engine.frame import Frame, Rounds, output_of
from latticeflow.plan import EachBody, LoopBody, Step, StepKind


class Bodies(Protocol):
    """What the rules of rounds ask of the stepper."""

    def open_frame(
        self, parent: Frame, step: Step, arguments: Mapping[str, Any], round_number: int | None
    ) -> None:
        """Start a frame for the body of `step`."""

    def finish_body(self, frame: Frame, index: int, value: Any) -> None:
        """Complete the step of `frame` whose body is done."""

    def fail_body(self, frame: Frame, index: int, failure: Failure) -> None:
        """Fail the step of `frame` whose body failed."""

    def cancel_frame(self, frame: Frame) -> None:
        """Cancel one round of a body."""

    def later(self, action: Callable[[], None]) -> None:
        """Do `action` after what was decided before."""


class RoundRules:
    """Opens rounds, collects what they give, and says when the body's step is done."""

    __slots__ = ("_stepper",)

    def __init__(self, stepper: Bodies) -> None:
        self._stepper = stepper

    def begin(self, frame: Frame, step: Step, arguments: dict[str, Any]) -> None:
        """Start the rounds of `step`."""
        rounds = Rounds(arguments)
        frame.rounds[step.index] = rounds
        if step.kind is StepKind.EACH:
            items = arguments.pop("items", None)
            if not isinstance(items, (list, tuple)):
                message = f"`{step.alias}` goes over a list, but got {type(items).__name__}"
                self._fail(frame, step, failure_of(TypeError(message)))
                return
            rounds.items = list(items)
        self._advance(frame, step, rounds)

    def closed(self, frame: Frame, child: Frame) -> None:
        """Take the result of a round that has ended."""
        step = frame.plan.steps[child.parent_step]
        rounds = frame.rounds[step.index]
        rounds.active -= 1
        failure = child.failure
        if failure is None:
            try:
                self._collect(step, rounds, child)
            except Exception as exc:  # noqa: BLE001  (a part that is not there fails the round)
                failure = failure_of(exc)
        if failure is not None:
            self._round_failed(frame, step, rounds, child, failure)
        if rounds.failure is None:
            self._advance(frame, step, rounds)
        elif not rounds.active:
            self._fail(frame, step, rounds.failure)

    def _collect(self, step: Step, rounds: Rounds, child: Frame) -> None:
        value = output_of(child)
        body: EachBody | LoopBody | None = step.each or step.loop
        assert body is not None  # noqa: S101  (only such steps have rounds)
        for name in body.state:
            rounds.arguments[name] = value[name]
        if body.stop is not None and body.stop(value):
            rounds.broke = True
        if step.each is not None and (step.each.keep is None or step.each.keep(value)):
            kept = value if step.each.value is None else step.each.value(value)
            if not step.each.state or step.each.value is not None:
                rounds.kept[child.round] = kept

    def _round_failed(
        self, frame: Frame, step: Step, rounds: Rounds, child: Frame, failure: Failure
    ) -> None:
        policy = "fail" if step.each is None else step.each.on_error
        if policy == "skip":
            return
        if policy == "collect":
            error = failure.error
            rounds.kept[child.round] = {"error": {"type": error.type, "message": error.message}}
            return
        if rounds.failure is not None and rounds.failed_round < child.round:
            return
        rounds.failure = failure
        rounds.failed_round = child.round
        for other in list(frame.children.get(step.index, ())):
            if other.round > child.round:
                self._stepper.cancel_frame(other)

    def _advance(self, frame: Frame, step: Step, rounds: Rounds) -> None:
        try:
            more = self._open_more(frame, step, rounds)
        except Exception as exc:  # noqa: BLE001  (a condition that cannot be judged fails the step)
            rounds.failure = failure_of(exc)
            more = rounds.active > 0
        if more:
            return
        if rounds.failure is not None:
            self._fail(frame, step, rounds.failure)
        else:
            value = _result(step, rounds)
            self._stepper.later(lambda: self._stepper.finish_body(frame, step.index, value))

    def _open_more(self, frame: Frame, step: Step, rounds: Rounds) -> bool:
        """Open as many rounds as may run; return whether any is running."""
        if step.each is not None:
            # Rounds that one before them may change or end are not begun ahead of it.
            in_turn = bool(step.each.state) or step.each.stop is not None
            width = 1 if in_turn else step.each.concurrency
            while rounds.active < width and rounds.next < len(rounds.items) and not rounds.broke:
                item = rounds.items[rounds.next]
                arguments = {**rounds.arguments, step.each.item: item}
                self._open(frame, step, rounds, arguments, step.each.index)
            return rounds.active > 0
        loop = step.loop
        assert loop is not None  # noqa: S101  (a step with rounds has one of the two)
        if rounds.broke or not _holds(loop, rounds.arguments):
            return False
        if rounds.next >= loop.max_iterations:
            if not loop.fail_when_exhausted:
                return False
            rounds.failure = failure_with_code(
                "RUN108",
                f"`{step.alias}` did not end within {loop.max_iterations} rounds",
                kind="builtins:RuntimeError",
                bases=("builtins:Exception", "builtins:BaseException"),
            )
            return False
        self._open(frame, step, rounds, dict(rounds.arguments), loop.index)
        return True

    def _open(
        self,
        frame: Frame,
        step: Step,
        rounds: Rounds,
        arguments: dict[str, Any],
        index: str | None,
    ) -> None:
        if index is not None:
            arguments[index] = rounds.next
        rounds.active += 1
        number = rounds.next
        rounds.next += 1
        self._stepper.open_frame(frame, step, arguments, number)

    def _fail(self, frame: Frame, step: Step, failure: Failure) -> None:
        self._stepper.later(lambda: self._stepper.fail_body(frame, step.index, failure))


def _holds(loop: LoopBody, arguments: Mapping[str, Any]) -> bool:
    return loop.condition is None or bool(loop.condition(arguments))


def _result(step: Step, rounds: Rounds) -> Any:
    body: EachBody | LoopBody | None = step.each or step.loop
    assert body is not None  # noqa: S101  (only such steps have rounds)
    items = [rounds.kept[number] for number in sorted(rounds.kept)]
    if step.each is not None and not body.state and body.stop is None:
        return items
    result: dict[str, Any] = {name: rounds.arguments[name] for name in body.state}
    if step.each is not None:
        result["items"] = items
    result["broke"] = rounds.broke
    return result
