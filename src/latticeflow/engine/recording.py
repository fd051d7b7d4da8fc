"""Ends of attempts on their way into the history and out of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from latticeflow.diagnostics import LatticeFlowError, report
from latticeflow.engine.failure import Failure, failure_of
from latticeflow.engine.journal import Past
from latticeflow.plan import Step
from latticeflow.runs import decode_value, encode_value


class UnrecordableResultError(LatticeFlowError):
    """A step, or the flow, returned what the history cannot keep: STEP006.

    Trying again would do the step's effect again and end the same.
    """

    non_retryable = True


def encode_result(name: str, value: Any) -> bytes:
    """Return the bytes that the history keeps of what the step `name` returned.

    Raises:
        UnrecordableResultError: it has no JSON form.
    """
    try:
        return encode_value(value)
    except Exception as exc:
        found = report("STEP006", step=name, why=str(exc))
        raise UnrecordableResultError(found.message, diagnostics=(found,)) from exc


def decode_result(step: Step, value: bytes) -> Any:
    """Return the value that `encode_result` kept, of the type the step is declared to return."""
    return _typed(step, decode_value(value))


def end_of(exception: BaseException) -> Failure:
    """Describe what a node raised; what is no `Exception` is not tried again."""
    failure = failure_of(exception)
    return failure if isinstance(exception, Exception) else replace(failure, retryable=False)


def recall(step: Step, past: Past, now_ms: Callable[[], int]) -> tuple[Any, Failure | None] | None:
    """Return the value or the failure of an attempt, None if its end is not known.

    An attempt that failed for good is not tried again; one that was to be tried again is when it
    was to be then, at once if that time has passed.
    """
    if past.value is not None:
        try:
            value = decode_value(past.value)
            # A person who says that it is done need not know what it returned.
            if past.assumed is None or value is not None:
                value = _typed(step, value)
        except Exception as exc:  # noqa: BLE001  (a value of another shape fails the step)
            # It is done, so it must not be tried again.
            return None, replace(failure_of(exc), retryable=False)
        return value, None
    if past.error is None:
        return None
    if past.due_ms is None:
        return None, Failure(past.error, retryable=False)
    return None, Failure(past.error, retry_after_ms=max(0, past.due_ms - now_ms()))


def _typed(step: Step, value: Any) -> Any:
    component = step.component
    if component is None or component.decode_output is None:
        return value
    return component.decode_output(value)
