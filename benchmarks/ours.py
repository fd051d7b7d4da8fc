"""LatticeFlow as a program uses it: a graph from `FlowBuilder`, run with `run` or a `Client`."""

from shapes import MASK, Parents

from latticeflow import FlowBuilder, node


@node
async def work(*values: int) -> int:
    """Add one to the sum."""
    return (1 + sum(values)) & MASK


@node(effects="read_only", determinism="best_effort")
async def recorded(value: int) -> int:
    """A step that claims no more than that it reads: its value has to be kept."""
    return value + 1


@node
async def recomputable(value: int) -> int:
    """A pure strict step: nobody can tell whether it ran once or twice."""
    return value + 1


def graph(parents: Parents, name: str = "graph") -> FlowBuilder:
    builder = FlowBuilder(name)
    handles = []
    for chosen in parents:
        handles.append(builder.add(work, values=[handles[parent] for parent in chosen]))
    builder.output(handles[-1])
    return builder


def line(step: object, length: int) -> FlowBuilder:
    builder = FlowBuilder("line")
    value = builder.input("value", int)
    for _ in range(length):
        value = builder.add(step, value=value)
    builder.output(value)
    return builder
