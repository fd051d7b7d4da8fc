"""From Python values to what the evaluator takes, by the declared types.

Only the parts that an expression uses are read. Values may be dicts and lists, dataclasses,
msgspec Structs, pydantic models, or anything with attributes.
"""

from __future__ import annotations

import base64
import dataclasses
import enum
import uuid
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date, datetime, time, timedelta
from decimal import Decimal

import msgspec

from latticeflow.expr import issues
from latticeflow.expr.issues import ExpressionError
from latticeflow.expr.times import (
    read_duration,
    read_timestamp,
    write_duration,
    write_timestamp,
)
from latticeflow.expr.types import (
    Bool,
    Bytes,
    Double,
    Duration,
    Dyn,
    Int,
    List,
    Map,
    Null,
    Record,
    String,
    Timestamp,
    Type,
    Union,
    describe,
    without_null,
)
from latticeflow.expr.uses import Path, Slot, Step, Use

INT_MIN, INT_MAX = -(2**63), 2**63 - 1
MAX_DEPTH = 128
"""How deep a value may nest; deeper ones (or ones that hold themselves) are refused."""

_WHOLE = Use(whole=True)


class AbsentError(Exception):
    """There is nothing at a step of a path."""


def read_slot(slot: Slot, bindings: Mapping[str, object]) -> object:
    """Return the value of `slot` for the evaluator.

    Raises:
        ExpressionError: nothing is there (EXPR102), or it does not fit its type (EXPR106).
    """
    if slot.kind == "has":
        return _is_present(slot.path, bindings)
    value = follow(slot.path, bindings)
    if slot.kind == "size":
        return _size(value, slot.path)
    try:
        return _Converter().convert(value, slot.type, slot.use, native=True)
    except _UnfitError as unfit:
        message = f"`{path_text(slot.path)}` {unfit}"
        raise ExpressionError(issues.BAD_BINDING, message) from None


def read_path(slot: Slot, bindings: Mapping[str, object]) -> object:
    """Return the value at the path of `slot` as plain Python; a time that may be null is a time.

    Raises:
        ExpressionError: as `read_slot`.
    """
    type_ = slot.type
    if isinstance(type_, Union) and follow(slot.path, bindings) is not None:
        type_ = without_null(type_)
    plain = Slot(slot.name, slot.path, "value", type_, _WHOLE)
    return read_slot(plain, bindings)


def misfit(value: object, type_: Type) -> str | None:
    """Say why `value` is none of `type_`, such as "is text, not int"; None if it is one."""
    try:
        _Converter().convert(value, type_, _WHOLE, native=True)
    except _UnfitError as unfit:
        return str(unfit)
    return None


def follow(path: Path, bindings: Mapping[str, object]) -> object:
    """Return the value at `path`.

    Raises:
        ExpressionError: EXPR102, nothing is there.
    """
    value: object = bindings
    for index, step in enumerate(path):
        try:
            value = part_of(value, step)
        except AbsentError:
            owner, missing = path_text(path[:index]), path_text(path[: index + 1])
            message = f"`{missing}` has no value"
            if index and value is None:
                message = f"`{owner}` is null, so there is no `{missing}`"
            raise ExpressionError(issues.NO_SUCH_KEY, message) from None
    return value


def path_text(path: Path) -> str:
    """Return `path` as it is written in an expression."""
    parts = [str(path[0])] if path else []
    for step in path[1:]:
        if isinstance(step, str) and step.isidentifier():
            parts.append(f".{step}")
        else:
            parts.append(f'["{step}"]' if isinstance(step, str) else f"[{step}]")
    return "".join(parts)


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
            if not isinstance(key, str) and _key(key) == step:
                return value[key]
        raise AbsentError from None


def part_names(value: object) -> tuple[str, ...]:
    """Return the names of the fields or keys of `value`; none if it has no such parts."""
    if isinstance(value, Mapping):
        return tuple(map(_key, value))
    return tuple(_attribute_names(type(value)))


_ATTRIBUTES: dict[type, dict[str, str]] = {}


def _attribute(kind: type, name: str) -> str:
    """Return the attribute that holds the field which JSON calls `name`."""
    names = _ATTRIBUTES.get(kind)
    if names is None:
        names = _ATTRIBUTES[kind] = _attribute_names(kind)
    return names.get(name, name)


def _attribute_names(kind: type) -> dict[str, str]:
    if issubclass(kind, msgspec.Struct):
        return dict(zip(kind.__struct_encode_fields__, kind.__struct_fields__, strict=True))
    if dataclasses.is_dataclass(kind):
        return {field.name: field.name for field in dataclasses.fields(kind)}
    fields = getattr(kind, "model_fields", None)
    if isinstance(fields, Mapping):
        return {getattr(field, "alias", None) or name: name for name, field in fields.items()}
    return {}


