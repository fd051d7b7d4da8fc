"""From Python values to what the evaluator takes, by the declared types.

Only the parts that an expression uses are read. Values may be dicts and lists, dataclasses,
msgspec Structs, pydantic models, or anything with attributes.
"""

from __future__ import annotations

import enum
import uuid
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from latticeflow.expr import issues
from latticeflow.expr.issues import ExpressionError
from latticeflow.expr.parts import AbsentError, attribute_names, has_part, key_text, part_of
from latticeflow.expr.scalars import (
    UnfitError,
    as_bytes,
    as_double,
    as_duration,
    as_int,
    as_text,
    as_timestamp,
    kind_of,
    refuse,
    unfit_error,
)
from latticeflow.expr.times import (
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
    without_null,
)
from latticeflow.expr.uses import Path, Slot, Use

MAX_DEPTH = 128
"""How deep a value may nest; deeper ones (or ones that hold themselves) are refused."""

_WHOLE = Use(whole=True)


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
    except UnfitError as unfit:
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
    except UnfitError as unfit:
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
    names = attribute_names(type(value))
    if names:
        return len(names)
    message = f"`{path_text(path)}` is {kind_of(value)} and has no size"
    raise ExpressionError(issues.WRONG_DYNAMIC_TYPE, message)


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
            raise UnfitError(message)
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
                return value if isinstance(value, bool) else refuse(value, type_)
            case Int():
                return as_int(value, type_)
            case Double():
                return as_double(value, type_)
            case String():
                return as_text(value, type_)
            case Bytes():
                return as_bytes(value, type_)
            case Timestamp():
                moment = as_timestamp(value, type_)
                return moment if native else write_timestamp(moment)
            case Duration():
                length = as_duration(value, type_)
                return length if native else write_duration(length)
            case Null():
                return None if value is None else refuse(value, type_)
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
            raise unfit_error(value, List(item))
        inner = _WHOLE if use.whole else use.items
        if inner is None:
            inner = Use()
        if use.fields and not use.whole:
            inner = _WHOLE
        return [self.convert(each, item, inner, native=native) for each in value]

    def _map(self, value: object, type_: Map, use: Use, native: bool) -> dict[str, object]:  # noqa: FBT001
        if not isinstance(value, Mapping):
            names = attribute_names(type(value))
            if not names:
                raise unfit_error(value, type_)
            value = {name: part_of(value, name) for name in names if has_part(value, name)}
        if use.whole or use.items is not None or not use.fields:
            inner = use.items if use.items is not None and not use.whole else _WHOLE
            return {
                key_text(key): self.convert(item, type_.value, inner, native=native)
                for key, item in value.items()
            }
        found: dict[str, object] = {}
        for step, below in use.fields.items():
            if has_part(value, step):
                item = part_of(value, step)
                found[str(step)] = self.convert(item, type_.value, below, native=native)
        return found

    def _record(self, value: object, type_: Record, use: Use) -> dict[str, object]:
        if value is None or isinstance(value, str | bytes | int | float | list | tuple):
            raise unfit_error(value, type_)
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
                    raise UnfitError(message) from None
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
            except UnfitError:
                self._depth = depth
        raise unfit_error(value, type_)

    def _anything(self, value: object, use: Use) -> object:  # noqa: PLR0911
        match value:
            case None | bool() | float() | str():
                return value
            case int():
                return as_int(value, Int())
            case bytes() | bytearray() | memoryview():
                return bytes(value)
            case datetime():
                return write_timestamp(as_timestamp(value, Timestamp()))
            case timedelta():
                return write_duration(value)
            case date() | time() | Decimal() | uuid.UUID():
                return as_text(value, String())
            case Mapping():
                return self._map(value, Map(Dyn()), use, native=False)
            case Sequence() | AbstractSet():
                return self._list(value, Dyn(), use, native=False)
        if attribute_names(type(value)) or hasattr(value, "__dict__"):
            return self._object(value, use)
        raise unfit_error(value, Dyn())

    def _object(self, value: object, use: Use) -> dict[str, object]:
        names = list(attribute_names(type(value))) or list(vars(value))
        if not (use.whole or use.items is not None):
            names = [name for name in use.fields if isinstance(name, str)]
        return {
            name: self.convert(
                part_of(value, name), Dyn(), use.fields.get(name, _WHOLE), native=False
            )
            for name in names
            if has_part(value, name)
        }


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
