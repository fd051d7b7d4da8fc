"""Compiling flow functions, with effects as their bodies have them; once a function and source."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from latticeflow.authoring import Authored
from latticeflow.authoring.dsl.compiler import compile_flow
from latticeflow.hosts.local.preparing import READER


def compiled(flow: Callable[..., Any]) -> Authored:
    """Return the graph of a flow function; the order of its steps follows what bodies do."""
    known = _COMPILED.get(flow)
    if known is None:
        known = _COMPILED[flow] = compile_flow(flow, effects_of=READER.effects_of)
    return known


_COMPILED: dict[Callable[..., Any], Authored] = {}
