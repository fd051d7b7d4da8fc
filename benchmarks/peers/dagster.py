"""Dagster: ops and dependencies, executed in this process with an ephemeral instance."""

import logging
from collections.abc import Awaitable, Callable

from dagster import DagsterInstance, DependencyDefinition, GraphDefinition, In, Out, op
from shapes import Parents, work_now

PACKAGES = ("dagster",)


def _call(_context, **values: int) -> int:
    return work_now(*values.values())


def graph(parents: Parents) -> Callable[[], Awaitable[int]]:
    logging.disable(logging.CRITICAL)
    ops, dependencies = [], {}
    for node, chosen in enumerate(parents):
        takes = {f"i{number}": In(int) for number in range(len(chosen))}
        ops.append(op(name=f"n{node}", ins=takes, out=Out(int))(_call))
        if chosen:
            dependencies[f"n{node}"] = {
                f"i{number}": DependencyDefinition(f"n{parent}")
                for number, parent in enumerate(chosen)
            }
    job = GraphDefinition(name="graph", node_defs=ops, dependencies=dependencies).to_job()
    instance = DagsterInstance.ephemeral()
    last = f"n{len(parents) - 1}"

    async def run() -> int:
        return job.execute_in_process(instance=instance).output_for_node(last)

    return run
