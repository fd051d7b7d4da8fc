"""LangGraph: a state graph, one node a step; with its SQLite checkpointer for durable steps."""

import uuid
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, TypedDict

from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.graph import END, START, StateGraph
from shapes import Parents, work

PACKAGES = ("langgraph", "langgraph-checkpoint-sqlite")
LIMIT = {"recursion_limit": 100_000}


def _merge(values: dict[int, int], new: dict[int, int]) -> dict[int, int]:
    values.update(new)  # in place: the cheapest reducer that is allowed
    return values


class Values(TypedDict):
    values: Annotated[dict[int, int], _merge]


class Counter(TypedDict):
    value: int


def graph(parents: Parents) -> Callable[[], Awaitable[int]]:
    builder = StateGraph(Values)

    def step(node: int, chosen: tuple[int, ...]) -> Callable[[Values], Awaitable[dict[str, Any]]]:
        async def call(state: Values) -> dict[str, Any]:
            values = state["values"]
            return {"values": {node: await work(*[values[parent] for parent in chosen])}}

        return call

    for node, chosen in enumerate(parents):
        builder.add_node(f"n{node}", step(node, chosen))
        if not chosen:
            builder.add_edge(START, f"n{node}")
        else:
            names = [f"n{parent}" for parent in chosen]
            builder.add_edge(names[0] if len(names) == 1 else names, f"n{node}")
    last = len(parents) - 1
    builder.add_edge(f"n{last}", END)
    compiled = builder.compile()

    async def run() -> int:
        return (await compiled.ainvoke({"values": {}}, LIMIT))["values"][last]

    return run


async def durable(folder: str, length: int) -> tuple[Callable[[], Awaitable[int]], Any]:
    """Return a run whose every step is checkpointed before the next (`durability="sync"`)."""
    manager = AsyncSqliteSaver.from_conn_string(f"{folder}/checkpoints.db")
    saver = await manager.__aenter__()
    builder = StateGraph(Counter)

    async def step(state: Counter) -> Counter:
        return {"value": state["value"] + 1}

    before = START
    for number in range(length):
        builder.add_node(f"n{number}", step)
        builder.add_edge(before, f"n{number}")
        before = f"n{number}"
    builder.add_edge(before, END)
    compiled = builder.compile(checkpointer=saver)

    async def run() -> int:
        config = {**LIMIT, "configurable": {"thread_id": uuid.uuid4().hex}}
        state = await compiled.ainvoke({"value": 0}, config, durability="sync")
        return state["value"]

    return run, manager.__aexit__
