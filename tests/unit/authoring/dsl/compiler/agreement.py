"""Calling a flow and running its graph, and what came of each."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from typing import Any

from latticeflow.authoring.dsl.compiler import compile_flow
from latticeflow.components.standard import STANDARD
from latticeflow.engine import Loop, Surroundings
from latticeflow.engine.stepper import Stepper
from latticeflow.flow.identity import decode_flow, encode_flow
from latticeflow.plan import lower_graph
from latticeflow.runs import to_json

Outcome = tuple[Any, ...]


def codes(fn: Callable[..., Any]) -> list[str]:
    return [found.code for found in compile_flow(fn).diagnostics]


def called(fn: Callable[..., Any], arguments: tuple[Any, ...], log: list[Any]) -> Outcome:
    log.clear()
    try:
        value = fn(*arguments)
        if inspect.iscoroutine(value):
            value = asyncio.run(value)
    except Exception as error:  # noqa: BLE001
        name = f"{type(error).__module__}:{type(error).__qualname__}"
        return ("error", name, str(error), list(log))
    return ("value", to_json(value), list(log))


def ran(fn: Callable[..., Any], arguments: tuple[Any, ...], log: list[Any]) -> Outcome:
    authored = compile_flow(fn)
    assert authored.flow is not None, authored.diagnostics
    # Through JSON: what is printed is the whole flow.
    flow = decode_flow(encode_flow(authored.flow))
    plan = lower_graph(flow, STANDARD.with_components(authored.catalog.values()))
    parameters = inspect.signature(fn).parameters.values()
    inputs = {p.name: p.default for p in parameters if p.default is not p.empty}
    inputs.update(zip((p.name for p in parameters), arguments, strict=False))

    async def run() -> Any:
        return await Loop(Stepper(plan, inputs), Surroundings()).run()

    log.clear()
    outcome = asyncio.run(run())
    if outcome.failure is not None:
        error = outcome.failure.error
        return ("error", error.type, error.message, list(log))
    return ("value", to_json(outcome.value), list(log))
