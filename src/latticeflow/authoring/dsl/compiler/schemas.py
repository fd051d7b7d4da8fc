"""JSON Schemas of the types a flow's own values have."""

from __future__ import annotations

from typing import Any

from latticeflow.authoring.dsl.compiler.types import TypeForm
from latticeflow.authoring.dsl.schemas import schema_ref
from latticeflow.diagnostics import CheckError
from latticeflow.flow.model import OPAQUE, SchemaRef

_CACHE: dict[Any, SchemaRef] = {}


def schema_of(form: TypeForm) -> SchemaRef:
    """Return the inline schema of `form`, or the opaque one if it has none."""
    try:
        found = _CACHE.get(form)
    except TypeError:  # not hashable: a Literal of odd values
        return _make(form)
    # `Literal[1]` equals `Literal[True]` in some versions of Python.
    if found is None or "Literal" in repr(form):
        found = _CACHE[form] = _make(form)
    return found


def _make(form: TypeForm) -> SchemaRef:
    try:
        return schema_ref(form)
    except CheckError:
        # A field that cannot be evaluated is reported where its component is declared.
        return OPAQUE
