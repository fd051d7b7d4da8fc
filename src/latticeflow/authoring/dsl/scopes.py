"""Scopes of a flow: `with retry(3), timeout("2m"):`.

A scope says how its body is run. In a direct call the body runs once, as Python runs it: policies
act on runs, results are the same.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager, AbstractContextManager
from datetime import timedelta

from latticeflow.authoring.dsl.durations import Duration, duration_ms
from latticeflow.authoring.dsl.errors import Exceptions, exception_names
from latticeflow.authoring.dsl.refusing import read_count, read_duration, refuse
from latticeflow.flow.model import Retry


class Scope(AbstractContextManager[None], AbstractAsyncContextManager[None]):
    """A block that a flow runs in its own way; works with `with` and with `async with`."""

    # `-> None`, never bool: a checker must not think that a scope swallows exceptions.

    def __enter__(self) -> None:
        return None

    def __exit__(self, *exc: object) -> None:
        return None

    async def __aenter__(self) -> None:
        return None

    async def __aexit__(self, *exc: object) -> None:
        return None


class RetryScope(Scope):
    """What `retry` returns: a scope, and a policy for `@node(retry=...)`."""

    def __init__(self, policy: Retry) -> None:
        self.policy = policy


class TimeoutScope(Scope):
    """What `timeout` returns."""

    def __init__(self, after: timedelta) -> None:
        self.after = after


class RateLimitScope(Scope):
    """What `rate_limit` returns."""

    def __init__(self, qps: float, burst: int) -> None:
        self.qps = qps
        self.burst = burst


def retry(
    attempts: int,
    /,
    *,
    on: Exceptions = Exception,
    unless: Exceptions = (),
    backoff: Duration = "1s",
    factor: float = 2.0,
    max_backoff: Duration = "1m",
    jitter: float = 0.1,
) -> RetryScope:
    """Try a body again when it fails.

    Used as a scope (`with retry(3):`) or as a node's policy (`@node(retry=retry(3))`). In a
    direct call the body runs once.

    Args:
        attempts: How often it is tried in all, from 1.
        on: Which exceptions are worth another try; a class stands for its subclasses.
        unless: Which are not, even so.
        backoff: The wait before the second attempt.
        factor: What each further wait is multiplied by, from 1.
        max_backoff: The longest wait.
        jitter: How much of each wait is drawn by lot, 0 to 1.

    Raises:
        UsageError: FLOW025, an argument makes no sense.
    """
    if factor < 1:
        refuse("retry", "factor", f"{factor!r} is below 1")
    if not 0 <= jitter <= 1:
        refuse("retry", "jitter", f"{jitter!r} is not between 0 and 1")
    try:
        first, longest = duration_ms(backoff), duration_ms(max_backoff)
    except ValueError as error:
        refuse("retry", "backoff", str(error))
    return RetryScope(
        Retry(
            max_attempts=read_count("retry", "attempts", attempts),
            initial_interval_ms=first,
            max_interval_ms=max(first, longest),
            backoff=float(factor),
            jitter=float(jitter),
            # Every exception is the default of the policy, and shorter to read in the graph.
            retry_on=[] if on is Exception else exception_names(on),
            non_retryable=exception_names(unless),
        )
    )


def timeout(after: Duration, /) -> TimeoutScope:
    """Cancel a body that takes longer than `after`, with `TimeoutError`.

    In a direct call the body takes what it takes.

    Raises:
        UsageError: FLOW025, `after` is no duration longer than nothing.
    """
    return TimeoutScope(read_duration("timeout", "after", after))


def rate_limit(*, qps: float, burst: int = 1) -> RateLimitScope:
    """Start a body at most `qps` times a second, `burst` times at once.

    In a direct call nothing waits.

    Raises:
        UsageError: FLOW025, an argument is not above zero.
    """
    if not qps > 0:
        refuse("rate_limit", "qps", f"{qps!r} is not above 0")
    return RateLimitScope(float(qps), read_count("rate_limit", "burst", burst))
