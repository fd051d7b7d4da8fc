"""A stepper's whole state as a value: plain data that can be kept, sent and taken up again.

Values of steps are in it as they are (a driver that keeps snapshots encodes them). A leaf step
that was in flight is not: whoever restores starts it again, under the rules for steps in doubt.
One that was being cancelled has ended with whoever ran it, and is taken as cancelled.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from latticeflow.engine.failure import Failure
from latticeflow.engine.frame import Frame, Rounds
from latticeflow.engine.stepper import Stepper
from latticeflow.plan import SKIPPED, Plan
from latticeflow.runs import RunError

FORMAT = 2


def snapshot(stepper: Stepper) -> dict[str, Any]:
    """Return the state of `stepper`; its next `_pump` must have nothing left to do."""
    return {
        "format": FORMAT,
        "digest": stepper.plan.digest,
        "seed": stepper.seed,
        "now_ms": stepper.now_ms,
        "frame_number": stepper.frame_number,
        "cancel_reason": stepper.cancel_reason,
        "root": _frame_out(stepper, stepper.root),
        "late": [[frame.path, index] for frame, index in stepper.late_steps()],
        "timers": [
            {
                "at_ms": timer.at_ms,
                "kind": timer.kind,
                "path": timer.frame.path,
                "index": timer.index,
                "attempt": timer.attempt,
            }
            for timer in stepper.current_timers()
        ],
    }


def restore(
    plan: Plan,
    state: Mapping[str, Any],
    *,
    facts_of_run: Mapping[str, Any] | None = None,
    environment: Mapping[str, str] | None = None,
    max_parallel: int | None = None,
) -> Stepper:
    """Return a stepper in the state of a snapshot; leaf steps in flight are ready again.

    Raises:
        ValueError: the snapshot is of another plan or of another format.
    """
    if state["format"] != FORMAT or state["digest"] != plan.digest:
        msg = "the snapshot belongs to another plan or another version of the format"
        raise ValueError(msg)
    root = state["root"]
    stepper = Stepper(
        plan,
        root["arguments"],
        seed=state["seed"],
        facts_of_run=facts_of_run,
        environment=environment,
        max_parallel=max_parallel,
    )
    delayed = {
        (timer["path"], timer["index"]) for timer in state["timers"] if timer["kind"] == "retry"
    }
    frames = _Frames(stepper, delayed)
    frames.fill(stepper.root, root)
    stepper.take_over(
        now_ms=state["now_ms"],
        frame_number=state["frame_number"],
        cancel_reason=state["cancel_reason"],
        late=[(frames.by_path[path], index) for path, index in state["late"]],
    )
    for timer in state["timers"]:
        frame = frames.by_path[timer["path"]]
        attempt = timer["attempt"]
        if timer["kind"] == "deadline" or frame.in_flight.get(timer["index"]) == attempt:
            stepper.set_timer(timer["at_ms"], timer["kind"], frame, timer["index"], attempt)
    stepper.wind_up(frames.gone)
    return stepper


def _frame_out(stepper: Stepper, frame: Frame) -> dict[str, Any]:
    ready = sorted(index for owner, index in stepper.to_start() if owner is frame)
    return {
        "path": frame.path,
        "order": frame.order,
        "round": frame.round,
        "arguments": dict(frame.arguments),
        "values": [None if value is SKIPPED else value for value in frame.values],
        "skipped": [index for index, value in enumerate(frame.values) if value is SKIPPED],
        "remaining": list(frame.remaining),
        "open": frame.open,
        "closed": sorted(frame.closed),
        "in_flight": [[index, attempt] for index, attempt in sorted(frame.in_flight.items())],
        "stopping": sorted(frame.stopping),
        "attempts": [[index, attempt] for index, attempt in sorted(frame.attempts.items())],
        "failures": [
            [index, msgspec.to_builtins(failure.error)]
            for index, failure in sorted(frame.failures.items())
        ],
        "failed_at": frame.failed_at,
        "failure": None if frame.failure is None else msgspec.to_builtins(frame.failure.error),
        "cancelling": frame.cancelling,
        "ready": ready,
        "rounds": [[index, _rounds_out(rounds)] for index, rounds in sorted(frame.rounds.items())],
        "children": [
            [index, [_frame_out(stepper, child) for child in sorted(children, key=_order)]]
            for index, children in sorted(frame.children.items())
            if children
        ],
    }


class _Frames:
    """The frames of a snapshot while they are made.

    `delayed` are the steps, by path and index, that wait for their next attempt; `gone` becomes
    those that were being cancelled.
    """

    def __init__(self, stepper: Stepper, delayed: set[tuple[str, int]]) -> None:
        self._stepper = stepper
        self._delayed = delayed
        self.by_path: dict[str, Frame] = {}
        self.gone: list[tuple[Frame, int]] = []

    def fill(self, frame: Frame, state: Mapping[str, Any]) -> None:
        """Give a frame, and those of its bodies, the state they had."""
        self.by_path[frame.path] = frame
        frame.values = list(state["values"])
        for index in state["skipped"]:
            frame.values[index] = SKIPPED
        frame.remaining = list(state["remaining"])
        if state["cancelling"] or state["failure"] is not None:
            frame.stop_short_cuts()
        frame.open = state["open"]
        frame.closed = set(state["closed"])
        frame.attempts = dict(state["attempts"])
        frame.failures = {index: _failure(error) for index, error in state["failures"]}
        frame.failed_at = state["failed_at"]
        frame.failure = None if state["failure"] is None else _failure(state["failure"])
        frame.cancelling = state["cancelling"]
        frame.stopping = set(state["stopping"])
        frame.rounds = {index: _rounds_in(rounds) for index, rounds in state["rounds"]}
        bodies = dict(state["children"])
        self._take_up(frame, state, bodies)
        for index, children in bodies.items():
            step = frame.plan.steps[index]
            for inner in children:
                child = self._stepper.new_frame(
                    frame, step, inner["arguments"], inner["path"], inner["round"]
                )
                child.order = inner["order"]
                self.fill(child, inner)

    def _take_up(self, frame: Frame, state: Mapping[str, Any], bodies: Mapping[int, Any]) -> None:
        """Decide what becomes of the steps that were under way or about to be."""
        stepper = self._stepper
        for index, attempt in state["in_flight"]:
            if index in bodies or (frame.path, index) in self._delayed:
                frame.in_flight[index] = attempt
            elif index in frame.stopping:
                frame.in_flight[index] = attempt
                stepper.busy += 1
                self.gone.append((frame, index))
            else:
                stepper.ready.append((frame, index))
        stepper.ready.extend((frame, index) for index in state["ready"])


def _rounds_out(rounds: Rounds) -> dict[str, Any]:
    return {
        "arguments": dict(rounds.arguments),
        "items": list(rounds.items),
        "next": rounds.next,
        "active": rounds.active,
        "kept": [[number, value] for number, value in sorted(rounds.kept.items())],
        "broke": rounds.broke,
        "failure": None if rounds.failure is None else msgspec.to_builtins(rounds.failure.error),
        "failed_round": rounds.failed_round,
    }


def _rounds_in(state: Mapping[str, Any]) -> Rounds:
    return Rounds(
        arguments=dict(state["arguments"]),
        items=list(state["items"]),
        next=state["next"],
        active=state["active"],
        kept=dict(state["kept"]),
        broke=state["broke"],
        failure=None if state["failure"] is None else _failure(state["failure"]),
        failed_round=state["failed_round"],
    )


def _failure(error: Mapping[str, Any]) -> Failure:
    return Failure(msgspec.convert(error, RunError))


def _order(frame: Frame) -> int:
    return frame.order
