"""Prefect: a flow of tasks, gathered level by level, with its own temporary server."""

import asyncio
from collections.abc import Awaitable, Callable

from prefect import flow, task
from shapes import Parents, levels, work

PACKAGES = ("prefect",)
OWN_LOOP_ONLY = True  # it starts its server beside the loop


def graph(parents: Parents) -> Callable[[], Awaitable[int]]:
    grouped = levels(parents)
    step = task(persist_result=False, name="work")(work)

    @flow(name="graph", persist_result=False, validate_parameters=False)
    async def run() -> int:
        values = [0] * len(parents)
        for level in grouped:
            calls = [step(*[values[parent] for parent in parents[node]]) for node in level]
            for node, value in zip(level, await asyncio.gather(*calls), strict=True):
                values[node] = value
        return values[-1]

    return run
