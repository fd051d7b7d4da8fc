"""Running a flow from a program: `run` and its synchronous form."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, TypeVar

from latticeflow.authoring.dsl import FlowBuilder
from latticeflow.capabilities.grants import Grants
from latticeflow.diagnostics import Diagnostic, LatticeFlowError
from latticeflow.hosts.local.arguments import bind_arguments
from latticeflow.hosts.local.compiling import compiled
from latticeflow.hosts.local.preparing import Prepared, judge, prepare
from latticeflow.hosts.local.providers import Providers
from latticeflow.hosts.local.running import Execution, Result, make_unrecorded_run, surroundings_of
from latticeflow.runs import RunStatus

R = TypeVar("R")

Runnable = Callable[..., Any] | FlowBuilder | Prepared


def prepare_flow(flow: Runnable) -> Prepared:
    """Return `flow` checked and lowered; a flow function is compiled once.

    Raises:
        CheckError: the checks found errors.
    """
    if isinstance(flow, Prepared):
        return flow
    if isinstance(flow, FlowBuilder):
        return prepare(flow.authored())
    known = _PREPARED.get(flow)
    authored = compiled(flow)
    if known is not None and known[0] is authored:
        return known[1]
    prepared = prepare(authored, target=_locator(flow))
    _PREPARED[flow] = (authored, prepared)
    return prepared


_PREPARED: dict[Any, tuple[Any, Prepared]] = {}


def check(flow: Runnable, *, strict: bool = False) -> tuple[Diagnostic, ...]:
    """Return what the checks find in `flow`, nothing for a flow without findings."""
    if isinstance(flow, Prepared):
        return flow.diagnostics
    authored = flow.authored() if isinstance(flow, FlowBuilder) else compiled(flow)
    return judge(authored, strict=strict).diagnostics


async def run(
    flow: Runnable,
    /,
    *inputs: Any,
    grants: Grants | Mapping[str, object] | None = None,
    max_parallel: int | None = None,
    deadline: float | None = None,
    **named: Any,
) -> Any:
    """Run the graph of `flow` in this process and return what it returns.

    Nothing is stored. Inputs are given as to the function itself.

    Args:
        flow: A flow function, a `FlowBuilder` or a prepared flow.
        inputs: Its inputs, by position.
        grants: The providers of capabilities, by family; memory ones by default.
        max_parallel: How many steps may run at once.
        deadline: Seconds after which the run is cancelled.
        named: Its inputs, by name.

    Raises:
        CheckError: the checks found errors.
        TimeoutError: the deadline passed.
        Exception: whatever the failing step raised.

    Cancellation: the steps that run are cancelled and waited for.
    """
    prepared = prepare_flow(flow)
    arguments = bind_arguments(prepared, inputs, named)
    execution = ephemeral(prepared, arguments, grants=grants)
    execution.max_parallel = max_parallel
    execution.deadline_ms = None if deadline is None else int(deadline * 1000)
    return value_of(await execution.execute())


def run_sync(flow: Runnable, /, *inputs: Any, **options: Any) -> Any:
    """Run as `run` does, from code without an event loop: a script or a notebook cell."""
    return wait_for(run(flow, *inputs, **options))


def wait_for(coroutine: Coroutine[Any, Any, R]) -> R:
    """Run `coroutine` to its end, also where a loop (a notebook's) already runs."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(coroutine)
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415  (notebooks only)

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()


def ephemeral(
    prepared: Prepared,
    arguments: Mapping[str, Any],
    *,
    grants: Grants | Mapping[str, object] | None = None,
) -> Execution:
    """Describe a run in this process that nothing is stored of."""
    run_record = make_unrecorded_run(prepared)
    given = Providers(None, grants).grants_for(prepared.needs)
    return Execution(
        prepared=prepared,
        run=run_record,
        arguments=arguments,
        grants=given,
        surroundings=surroundings_of(prepared, run_record, given),
    )


def value_of(result: Result) -> Any:
    """Return the value of a run, or raise what ended it."""
    if result.status is RunStatus.SUCCEEDED:
        return result.value
    if result.exception is not None:
        raise result.exception
    error = result.error
    message = error.message if error is not None else f"the run is {result.status.value}"
    if error is not None and error.type == "builtins:TimeoutError":
        raise TimeoutError(message)
    raise LatticeFlowError(message, diagnostics=result.diagnostics)


def _locator(flow: Callable[..., Any]) -> str:
    return f"{flow.__module__}:{flow.__qualname__}"
