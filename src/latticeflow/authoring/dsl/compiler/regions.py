"""Regions: which branch a step stands in, and what a branch is called in the graph."""

from __future__ import annotations

import msgspec


class Routing(msgspec.Struct, eq=False):
    """One routing surface while its branches are filled."""

    id: str
    kind: str
    source: str
    pointer: str
    branches: dict[str, Region] = msgspec.field(default_factory=dict)


class Region(msgspec.Struct, eq=False):
    """One branch: the steps that run only if `routing` takes `label`.

    `gated` lists, in program order, the steps that have a gating edge from the routing's source.
    """

    routing: Routing
    label: str
    parent: Region | None
    gated: list[str] = msgspec.field(default_factory=list)


def is_within(inner: Region | None, outer: Region | None) -> bool:
    """Tell whether `inner` is `outer` or a branch inside it; None is the whole graph."""
    while inner is not outer:
        if inner is None:
            return False
        inner = inner.parent
    return True


def outermost_below(inner: Region | None, outer: Region | None) -> Region | None:
    """Return the region directly below `outer` that holds `inner`, None if there is none."""
    found: Region | None = None
    while inner is not None and inner is not outer:
        found, inner = inner, inner.parent
    return found if inner is outer else None
