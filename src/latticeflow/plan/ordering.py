"""The order of a plan's steps: program order, as far as the edges allow."""

from __future__ import annotations

import heapq

from latticeflow.flow.model import Flow, Node


def program_order(flow: Flow) -> list[Node]:
    """Return the nodes so that every edge goes forward, as near to the given order as can be."""
    nodes = flow.nodes
    index = {node.alias: number for number, node in enumerate(nodes)}
    pairs = [(index[edge.from_], index[edge.to]) for edge in flow.edges]
    if all(source < target for source, target in pairs):
        return nodes
    waiting = [0] * len(nodes)
    after: list[list[int]] = [[] for _ in nodes]
    for source, target in pairs:
        waiting[target] += 1
        after[source].append(target)
    heap = [number for number, count in enumerate(waiting) if not count]
    ordered: list[Node] = []
    while heap:
        number = heapq.heappop(heap)
        ordered.append(nodes[number])
        for target in after[number]:
            waiting[target] -= 1
            if not waiting[target]:
                heapq.heappush(heap, target)
    if len(ordered) != len(nodes):
        msg = f"flow `{flow.name}` has a cycle"
        raise ValueError(msg)
    return ordered
