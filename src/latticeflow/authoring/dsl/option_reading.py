"""Turn the arguments of `@node` and `@flow` into options, or refuse them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import get_args

from latticeflow.authoring.dsl.durations import Duration
from latticeflow.authoring.dsl.errors import Exceptions, exception_names
from latticeflow.authoring.dsl.options import (
    NO_FALLBACK,
    FlowOptions,
    IdempotencyScope,
    NodeOptions,
    NoFallback,
)
from latticeflow.authoring.dsl.refusing import read_choice, read_count, read_duration, refuse
from latticeflow.authoring.dsl.scopes import RetryScope
from latticeflow.authoring.dsl.triggers import Trigger, manual
from latticeflow.flow.identity import DEVELOPMENT_VERSION
from latticeflow.flow.lattice import Determinism, Effects
from latticeflow.flow.model import DurabilityMode, OnError, Retry, SinkContract

_NODE = "@node"
_FLOW = "@flow"
_EFFECTS = {member.value: member for member in Effects}
_DETERMINISM = {member.value: member for member in Determinism}


def read_node_options(
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
    effects: str | None = None,
    determinism: str | None = None,
    cpu_bound: bool = False,
    on_error: OnError = "fail",
    fallback: object = NO_FALLBACK,
) -> NodeOptions:
    """Return the options of a node.

    Raises:
        UsageError: FLOW025, an argument makes no sense.
    """
    if idempotency_scope is not None:
        read_choice(_NODE, "idempotency_scope", idempotency_scope, get_args(IdempotencyScope))
    if idempotency is not None and not all(part.strip() for part in idempotency.split(",")):
        refuse(_NODE, "idempotency", f"{idempotency!r} names no field")
    if idempotency is None and not (idempotency_ttl is None and idempotency_scope is None):
        refuse(_NODE, "idempotency", 'its ttl and scope need a key; write idempotency="field"')
    if sink is not None:
        read_choice(_NODE, "sink", sink, get_args(SinkContract))
        if idempotency is None:
            refuse(_NODE, "sink", 'it is a promise about a key; write idempotency="field"')
    if compensate is not None and not callable(compensate):
        refuse(_NODE, "compensate", f"{compensate!r} is no node")
    read_choice(_NODE, "on_error", on_error, get_args(OnError))
    has_fallback = not isinstance(fallback, NoFallback)
    return NodeOptions(
        name=name,
        idempotency=idempotency,
        idempotency_scope=idempotency_scope,
        idempotency_ttl=(
            None
            if idempotency_ttl is None
            else read_duration(_NODE, "idempotency_ttl", idempotency_ttl)
        ),
        sink=sink,
        retry=_read_retry(retry, retry_on, non_retryable),
        timeout=None if timeout is None else read_duration(_NODE, "timeout", timeout),
        compensate=compensate,
        effects=(
            None
            if effects is None
            else _EFFECTS[read_choice(_NODE, "effects", effects, _EFFECTS.keys())]
        ),
        determinism=(
            None
            if determinism is None
            else _DETERMINISM[read_choice(_NODE, "determinism", determinism, _DETERMINISM.keys())]
        ),
        cpu_bound=cpu_bound,
        on_error="continue" if has_fallback else on_error,
        fallback=fallback,
    )


def read_flow_options(
    *,
    name: str | None = None,
    version: str = DEVELOPMENT_VERSION,
    on: Trigger | Sequence[Trigger] = manual,
    max_iterations: int = 1000,
    max_parallel: int | None = None,
    durability: DurabilityMode | None = None,
    tags: Sequence[str] = (),
) -> FlowOptions:
    """Return the options of a flow.

    Raises:
        UsageError: FLOW025, an argument makes no sense.
    """
    triggers = tuple(on) if isinstance(on, list | tuple) else (on,)
    for trigger in triggers:
        # A caller without a type checker may pass anything.
        if not isinstance(trigger, Trigger):
            refuse(_FLOW, "on", f"{trigger!r} is no trigger; use http, schedule, queue or manual")
    if durability is not None:
        read_choice(_FLOW, "durability", durability, get_args(DurabilityMode))
    return FlowOptions(
        name=name,
        version=version,
        on=triggers,
        max_iterations=read_count(_FLOW, "max_iterations", max_iterations),
        max_parallel=(
            None if max_parallel is None else read_count(_FLOW, "max_parallel", max_parallel)
        ),
        durability=durability,
        tags=(tags,) if isinstance(tags, str) else tuple(tags),
    )


def _read_retry(
    given: int | RetryScope | Retry | None, on: Exceptions | None, never: Exceptions | None
) -> Retry | None:
    if given is None:
        if on is not None or never is not None:
            refuse(_NODE, "retry", "retry_on and non_retryable need it; write retry=3")
        return None
    if isinstance(given, RetryScope):
        policy = given.policy
    elif isinstance(given, Retry):
        policy = given
    else:
        policy = Retry(max_attempts=read_count(_NODE, "retry", given))
    return Retry(
        max_attempts=policy.max_attempts,
        initial_interval_ms=policy.initial_interval_ms,
        max_interval_ms=policy.max_interval_ms,
        backoff=policy.backoff,
        jitter=policy.jitter,
        retry_on=policy.retry_on if on is None else exception_names(on),
        non_retryable=policy.non_retryable if never is None else exception_names(never),
    )