def _is_present(path: Path, bindings: Mapping[str, object]) -> bool:
    owner = follow(path[:-1], bindings)
    if owner is None:
        message = f"`{path_text(path[:-1])}` is null"
        raise ExpressionError(issues.NO_SUCH_KEY, message)
    try:
        part_of(owner, path[-1])
    except AbsentError:
        return False
    return True


def _size(value: object, path: Path) -> int:
    if isinstance(value, str | bytes | bytearray | Sequence | Mapping | AbstractSet):
        return len(value)
    names = _attribute_names(type(value))
    if names:
        return len(names)
    message = f"`{path_text(path)}` is {_kind(value)} and has no size"
    raise ExpressionError(issues.WRONG_DYNAMIC_TYPE, message)


_KINDS = {type(None): "null", str: "string", float: "double", dict: "map", tuple: "list"}


def _kind(value: object) -> str:
    return _KINDS.get(type(value), type(value).__name__)


def _key(key: object) -> str:
    if isinstance(key, enum.Enum):
        return _key(key.value)
    if isinstance(key, bool):
        return "true" if key else "false"
    if isinstance(key, datetime):
        return write_timestamp(key)
    return str(key)


class _UnfitError(Exception):
    """A value does not fit; the text goes on from the name of the value."""


class _Converter:
    """Converts one value.

    `native` is false below a record or an untyped value: the evaluator takes no times there, so
    they travel as text.
    """

    def __init__(self) -> None:
        self._depth = 0

    def convert(self, value: object, type_: Type, use: Use, *, native: bool) -> object:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            message = f"nests deeper than {MAX_DEPTH}"
            raise _UnfitError(message)
        if isinstance(value, enum.Enum):
            value = value.value
        found = self._convert(value, type_, use, native)
        self._depth -= 1
        return found

    def _convert(  # noqa: PLR0911 -- one return a type
        self,
        value: object,
        type_: Type,
        use: Use,
        native: bool,  # noqa: FBT001
    ) -> object:
        match type_:
            case Bool():
                return value if isinstance(value, bool) else _refuse(value, type_)
            case Int():
                return _int(value, type_)
            case Double():
                return _double(value, type_)
            case String():
                return _text(value, type_)
            case Bytes():
                return _bytes(value, type_)
            case Timestamp():
                moment = _timestamp(value, type_)
                return moment if native else write_timestamp(moment)
            case Duration():
                length = _duration(value, type_)
                return length if native else write_duration(length)
            case Null():
                return None if value is None else _refuse(value, type_)
            case List():
                return self._list(value, type_.item, use, native)
            case Map():
                return self._map(value, type_, use, native)
            case Record():
                return self._record(value, type_, use)
            case Union():
                return self._member(value, type_, use)
            case Dyn():
                return self._anything(value, use)

    def _list(self, value: object, item: Type, use: Use, native: bool) -> list[object]:  # noqa: FBT001
        if isinstance(value, AbstractSet):
            value = sorted(value, key=repr)
        if not isinstance(value, Sequence) or isinstance(value, str | bytes | bytearray):
            raise _unfit(value, List(item))
        inner = _WHOLE if use.whole else use.items
        if inner is None:
            inner = Use()
        if use.fields and not use.whole:
            inner = _WHOLE
        return [self.convert(each, item, inner, native=native) for each in value]

    def _map(self, value: object, type_: Map, use: Use, native: bool) -> dict[str, object]:  # noqa: FBT001
        if not isinstance(value, Mapping):
            names = _attribute_names(type(value))
            if not names:
                raise _unfit(value, type_)
            value = {name: part_of(value, name) for name in names if _has(value, name)}
        if use.whole or use.items is not None or not use.fields:
            inner = use.items if use.items is not None and not use.whole else _WHOLE
            return {
                _key(key): self.convert(item, type_.value, inner, native=native)
                for key, item in value.items()
            }
        found: dict[str, object] = {}
        for step, below in use.fields.items():
            if _has(value, step):
                item = part_of(value, step)
                found[str(step)] = self.convert(item, type_.value, below, native=native)
        return found

    def _record(self, value: object, type_: Record, use: Use) -> dict[str, object]:
        if value is None or isinstance(value, str | bytes | int | float | list | tuple):
            raise _unfit(value, type_)
        everything = use.whole or use.items is not None
        found: dict[str, object] = {}
        for field in type_.fields:
            below = _WHOLE if everything else use.fields.get(field.name)
            if below is None:
                continue
            try:
                item = part_of(value, field.name)
            except AbsentError:
                if field.required and everything:
                    message = f"has no `{field.name}`"
                    raise _UnfitError(message) from None
                continue
            found[field.name] = self.convert(item, field.type, below, native=False)
        return found

    def _member(self, value: object, type_: Union, use: Use) -> object:
        if value is None and any(isinstance(member, Null) for member in type_.members):
            return None
        for member in sorted(type_.members, key=lambda member: not _is_exact(value, member)):
            depth = self._depth
            try:
                return self.convert(value, member, use, native=False)
            except _UnfitError:
                self._depth = depth
        raise _unfit(value, type_)

    def _anything(self, value: object, use: Use) -> object:  # noqa: PLR0911
        match value:
            case None | bool() | float() | str():
                return value
            case int():
                return _int(value, Int())
            case bytes() | bytearray() | memoryview():
                return bytes(value)
            case datetime():
                return write_timestamp(_timestamp(value, Timestamp()))
            case timedelta():
                return write_duration(value)
            case date() | time() | Decimal() | uuid.UUID():
                return _text(value, String())
            case Mapping():
                return self._map(value, Map(Dyn()), use, native=False)
            case Sequence() | AbstractSet():
                return self._list(value, Dyn(), use, native=False)
        if _attribute_names(type(value)) or hasattr(value, "__dict__"):
            return self._object(value, use)
        raise _unfit(value, Dyn())

    def _object(self, value: object, use: Use) -> dict[str, object]:
        names = list(_attribute_names(type(value))) or list(vars(value))
        if not (use.whole or use.items is not None):
            names = [name for name in use.fields if isinstance(name, str)]
        return {
            name: self.convert(
                part_of(value, name), Dyn(), use.fields.get(name, _WHOLE), native=False
            )
            for name in names
            if _has(value, name)
        }


