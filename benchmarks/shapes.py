"""The graphs that everybody runs: the parents of each node, in topological order.

Node 0 is the only source and the last node the only sink. Every node gives `1 + sum(parents)`,
cut to 24 bits, so that the sink's value tells whether all the work was done.
"""

import random

MASK = 0xFFFFFF
Parents = list[tuple[int, ...]]


def chain(length: int = 100) -> Parents:
    return [(), *((i,) for i in range(length - 1))]


def fan(width: int = 200) -> Parents:
    return [(), *[(0,)] * width, tuple(range(1, width + 1))]


def lattice(side: int = 20) -> Parents:
    return [
        ((row - 1) * side + column,) * (row > 0) + (row * side + column - 1,) * (column > 0)
        for row in range(side)
        for column in range(side)
    ]


def dag(size: int = 10_000, *, seed: int = 42, reach: int = 500) -> Parents:
    """Every node has one to three parents among the `reach` before it; loose ends meet in the sink."""
    rng = random.Random(seed)
    parents: Parents = [()]
    followed = [False] * size
    for i in range(1, size - 1):
        nearest = max(0, i - reach)
        chosen = tuple(sorted({rng.randrange(nearest, i) for _ in range(rng.randint(1, 3))}))
        for parent in chosen:
            followed[parent] = True
        parents.append(chosen)
    return [*parents, tuple(i for i in range(size - 1) if not followed[i])]


SHAPES = {
    "one": lambda: [()],
    "chain100": chain,
    "fan200": fan,
    "lattice20": lattice,
    "dag10k": dag,
}
COMPARED = ("chain100", "fan200", "lattice20", "dag10k")


def work_now(*values: int) -> int:
    return (1 + sum(values)) & MASK


async def work(*values: int) -> int:
    return (1 + sum(values)) & MASK


def expected(parents: Parents) -> int:
    """Return the sink's value."""
    values: list[int] = []
    for chosen in parents:
        values.append(work_now(*[values[parent] for parent in chosen]))
    return values[-1]


def levels(parents: Parents) -> list[list[int]]:
    """Return the nodes by the length of the longest way to each."""
    level: list[int] = []
    for chosen in parents:
        level.append(1 + max((level[parent] for parent in chosen), default=-1))
    grouped: list[list[int]] = [[] for _ in range(max(level) + 1)]
    for node, depth in enumerate(level):
        grouped[depth].append(node)
    return grouped


def followers(parents: Parents) -> list[list[int]]:
    """Return what waits for each node."""
    waiting: list[list[int]] = [[] for _ in parents]
    for node, chosen in enumerate(parents):
        for parent in chosen:
            waiting[parent].append(node)
    return waiting
