"""pydantic-graph: steps and edges where a node has one parent, a map and a join a level elsewhere.

Its joins reduce what forks give; with overlapping forks a node can run twice. So a graph in which
nodes have several parents is said level by level, over a state that holds the values.
"""

from collections.abc import Awaitable, Callable

from pydantic_graph import GraphBuilder, StepContext, reduce_null, reduce_sum
from shapes import Parents, followers, levels, work

PACKAGES = ("pydantic-graph",)


def graph(parents: Parents) -> Callable[[], Awaitable[int]]:
    if sum(len(chosen) > 1 for chosen in parents) > 1:
        return _by_level(parents)
    builder = GraphBuilder(output_type=int, auto_instrument=False)

    async def call(context: StepContext[None, None, int]) -> int:
        return await work(context.inputs) if context.inputs else await work()

    steps = [builder.step(call, node_id=f"n{node}") for node in range(len(parents))]
    entries = list(steps)
    for node, chosen in enumerate(parents):
        if len(chosen) > 1:
            join = builder.join(reduce_sum, initial=0, node_id=f"j{node}")
            builder.add(builder.edge_from(join).to(steps[node]))
            entries[node] = join
    builder.add(builder.edge_from(builder.start_node).to(steps[0]))
    for node, after in enumerate(followers(parents)):
        if after:
            builder.add(builder.edge_from(steps[node]).to(*[entries[other] for other in after]))
    builder.add(builder.edge_from(steps[-1]).to(builder.end_node))
    built = builder.build()

    async def run() -> int:
        return await built.run()

    return run


def _by_level(parents: Parents) -> Callable[[], Awaitable[int]]:
    builder = GraphBuilder(state_type=list, output_type=int, auto_instrument=False)

    async def call(context: StepContext[list[int], None, int]) -> int:
        values = context.state
        values[context.inputs] = await work(*[values[parent] for parent in parents[context.inputs]])
        return 0

    def listing(level: list[int]) -> Callable[..., Awaitable[list[int]]]:
        async def give(_: StepContext[list[int], None, None]) -> list[int]:
            return level

        return give

    before = builder.start_node
    for depth, level in enumerate(levels(parents)):
        listed = builder.step(listing(level), node_id=f"l{depth}")
        worked = builder.step(call, node_id=f"w{depth}")
        joined = builder.join(reduce_null, initial=None, node_id=f"j{depth}")
        builder.add(
            builder.edge_from(before).to(listed),
            builder.edge_from(listed).map().to(worked),
            builder.edge_from(worked).to(joined),
        )
        before = joined

    async def last(context: StepContext[list[int], None, None]) -> int:
        return context.state[-1]

    end = builder.step(last, node_id="end")
    builder.add(builder.edge_from(before).to(end), builder.edge_from(end).to(builder.end_node))
    built = builder.build()

    async def run() -> int:
        return await built.run(state=[0] * len(parents))

    return run
