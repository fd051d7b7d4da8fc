"""`@node` and `@flow`: marks on a function, which stays itself.

A decorated function pickles, inspects, hovers and is called like any other; what the decorator
was told sits on it as `__lattice_node__` or `__lattice_flow__`. Nothing is read from the function
here, so that importing a module of nodes costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import FunctionType
from typing import Any, Literal, TypeVar, overload

from latticeflow.authoring.dsl.durations import Duration
from latticeflow.authoring.dsl.errors import Exceptions
from latticeflow.authoring.dsl.granting import bind_granted
from latticeflow.authoring.dsl.option_reading import read_flow_options, read_node_options
from latticeflow.authoring.dsl.options import (
    FLOW_ATTRIBUTE,
    NO_FALLBACK,
    NODE_ATTRIBUTE,
    IdempotencyScope,
)
from latticeflow.authoring.dsl.scopes import RetryScope
from latticeflow.authoring.dsl.triggers import Trigger, manual
from latticeflow.diagnostics import UsageError, report
from latticeflow.flow.identity import DEVELOPMENT_VERSION
from latticeflow.flow.model import DurabilityMode, OnError, Retry, SinkContract

F = TypeVar("F", bound=Callable[..., object])

EffectsClaim = Literal["pure", "read_only", "effectful"]
DeterminismClaim = Literal["strict", "stable", "best_effort", "nondeterministic"]


@overload
def node(fn: F, /) -> F: ...
@overload
def node(
    *,
    name: str | None = None,
    idempotency: str | None = None,
    idempotency_scope: IdempotencyScope | None = None,
    idempotency_ttl: Duration | None = None,
    sink: SinkContract | None = None,
    retry: int | RetryScope | Retry | None = None,
    retry_on: Exceptions | None = None,
    non_retryable: Exceptions | None = None,
    timeout: Duration | None = None,
    compensate: Callable[..., object] | None = None,
    effects: EffectsClaim | None = None,
    determinism: DeterminismClaim | None = None,
    cpu_bound: bool = False,
    on_error: OnError = "fail",
    fallback: object = NO_FALLBACK,
) -> Callable[[F], F]: ...
def node(
    fn: Any = None,
    /,
    *,
    name: str | None = None,
    idempotency: str | None = None,
    idempotency_scope: IdempotencyScope | None = None,
    idempotency_ttl: Duration | None = None,
    sink: SinkContract | None = None,
    retry: int | RetryScope | Retry | None = None,
    retry_on: Exceptions | None = None,
    non_retryable: Exceptions | None = None,
    timeout: Duration | None = None,
    compensate: Callable[..., object] | None = None,
    effects: EffectsClaim | None = None,
    determinism: DeterminismClaim | None = None,
    cpu_bound: bool = False,
    on_error: OnError = "fail",
    fallback: object = NO_FALLBACK,
) -> Any:
    """Mark a function as a node: a step of flows. Returns the function itself.

    What is not said is inferred: ports from the annotations, capabilities from the parameters'
    types, effects and determinism from the capabilities and the body.

    Args:
        fn: The function, when used without parentheses.
        name: The name to show; the function's own by default.
        idempotency: Which fields of the inputs identify the effect, such as `"order.id"`;
            several are separated by commas.
        idempotency_scope: What the key is unique within.
        idempotency_ttl: How long an effect is remembered under its key.
        sink: A promise about where the effect goes: doing it twice under one key is the same as
            once, because it overwrites (`upsert`) or looks first (`ensure_once`). A step whose
            end is not known is then done again, where it would otherwise wait for a person.
        retry: How often to try in all, or a policy made by `retry(...)`.
        retry_on: Which exceptions are worth another try.
        non_retryable: Which are not, even so.
        timeout: How long one attempt may take.
        compensate: The node that undoes this one; it takes this one's result.
        effects: A claim about what running it does; the checker holds it against the body.
        determinism: A claim about how repeatable its result is.
        cpu_bound: Run it in a worker process.
        on_error: `continue` lets the flow go on without this step.
        fallback: The value of the step when it fails for good; implies `on_error="continue"`.

    Raises:
        UsageError: FLOW003, it is no function; FLOW025, an option makes no sense.
    """
    if fn is not None:
        return _mark(fn, NODE_ATTRIBUTE, read_node_options())
    options = read_node_options(
        name=name,
        idempotency=idempotency,
        idempotency_scope=idempotency_scope,
        idempotency_ttl=idempotency_ttl,
        sink=sink,
        retry=retry,
        retry_on=retry_on,
        non_retryable=non_retryable,
        timeout=timeout,
        compensate=compensate,
        effects=effects,
        determinism=determinism,
        cpu_bound=cpu_bound,
        on_error=on_error,
        fallback=fallback,
    )
    return lambda fn: _mark(fn, NODE_ATTRIBUTE, options)


@overload
def flow(fn: F, /) -> F: ...
@overload
def flow(
    *,
    name: str | None = None,
    version: str = DEVELOPMENT_VERSION,
    on: Trigger | Sequence[Trigger] = manual,
    max_iterations: int = 1000,
    max_parallel: int | None = None,
    durability: DurabilityMode | None = None,
    tags: Sequence[str] = (),
) -> Callable[[F], F]: ...
def flow(
    fn: Any = None,
    /,
    *,
    name: str | None = None,
    version: str = DEVELOPMENT_VERSION,
    on: Trigger | Sequence[Trigger] = manual,
    max_iterations: int = 1000,
    max_parallel: int | None = None,
    durability: DurabilityMode | None = None,
    tags: Sequence[str] = (),
) -> Any:
    """Mark a function as a flow: its body is compiled to a graph. Returns the function itself.

    Calling it runs it here, as Python; running its graph means the same.

    Args:
        fn: The function, when used without parentheses.
        name: The flow's name; the function's own by default.
        version: A published version never changes; `0.0.0` is a development version.
        on: What starts it, one trigger or several.
        max_iterations: The bound of each `while` in it.
        max_parallel: How many steps may run at once; unlimited by default.
        durability: How a run is kept: `off`, `partial` or `strong`.
        tags: Labels to find it by.

    Raises:
        UsageError: FLOW003, it is no function; FLOW025, an option makes no sense.
    """
    if fn is not None:
        return _mark(fn, FLOW_ATTRIBUTE, read_flow_options())
    options = read_flow_options(
        name=name,
        version=version,
        on=on,
        max_iterations=max_iterations,
        max_parallel=max_parallel,
        durability=durability,
        tags=tags,
    )
    return lambda fn: _mark(fn, FLOW_ATTRIBUTE, options)


def _mark(fn: object, attribute: str, options: object) -> object:
    if not isinstance(fn, FunctionType):
        what = _what(fn)
        name = getattr(fn, "__qualname__", None) or type(fn).__qualname__
        raise UsageError("", (report("FLOW003", name=name, what=what),))
    bind_granted(fn)
    setattr(fn, attribute, options)
    return fn


def _what(thing: object) -> str:
    if isinstance(thing, type):
        return "a class"
    if isinstance(thing, staticmethod | classmethod | property):
        return "a method"
    return "no function" if not callable(thing) else f"a {type(thing).__name__} object"
