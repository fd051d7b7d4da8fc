"""What the compiler knows of a value's type, as the annotations say it.

A type is what Python's `typing` makes of an annotation: a class, `list[int]`, `str | None`,
`Literal["a"]`. `Any` is a type about which nothing is known; nothing is refused because of it.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields as dataclass_fields
from dataclasses import is_dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from typing import Annotated, Any, Final, Literal, NotRequired, Required, TypeAlias, Union, cast
from uuid import UUID

import msgspec

TypeForm: TypeAlias = Any
"""A type as an annotation says it. The typing module has no name for "any annotation"."""

ANY: Final = Any
NONE: Final = type(None)


class Caught:
    """The type of an error that a handler has; only its type and message cross a border."""


CAUGHT: Final = Caught

_SCALARS: dict[object, str] = {
    bool: "bool",
    int: "int",
    float: "float",
    str: "str",
    bytes: "bytes",
    NONE: "none",
    datetime: "datetime",
    date: "date",
    time: "time",
    timedelta: "timedelta",
    Decimal: "decimal",
    UUID: "uuid",
}
_LISTS = frozenset({list, Sequence, Iterable, typing.MutableSequence, typing.Collection})
_MAPS = frozenset({dict, Mapping, typing.MutableMapping})
_SETS = frozenset({set, frozenset, typing.AbstractSet, typing.MutableSet})
_WRAPPERS = (
    (Annotated, Required, NotRequired, Final, typing.ClassVar, typing.ReadOnly)
    if hasattr(typing, "ReadOnly")
    else (Annotated, Required, NotRequired, Final, typing.ClassVar)
)


def origin_of(form: TypeForm) -> TypeForm:
    """Return the class or form that a type with arguments is made of, None for others."""
    # mypy thinks of ParamSpec alone.
    return cast("Any", typing.get_origin(form))


def list_of(item: TypeForm) -> TypeForm:
    """Return `list[item]`."""
    return types.GenericAlias(list, (item,))


def set_of(item: TypeForm) -> TypeForm:
    """Return `set[item]`."""
    return types.GenericAlias(set, (item,))


def dict_of(value: TypeForm) -> TypeForm:
    """Return `dict[str, value]`."""
    return types.GenericAlias(dict, (str, value))


def tuple_of(items: Iterable[TypeForm]) -> TypeForm:
    """Return `tuple[items]`."""
    return types.GenericAlias(tuple, tuple(items))


def plain(form: TypeForm) -> TypeForm:
    """Take away what does not change a value's type: Annotated, Final, NewType, aliases."""
    while True:
        if origin_of(form) in _WRAPPERS:
            form = typing.get_args(form)[0]
        elif isinstance(form, typing.NewType):
            form = form.__supertype__
        elif type(form).__name__ == "TypeAliasType":
            form = form.__value__
        elif form is None:
            return NONE
        elif isinstance(form, typing.TypeVar):
            return form.__bound__ or ANY
        else:
            return form


def members(form: TypeForm) -> tuple[TypeForm, ...]:
    """Return the members of a union, or the type alone."""
    form = plain(form)
    if origin_of(form) in (Union, types.UnionType):
        return tuple(m for part in typing.get_args(form) for m in members(part))
    return (form,)


def union(forms: Iterable[TypeForm]) -> TypeForm:
    """Return the type of a value that has one of `forms`."""
    found: list[TypeForm] = []
    for form in forms:
        for member in members(form):
            if member is ANY:
                return ANY
            if member not in found:
                found.append(member)
    if not found:
        return ANY
    if int in found and float in found and len(found) == 2:
        return Union[int, float]  # noqa: UP007  (the order must not depend on the caller's)
    return found[0] if len(found) == 1 else Union[tuple(found)]  # noqa: UP007


def is_optional(form: TypeForm) -> bool:
    """Tell whether a value of `form` may be None."""
    return NONE in members(form)


