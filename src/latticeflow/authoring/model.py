"""What every way in gives: a graph, where its parts stand, what they run, and what was found."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from latticeflow.diagnostics import Diagnostic
from latticeflow.flow.component import Catalog
from latticeflow.flow.model import Flow, Span


class Authored(msgspec.Struct, frozen=True):
    """The result of reading a source.

    `flow` is None when the source is too broken for a graph; `diagnostics` then say why.
    `catalog` holds the components the flow names. `files` are the sources that were read, by the
    name used in spans, for code frames. `decode` turns the JSON of an input of the flow into the
    type its author gave it, and raises `ValueError` or `TypeError` where it does not fit.
    """

    flow: Flow | None
    catalog: Catalog = msgspec.field(default_factory=Catalog)
    spans: Mapping[str, Span] = msgspec.field(default_factory=dict)
    diagnostics: tuple[Diagnostic, ...] = ()
    files: Mapping[str, str] = msgspec.field(default_factory=dict)
    decode: Mapping[str, Callable[[Any], Any]] = msgspec.field(default_factory=dict)
