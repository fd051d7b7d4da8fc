"""The parts of Python values by the names that JSON gives them.

Values may be dicts and lists, dataclasses, msgspec Structs, pydantic models, or anything with
attributes.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from latticeflow.expr.times import write_timestamp
from latticeflow.expr.uses import Step


class AbsentError(Exception):
    """There is nothing at a step of a path."""


def part_of(value: object, step: Step) -> object:
    """Return the field, key or item of `value` at `step`.

    Raises:
        AbsentError: there is none.
    """
    if isinstance(value, Mapping):
        return _entry(value, step)
    if isinstance(step, int):
        if isinstance(value, Sequence) and not isinstance(value, str) and 0 <= step < len(value):
            found: object = value[step]
            return found
        raise AbsentError
    if value is None or isinstance(value, str | bytes | int | float | list | tuple):
        raise AbsentError
    field: object = getattr(value, _attribute(type(value), step), msgspec.UNSET)
    if field is msgspec.UNSET or callable(field):
        raise AbsentError
    return field


def _entry(value: Mapping[object, object], step: Step) -> object:
    try:
        return value[step]
    except KeyError:
        # JSON has only text keys; a dict of Python may have others. A mapping that makes its
        # values when asked is not gone through.
        for key in value if isinstance(value, dict) else ():
            if not isinstance(key, str) and key_text(key) == step:
                return value[key]
        raise AbsentError from None


def part_names(value: object) -> tuple[str, ...]:
    """Return the names of the fields or keys of `value`; none if it has no such parts."""
    if isinstance(value, Mapping):
        return tuple(map(key_text, value))
    return tuple(attribute_names(type(value)))


_ATTRIBUTES: dict[type, dict[str, str]] = {}


def _attribute(kind: type, name: str) -> str:
    """Return the attribute that holds the field which JSON calls `name`."""
    names = _ATTRIBUTES.get(kind)
    if names is None:
        names = _ATTRIBUTES[kind] = attribute_names(kind)
    return names.get(name, name)


def attribute_names(kind: type) -> dict[str, str]:
    """Return the attributes that hold the fields of `kind`, by their names in JSON."""
    if issubclass(kind, msgspec.Struct):
        return dict(zip(kind.__struct_encode_fields__, kind.__struct_fields__, strict=True))
    if dataclasses.is_dataclass(kind):
        return {field.name: field.name for field in dataclasses.fields(kind)}
    fields = getattr(kind, "model_fields", None)
    if isinstance(fields, Mapping):
        return {getattr(field, "alias", None) or name: name for name, field in fields.items()}
    return {}


def has_part(value: object, step: Step) -> bool:
    """Tell whether `value` has a part at `step`."""
    try:
        part_of(value, step)
    except AbsentError:
        return False
    return True


def key_text(key: object) -> str:
    """Return a key of a dict as JSON writes it."""
    if isinstance(key, enum.Enum):
        return key_text(key.value)
    if isinstance(key, bool):
        return "true" if key else "false"
    if isinstance(key, datetime):
        return write_timestamp(key)
    return str(key)
