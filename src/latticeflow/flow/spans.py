"""Where the parts of a graph stand in the source a person wrote."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from latticeflow.flow.model import Edge, Span

SpanMap: TypeAlias = Mapping[str, Span]
"""From a key made by the functions below to a span."""


def node_key(alias: str, *, body: str = "") -> str:
    """Return the key of node `alias`; `body` is the path of aliases of the bodies around it."""
    return f"{body}/{alias}" if body else alias


def field_key(alias: str, field: str, *, body: str = "") -> str:
    """Return the key of a field of a node, such as `inputs.order` or `when`."""
    return f"{node_key(alias, body=body)}#{field}"


def edge_key(edge: Edge, *, body: str = "") -> str:
    """Return the key of `edge`."""
    prefix = f"{body}/" if body else ""
    return f"{prefix}{edge.from_}->{edge.to}:{edge.to_port or ''}"


def surface_key(surface: str, *, body: str = "") -> str:
    """Return the key of the surface with id `surface`."""
    prefix = f"{body}/" if body else ""
    return f"{prefix}@{surface}"
