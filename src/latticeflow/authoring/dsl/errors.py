"""What a node may raise to steer its own retries, and how a graph names an exception.

    Exception
    ├── RetryAfter     this attempt failed; try again, but not before `delay`
    └── NonRetryable   this attempt failed, and so would every other

Both are plain exceptions: in a direct call they are simply raised.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TypeAlias

from latticeflow.authoring.dsl.durations import Duration, parse_duration

Exceptions: TypeAlias = type[BaseException] | tuple[type[BaseException], ...]


class RetryAfter(Exception):  # noqa: N818  (a signal to the engine, named for what it asks)
    """Fail this attempt and ask that the next one starts no sooner than after `delay`.

    The node's own retry policy still says how many attempts there are. The engine reads the delay
    off any exception: one of one's own may have a `retry_after` too.

    Args:
        delay: How long to wait at least.
        message: Why.
    """

    def __init__(self, delay: Duration, message: str = "") -> None:
        self.delay: timedelta = parse_duration(delay)
        self.message = message
        super().__init__(message or f"try again after {self.delay.total_seconds():g} s")

    @property
    def retry_after(self) -> timedelta:
        """The delay, under the name by which the engine reads it off any exception."""
        return self.delay

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        # An exception is pickled by its `args`; these would lose the delay.
        return (type(self), (self.delay, self.message))


class NonRetryable(Exception):  # noqa: N818  (the same)
    """Fail the node at once, however many attempts its retry policy has left.

    The engine reads the mark off any exception: a class of one's own may have it too.
    """

    non_retryable = True


def exception_name(kind: type[BaseException]) -> str:
    """Return the name a graph gives an exception class: `module:Qualname`."""
    return f"{kind.__module__}:{kind.__qualname__}"


def exception_names(kinds: Exceptions) -> list[str]:
    """Return the names of one or several exception classes, in order."""
    given = kinds if isinstance(kinds, tuple) else (kinds,)
    return [exception_name(kind) for kind in given]