def without_none(form: TypeForm) -> TypeForm:
    """Return `form` for a value known not to be None."""
    rest = [member for member in members(form) if member is not NONE]
    return union(rest) if rest else form


def kind_of(form: TypeForm) -> str:
    """Return the family of a type that is no union: such as `int`, `list` or `any`."""
    form = plain(form)
    if form is ANY or form is object:
        return "any"
    if form in _SCALARS:
        return _SCALARS[form]
    origin = origin_of(form) or form
    if origin is Literal:
        kinds = {kind_of(type(value)) for value in typing.get_args(form)}
        return kinds.pop() if len(kinds) == 1 else "mixed"
    for family, name in ((_LISTS, "list"), (_MAPS, "dict"), (_SETS, "set")):
        if origin in family:
            return name
    if origin is tuple:
        return "tuple"
    if isinstance(origin, type):
        return _kind_of_class(origin)
    return "any"


def _kind_of_class(cls: type) -> str:
    if issubclass(cls, Enum):
        return "enum"
    if typing.is_typeddict(cls):
        return "typeddict"
    for base, name in ((str, "str"), (int, "int"), (float, "float")):
        if issubclass(cls, base):
            # A subclass may print or compare in its own way.
            return f"sub{name}"
    return "object"


def kinds(form: TypeForm) -> set[str]:
    """Return the families of the members of `form`."""
    return {kind_of(member) for member in members(form)}


def is_any(form: TypeForm) -> bool:
    """Tell whether nothing is known of `form`."""
    return "any" in kinds(form)


def item_type(form: TypeForm) -> TypeForm:
    """Return the type of the items of a list, tuple, set or stream; of a dict's values."""
    found: list[TypeForm] = []
    for member in members(form):
        args = typing.get_args(member)
        kind = kind_of(member)
        if kind == "str":
            found.append(str)
        elif kind == "dict":
            found.append(args[1] if len(args) == 2 else ANY)
        elif kind == "tuple":
            found.extend(arg for arg in args if arg is not Ellipsis)
            if not args:
                found.append(ANY)
        else:
            found.append(args[0] if args else ANY)
    return union(found)


def tuple_items(form: TypeForm) -> tuple[TypeForm, ...] | None:
    """Return the types of a tuple's items if their number is known."""
    form = plain(form)
    args = typing.get_args(form)
    if origin_of(form) is tuple and Ellipsis not in args:
        return args
    if isinstance(form, type) and issubclass(form, tuple) and hasattr(form, "_fields"):
        hints = _hints(form)
        return tuple(hints.get(name, ANY) for name in form._fields)
    return None


def field_types(form: TypeForm) -> Mapping[str, TypeForm] | None:
    """Return the fields of a data type (not a union), None if it is none or unknown."""
    form = plain(form)
    origin = origin_of(form) or form
    if not isinstance(origin, type):
        return None
    fields = _fields_of(origin)
    params = getattr(origin, "__parameters__", ())
    args = typing.get_args(form)
    if fields is None or not params or len(params) != len(args):
        return fields
    given = dict(zip(params, args, strict=True))
    return {name: substitute(kind, given) for name, kind in fields.items()}


@lru_cache(maxsize=2048)
def _fields_of(cls: type) -> Mapping[str, TypeForm] | None:
    if is_dataclass(cls):
        hints = _hints(cls)
        return {f.name: hints.get(f.name, ANY) for f in dataclass_fields(cls)}
    if issubclass(cls, msgspec.Struct):
        hints = _hints(cls)
        return {name: hints.get(name, ANY) for name in cls.__struct_fields__}
    if typing.is_typeddict(cls):
        return _hints(cls)
    if issubclass(cls, tuple) and hasattr(cls, "_fields"):
        hints = _hints(cls)
        return {name: hints.get(name, ANY) for name in cls._fields}
    pydantic = getattr(cls, "model_fields", None)
    if isinstance(pydantic, dict):
        return {name: info.annotation for name, info in pydantic.items()}
    return None


