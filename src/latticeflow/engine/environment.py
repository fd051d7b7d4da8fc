"""What expressions in `when` and in templates see: `params`, `steps`, `run`, `env`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from latticeflow.engine.frame import Frame
from latticeflow.expr.parts import AbsentError, part_names, part_of
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
        value = value if error.result is None else error.result
    else:
        status = {"status": "skipped" if value is SKIPPED else "succeeded"}
    if value is SKIPPED:
        return status
    if step.kind is StepKind.SHELL and isinstance(value, Mapping):
        return {**status, "value": value, **value}
    return {**status, "value": value, "outputs": _Outputs(value)}


class _Outputs(Mapping[str, Any]):
    """The fields of a value by their JSON names, and the whole of it as `result`."""

    __slots__ = ("_value",)

    def __init__(self, value: Any) -> None:
        self._value = value

    def __getitem__(self, name: str) -> Any:
        if name == "result":
            return self._value
        try:
            return part_of(self._value, name)
        except AbsentError:
            raise KeyError(name) from None

    def __iter__(self) -> Iterator[str]:
        yield from (name for name in part_names(self._value) if name != "result")
        yield "result"

    def __len__(self) -> int:
        return sum(1 for _ in self)
