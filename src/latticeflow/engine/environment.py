"""What expressions in `when` and in templates see: `params`, `steps`, `run`, `env`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from latticeflow.engine.frame import Frame
from latticeflow.plan import SKIPPED, StepKind


def environment_of(
    frame: Frame, facts_of_run: Mapping[str, Any], environment: Mapping[str, str]
) -> dict[str, Any]:
    """Return the variables of an expression of a node in `frame`."""
    return {
        "params": frame.arguments,
        "steps": _Steps(frame),
        "run": facts_of_run,
        "env": environment,
    }


class _Steps(Mapping[str, Any]):
    """The steps of a frame by alias, each described when it is asked for."""

    __slots__ = ("_frame",)

    def __init__(self, frame: Frame) -> None:
        self._frame = frame

    def __getitem__(self, alias: str) -> dict[str, Any]:
        return describe_step(self._frame, self._frame.plan.index_of[alias])

    def __iter__(self) -> Any:
        return iter(self._frame.plan.index_of)

    def __len__(self) -> int:
        return len(self._frame.plan.index_of)


def describe_step(frame: Frame, index: int) -> dict[str, Any]:
    """Return what an expression sees of a step that has ended."""
    step = frame.plan.steps[index]
    value = frame.values[index]
    if index in frame.failures:
        error = frame.failures[index].error
        status: dict[str, Any] = {"status": "failed", "error": error.message}
        details = getattr(frame.failures[index].exception, "result", None)
        value = details if isinstance(details, dict) else value
    else:
        status = {"status": "skipped" if value is SKIPPED else "succeeded"}
    if value is SKIPPED:
        return status
    if step.kind is StepKind.SHELL and isinstance(value, Mapping):
        return {**status, "value": value, **value}
    fields = value if isinstance(value, Mapping) else {}
    return {**status, "value": value, "outputs": {**fields, "result": value}}