def _hints(cls: type) -> dict[str, TypeForm]:
    try:
        return typing.get_type_hints(cls, include_extras=True)
    except Exception:  # noqa: BLE001  (an annotation may be any expression; then it is unknown)
        return {}


def required_keys(form: TypeForm) -> frozenset[str]:
    """Return the keys that a TypedDict always has."""
    keys: frozenset[str] = getattr(plain(form), "__required_keys__", frozenset())
    return keys


def is_data(form: TypeForm) -> bool:
    """Tell whether `form` is made of plain JSON data, which an expression may compute with."""
    for member in members(form):
        kind = kind_of(member)
        if kind in ("bool", "int", "float", "str", "none"):
            continue
        args = typing.get_args(member)
        if kind == "list" and args and is_data(args[0]):
            continue
        if kind == "dict" and len(args) == 2 and kind_of(args[0]) == "str" and is_data(args[1]):
            continue
        return False
    return True


def is_scalar(form: TypeForm) -> bool:
    """Tell whether `form` is bool, int, float, str or None, or a union of them."""
    return kinds(form) <= {"bool", "int", "float", "str", "none"}


def finite_values(form: TypeForm) -> tuple[object, ...] | None:
    """Return every value of a Literal, an Enum, bool or None (or unions of them)."""
    found: list[object] = []
    for member in members(form):
        if origin_of(member) is Literal:
            found.extend(typing.get_args(member))
        elif member is bool:
            found.extend((True, False))
        elif member is NONE:
            found.append(None)
        elif isinstance(member, type) and issubclass(member, Enum):
            found.extend(member)
        else:
            return None
    return tuple(found)


def substitute(form: TypeForm, given: Mapping[TypeForm, TypeForm]) -> TypeForm:
    """Replace type variables in `form`; unknown ones become `Any`."""
    if isinstance(form, typing.TypeVar):
        return given.get(form, ANY)
    args = typing.get_args(form)
    origin = origin_of(form)
    if not args or origin is Literal:
        return form
    if origin is Annotated:
        return substitute(args[0], given)
    if not getattr(form, "__parameters__", ()):
        return form
    new = tuple(arg if arg is Ellipsis else substitute(arg, given) for arg in args)
    if origin in (Union, types.UnionType):
        return union(new)
    try:
        return form[tuple(given.get(p, ANY) for p in form.__parameters__)]
    except TypeError:
        return ANY


def bind_variables(form: TypeForm, actual: TypeForm, given: dict[TypeForm, TypeForm]) -> None:
    """Learn what the type variables of the annotation `form` stand for from an argument."""
    if isinstance(form, typing.TypeVar):
        given[form] = union([given[form], actual]) if form in given else actual
        return
    if origin_of(form) is Annotated:
        form = typing.get_args(form)[0]
    if not getattr(form, "__parameters__", ()):
        return
    if kind_of(form) in ("list", "set") and typing.get_args(form):
        bind_variables(typing.get_args(form)[0], item_type(actual), given)
        return
    if origin_of(form) in (Union, types.UnionType):
        for part in typing.get_args(form):
            if isinstance(part, typing.TypeVar):
                bind_variables(part, without_none(actual), given)
        return
    pairs = zip(typing.get_args(form), typing.get_args(plain(actual)), strict=False)
    for part, other in pairs:
        bind_variables(part, other, given)


def describe(form: TypeForm) -> str:
    """Return `form` as it is written in annotations."""
    parts = members(form)
    if len(parts) > 1:
        return " | ".join(describe(part) for part in parts)
    form = parts[0]
    if form is NONE:
        return "None"
    if form is ANY:
        return "Any"
    args = typing.get_args(form)
    origin = origin_of(form)
    if origin is Literal:
        return f"Literal[{', '.join(repr(arg) for arg in args)}]"
    if args and isinstance(origin, type):
        inner = ", ".join("..." if arg is Ellipsis else describe(arg) for arg in args)
        return f"{origin.__name__}[{inner}]"
    return form.__name__ if isinstance(form, type) else str(form)
