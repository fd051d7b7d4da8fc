"""From JSON to the types a component expects, tolerant of values that are there already."""

from __future__ import annotations

import collections.abc
import dataclasses
import pathlib
import typing
from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias

import msgspec

from latticeflow.authoring.dsl.annotations import (
    Annotation,
    is_pydantic_model,
    origin_of,
    plain_type,
    stream_item,
    union_members,
)
from latticeflow.authoring.dsl.schemas import field_types

Value: TypeAlias = Any
"""JSON, or a value that is of its type already."""

Decode: TypeAlias = Callable[[Value], Value]

_ITERABLES = (
    collections.abc.Iterable,
    collections.abc.Iterator,
    collections.abc.Reversible,
    collections.abc.Container,
)


def decoder(annotation: Annotation) -> Decode | None:
    """Return a function from JSON to the type of an annotation, or None where all values do.

    What is of the type already, also inside a list or a record, passes. The function raises
    `ValueError`, with the path to what does not fit.
    """
    kind = plain_type(annotation)
    if kind is Any or kind is object or stream_item(kind) is not None:
        return None
    members = union_members(kind)
    if members is not None and not _is_supported(kind):
        return _first_that_fits([decoder(member) for member in members], members)
    if not _is_supported(kind):
        return _by_parts(kind)
    # Not the annotation itself: a class that is asked for directly admits its subclasses.
    expected = kind if isinstance(kind, type) and not _holds_others(kind) else None

    def decode(value: Value) -> Value:
        if expected is not None and isinstance(value, expected):
            return value
        return msgspec.convert(value, annotation, str_keys=True, dec_hook=_decode_foreign)

    return decode


def _by_parts(kind: Annotation) -> Decode | None:
    """Decode what msgspec refuses as a whole, part by part; None where that says nothing."""
    origin, arguments = origin_of(kind) or kind, typing.get_args(kind)
    if not isinstance(origin, type):
        return None
    if issubclass(origin, collections.abc.Mapping) and len(arguments) == 2:
        of_values = decoder(arguments[1])
        return None if of_values is None else partial(_each_value, of_values)
    if issubclass(origin, collections.abc.Collection) and len(set(arguments) - {...}) == 1:
        inner = decoder(arguments[0])
        make = origin if origin in (list, tuple, set, frozenset) else list
        return None if inner is None else lambda value: make(map(inner, value))
    if dataclasses.is_dataclass(origin):
        fields = {name: decoder(hint) for name, hint in field_types(kind).items()}
        return lambda value: _record(origin, fields, value)
    return None


def _each_value(inner: Decode, value: Value) -> Value:
    if not isinstance(value, collections.abc.Mapping):
        raise ValueError(f"Expected `object`, got `{type(value).__name__}`")  # noqa: TRY004
    return {key: inner(item) for key, item in value.items()}


def _record(kind: type, fields: dict[str, Decode | None], value: Value) -> Value:
    if isinstance(value, kind):
        return value
    if not isinstance(value, collections.abc.Mapping):
        raise ValueError(f"Expected `object`, got `{type(value).__name__}`")  # noqa: TRY004
    known = {
        name: item if (inner := fields[name]) is None else inner(item)
        for name, item in value.items()
        if name in fields
    }
    try:
        return kind(**known)
    except TypeError as error:
        raise ValueError(str(error)) from error


def _is_supported(kind: Annotation) -> bool:
    """Tell whether msgspec takes the type at all; two dataclasses in one union it does not."""
    try:
        msgspec.json.Decoder(kind, dec_hook=_decode_foreign)
    except TypeError:
        return False
    return True


def _holds_others(kind: type) -> bool:
    """Tell whether an instance of the class may hold something that still has to be decoded."""
    if typing.is_typeddict(kind) or kind in (int, float, bool, str):
        return True
    return issubclass(kind, list | dict | set | frozenset | tuple) and not hasattr(kind, "_fields")


def _first_that_fits(decoders: list[Decode | None], members: tuple[Any, ...]) -> Decode:
    classes = tuple(kind for member in members if isinstance(kind := plain_type(member), type))

    def decode(value: Value) -> Value:
        # A value that is there already belongs to its own member, not to the first that fits.
        if type(value) in classes:
            return value
        reasons: list[str] = []
        for decode_member in decoders:
            if decode_member is None:
                return value
            try:
                return decode_member(value)
            except ValueError as error:
                reasons.append(str(error))
        raise ValueError("; ".join(dict.fromkeys(reasons)))

    return decode


def _decode_foreign(kind: Annotation, value: Value) -> Value:
    """Decode a type that msgspec does not know."""
    if is_pydantic_model(kind):
        return kind.model_validate(value)
    origin = origin_of(kind) or kind
    if origin in _ITERABLES:
        arguments = typing.get_args(kind)
        inner = decoder(arguments[0]) if arguments else None
        return value if inner is None else [inner(item) for item in value]
    if isinstance(origin, type):
        if isinstance(value, origin):
            return value
        if issubclass(origin, pathlib.PurePath) and isinstance(value, str):
            return origin(value)
        raise ValueError(f"Expected `{origin.__qualname__}`, got `{type(value).__name__}`")
    return value