def _has(value: object, step: Step) -> bool:
    try:
        part_of(value, step)
    except AbsentError:
        return False
    return True


_EXACT: tuple[tuple[type, type[Type]], ...] = (
    (bool, Bool),
    (int, Int),
    (float, Double),
    (datetime, Timestamp),
    (timedelta, Duration),
    (bytes, Bytes),
)


def _is_exact(value: object, type_: Type) -> bool:
    """Tell whether `type_` is the obvious one for `value`, to be tried before other members."""
    if isinstance(value, str):
        return isinstance(type_, String) and (not type_.choices or value in type_.choices)
    if isinstance(value, Mapping):
        fields = type_.fields if isinstance(type_, Record) else ()
        return bool(fields) and all(each.name in value for each in fields if each.required)
    for kind, wanted in _EXACT:
        if isinstance(value, kind):
            return isinstance(type_, wanted)
    return isinstance(type_, Record) and type_.name == type(value).__name__


def _unfit(value: object, type_: Type) -> _UnfitError:
    return _UnfitError(f"is {_kind(value)}, not {describe(type_)}")


def _refuse(value: object, type_: Type) -> object:
    raise _unfit(value, type_)


def _int(value: object, type_: Type) -> int:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise _unfit(value, type_)
    if not INT_MIN <= value <= INT_MAX:
        message = "does not fit in 64 bits"
        raise _UnfitError(message)
    return int(value)


def _double(value: object, type_: Type) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise _unfit(value, type_)
    try:
        return float(value)
    except OverflowError:
        message = "does not fit in a double"
        raise _UnfitError(message) from None


def _text(value: object, type_: Type) -> str:
    if isinstance(value, str):
        return str(value)
    if isinstance(value, date | time) and not isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, uuid.UUID | Decimal):
        return str(value)
    if isinstance(value, datetime):
        return write_timestamp(_timestamp(value, Timestamp()))
    raise _unfit(value, type_)


def _bytes(value: object, type_: Type) -> bytes:
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    if isinstance(value, str):
        try:
            return base64.b64decode(value, validate=True)
        except ValueError:
            message = "is not base64"
            raise _UnfitError(message) from None
    raise _unfit(value, type_)


def _timestamp(value: object, type_: Type) -> datetime:
    if isinstance(value, str):
        moment = read_timestamp(value)
        if moment is None:
            message = "is not a timestamp in RFC 3339"
            raise _UnfitError(message)
        return moment
    if not isinstance(value, datetime):
        raise _unfit(value, type_)
    if value.tzinfo is None:
        message = "is a datetime without a time zone"
        raise _UnfitError(message)
    return value


def _duration(value: object, type_: Type) -> timedelta:
    if isinstance(value, timedelta):
        return value
    length = read_duration(value) if isinstance(value, str) else None
    if length is None:
        raise _unfit(value, type_)
    return length
