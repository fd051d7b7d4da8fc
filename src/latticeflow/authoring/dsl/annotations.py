"""Read annotations: evaluate them, and take them apart."""

from __future__ import annotations

import sys
import types
import typing
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from typing import Annotated, Any, NewType, TypeAlias, TypeVar, Union

from latticeflow.diagnostics import CheckError, Location, report

Annotation: TypeAlias = Any
"""An evaluated annotation: a class, or one of the typing module's many forms."""

_STREAMS = (AsyncIterator, AsyncIterable, AsyncGenerator)


def evaluated_hints(fn: Annotation, location: Location | None = None) -> dict[str, Any]:
    """Return the annotations of a function or class, evaluated, `Annotated` kept.

    Raises:
        CheckError: FLOW012, one cannot be evaluated.
    """
    try:
        return typing.get_type_hints(fn, include_extras=True)
    except Exception as error:  # evaluating a user's text may raise anything
        name = getattr(fn, "__qualname__", repr(fn))
        found = _culprit(fn)
        raise CheckError(
            "",
            (
                report(
                    "FLOW012",
                    annotation=found.strip("'\""),
                    name=name,
                    why=_reason(error),
                    location=location,
                ),
            ),
        ) from error


def origin_of(annotation: Annotation) -> Annotation:
    """Return what is subscripted in `annotation` (`list` of `list[int]`), or None."""
    # A detour around the overloads of `get_origin`, which fit no annotation of unknown kind.
    return typing.get_origin(annotation)


def plain_type(annotation: Annotation) -> Annotation:
    """Return what an annotation says beneath `Annotated`, `NewType`, type aliases and variables."""
    while True:
        if origin_of(annotation) is Annotated:
            annotation = annotation.__origin__
        elif isinstance(annotation, NewType):
            annotation = annotation.__supertype__
        elif isinstance(annotation, TypeVar):
            annotation = _of_variable(annotation)
        elif hasattr(annotation, "__value__"):  # `type X = …`, from 3.12 on
            annotation = annotation.__value__
        else:
            return annotation


def union_members(annotation: Annotation) -> tuple[Any, ...] | None:
    """Return the members of a union, or None when it is none."""
    if origin_of(annotation) in (Union, types.UnionType):
        return typing.get_args(annotation)
    return None


def stream_item(annotation: Annotation) -> Annotation | None:
    """Return what a stream is of, or None when `annotation` is no stream."""
    annotation = plain_type(annotation)
    if origin_of(annotation) in _STREAMS:
        return typing.get_args(annotation)[0]
    return Any if annotation in _STREAMS else None


def is_pydantic_model(kind: object) -> bool:
    """Tell whether `kind` is a pydantic model, without importing pydantic for it."""
    pydantic = sys.modules.get("pydantic")
    return pydantic is not None and isinstance(kind, type) and issubclass(kind, pydantic.BaseModel)


def _of_variable(variable: TypeVar) -> Annotation:
    if variable.__constraints__:
        return Union[variable.__constraints__]  # noqa: UP007  (the members are only known here)
    return Any if variable.__bound__ is None else variable.__bound__


def _culprit(fn: Annotation) -> str:
    """Name the first annotation that cannot be evaluated by itself."""
    for name, annotation in getattr(fn, "__annotations__", {}).items():
        probe = types.FunctionType((lambda: None).__code__, getattr(fn, "__globals__", {}))
        probe.__annotations__ = {name: annotation}
        try:
            typing.get_type_hints(probe, include_extras=True)
        except Exception:  # noqa: BLE001  (the same)
            return annotation if isinstance(annotation, str) else repr(annotation)
    return "?"


def _reason(error: Exception) -> str:
    if isinstance(error, NameError) and error.name:
        return f"`{error.name}` is not defined at module level"
    return f"{type(error).__name__}: {error}"
