"""DAG200: nodes wait for each other in a circle."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from latticeflow.checks.context import Context
from latticeflow.diagnostics import Diagnostic, Related, report


def check(context: Context) -> Iterator[Diagnostic]:
    """Report one shortest circle of each group of nodes that wait for each other."""
    left = set(context.nodes) - set(context.order)
    for group in _groups(context, left):
        path = _shortest_circle(context, group)
        yield report(
            "DAG200",
            location=context.at_node(context.nodes[path[0]]),
            related=[
                Related(f"`{alias}` waits for `{before}`", context.at_node(context.nodes[alias]))
                for before, alias in pairwise(path)
                if alias != path[0]
            ],
            path=" -> ".join([*path, path[0]]),
        )


def _groups(context: Context, left: set[str]) -> Iterator[list[str]]:
    """Yield the strongly connected groups among `left`, in the order of the flow."""
    order: list[str] = []
    seen: set[str] = set()
    for root in context.nodes:
        if root in left and root not in seen:
            _finish(context, root, left, seen, order)
    taken: set[str] = set()
    groups: list[list[str]] = []
    for root in reversed(order):
        if root in taken:
            continue
        group, open_ = [], [root]
        taken.add(root)
        while open_:
            alias = open_.pop()
            group.append(alias)
            for edge in context.inbound[alias]:
                if edge.from_ in left and edge.from_ not in taken:
                    taken.add(edge.from_)
                    open_.append(edge.from_)
        loops = any(edge.to == root for edge in context.outbound[root])
        if len(group) > 1 or loops:
            groups.append(sorted(group, key=context.positions.__getitem__))
    yield from sorted(groups, key=lambda group: context.positions[group[0]])


def _finish(context: Context, root: str, left: set[str], seen: set[str], order: list[str]) -> None:
    """Append to `order` all that `root` leads to, each after what it leads to itself."""
    seen.add(root)
    stack = [(root, iter(context.outbound[root]))]
    while stack:
        alias, edges = stack[-1]
        for edge in edges:
            if edge.to in left and edge.to not in seen:
                seen.add(edge.to)
                stack.append((edge.to, iter(context.outbound[edge.to])))
                break
        else:
            order.append(alias)
            stack.pop()


def _shortest_circle(context: Context, group: list[str]) -> list[str]:
    inside = set(group)
    start = group[0]
    before: dict[str, str] = {}
    queue = [start]
    for alias in queue:
        for edge in context.outbound[alias]:
            if edge.to == start:
                path = [alias]
                while path[-1] != start:
                    path.append(before[path[-1]])
                return path[::-1]
            if edge.to in inside and edge.to not in before:
                before[edge.to] = alias
                queue.append(edge.to)
    return group
