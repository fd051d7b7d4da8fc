"""A step's failure: as data for the history, and as the exception for the caller in process."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Iterable
from typing import Any

import msgspec

from latticeflow.diagnostics import LatticeFlowError
from latticeflow.engine.workers.errors import RemoteError, RemoteTraceback
from latticeflow.runs import RunError, UnencodableValueError, to_json


class Failure(msgspec.Struct, frozen=True):
    """Why a step ended without a value.

    `exception` is the original where the step ran in this process. `retry_after_ms` is the delay
    the error asked for, `retryable` is False when the error itself forbids another try.
    """

    error: RunError
    exception: BaseException | None = None
    retry_after_ms: int | None = None
    retryable: bool = True

    def at(self, position: str, attempt: int) -> Failure:
        """Return the failure with the place it came from, unless it has one."""
        if self.error.position is not None:
            return self
        error = msgspec.structs.replace(self.error, position=position, attempt=attempt)
        return Failure(error, self.exception, self.retry_after_ms, self.retryable)

    def matches(self, names: Iterable[str]) -> bool:
        """Tell whether the error's type or a base of it is among `names`."""
        wanted = names if isinstance(names, (set, frozenset)) else set(names)
        return self.error.type in wanted or not wanted.isdisjoint(self.error.bases)


class LateError(TimeoutError):
    """The time of a step was over, which the place that ran it found.

    Args:
        alias: The step.
        timeout_ms: Its time.
    """

    def __init__(self, alias: str, timeout_ms: int) -> None:
        super().__init__(f"`{alias}` took longer than {timeout_ms / 1000:g} s")
        self.alias = alias
        self.timeout_ms = timeout_ms


def type_name(kind: type[BaseException]) -> str:
    """Return `module:qualname`, the form in which errors are named in flows and histories."""
    return f"{kind.__module__}:{kind.__qualname__}"


def failure_of(exception: BaseException) -> Failure:
    """Describe `exception` as a failure."""
    if isinstance(exception, RemoteError):
        return Failure(exception.error, exception)
    if isinstance(exception, LateError):
        return timeout_failure(exception.alias, exception.timeout_ms)
    kind = type(exception)
    code = None
    if isinstance(exception, LatticeFlowError) and exception.diagnostics:
        code = exception.diagnostics[0].code
    frames = traceback.extract_tb(exception.__traceback__)
    details = "".join(traceback.format_list(frames[-8:])) if frames else None
    if isinstance(exception.__cause__, RemoteTraceback):
        details = exception.__cause__.text
    delay = getattr(exception, "retry_after", None)
    error = RunError(
        type=type_name(kind),
        message=str(exception),
        code=code,
        bases=tuple(type_name(base) for base in kind.__mro__[1:-1]),
        details=details,
        result=None if code is None else _result_of(exception),
    )
    return Failure(
        error,
        exception,
        retry_after_ms=None if delay is None else _milliseconds(delay),
        retryable=not getattr(exception, "non_retryable", False),
    )


def _result_of(exception: BaseException) -> dict[str, Any] | None:
    result = getattr(exception, "result", None)
    if not isinstance(result, dict):
        return None
    try:
        kept = to_json(result)
    except UnencodableValueError:
        return None
    return kept if isinstance(kept, dict) else None


def failure_with_code(code: str, message: str, *, kind: str, bases: tuple[str, ...]) -> Failure:
    """Describe a failure that the engine itself found."""
    return Failure(RunError(type=kind, message=message, code=code, bases=bases))


def timeout_failure(alias: str, timeout_ms: int) -> Failure:
    """Describe a step that was still running when its time was over."""
    message = f"`{alias}` took longer than {timeout_ms / 1000:g} s"
    exception = TimeoutError(message)
    return Failure(
        RunError(
            type="builtins:TimeoutError",
            message=message,
            code="TIME015",
            bases=("builtins:OSError", "builtins:Exception", "builtins:BaseException"),
        ),
        exception,
    )


def cancelled_failure(alias: str) -> Failure:
    """Describe a step that was cancelled, but not by the run."""
    exception = asyncio.CancelledError(f"what `{alias}` waited for was cancelled")
    return Failure(failure_of(exception).error, exception, retryable=False)


def _milliseconds(delay: object) -> int | None:
    seconds = delay.total_seconds() if hasattr(delay, "total_seconds") else delay
    return int(seconds * 1000) if isinstance(seconds, (int, float)) else None
