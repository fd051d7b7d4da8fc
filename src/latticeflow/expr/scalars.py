"""Single values, as their declared type takes them."""

from __future__ import annotations

import base64
import uuid
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from latticeflow.expr.times import read_duration, read_timestamp, write_timestamp
from latticeflow.expr.types import Timestamp, Type, describe

INT_MIN, INT_MAX = -(2**63), 2**63 - 1


class UnfitError(Exception):
    """A value does not fit; the text goes on from the name of the value."""


_KINDS = {type(None): "null", str: "string", float: "double", dict: "map", tuple: "list"}


def kind_of(value: object) -> str:
    """Return what kind of value `value` is, as messages call it."""
    return _KINDS.get(type(value), type(value).__name__)


def unfit_error(value: object, type_: Type) -> UnfitError:
    """Return the error that `value` is none of `type_`."""
    return UnfitError(f"is {kind_of(value)}, not {describe(type_)}")


def refuse(value: object, type_: Type) -> object:
    """Raise that `value` is none of `type_`."""
    raise unfit_error(value, type_)


def as_int(value: object, type_: Type) -> int:
    """Return `value` as a whole number of 64 bits; `3.0` is one, `True` is none."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise unfit_error(value, type_)
    if not INT_MIN <= value <= INT_MAX:
        message = "does not fit in 64 bits"
        raise UnfitError(message)
    return int(value)


def as_double(value: object, type_: Type) -> float:
    """Return `value` as a number with a fraction."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise unfit_error(value, type_)
    try:
        return float(value)
    except OverflowError:
        message = "does not fit in a double"
        raise UnfitError(message) from None


def as_text(value: object, type_: Type) -> str:
    """Return `value` as text; dates, UUIDs and decimals in their standard form."""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, date | time) and not isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, uuid.UUID | Decimal):
        return str(value)
    if isinstance(value, datetime):
        return write_timestamp(as_timestamp(value, Timestamp()))
    raise unfit_error(value, type_)


def as_bytes(value: object, type_: Type) -> bytes:
    """Return `value` as bytes; text is read as base64."""
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    if isinstance(value, str):
        try:
            return base64.b64decode(value, validate=True)
        except ValueError:
            message = "is not base64"
            raise UnfitError(message) from None
    raise unfit_error(value, type_)


def as_timestamp(value: object, type_: Type) -> datetime:
    """Return `value` as a moment; it must name its time zone."""
    if isinstance(value, str):
        moment = read_timestamp(value)
        if moment is None:
            message = "is not a timestamp in RFC 3339"
            raise UnfitError(message)
        return moment
    if not isinstance(value, datetime):
        raise unfit_error(value, type_)
    if value.tzinfo is None:
        message = "is a datetime without a time zone"
        raise UnfitError(message)
    return value


def as_duration(value: object, type_: Type) -> timedelta:
    """Return `value` as a span of time."""
    if isinstance(value, timedelta):
        return value
    length = read_duration(value) if isinstance(value, str) else None
    if length is None:
        raise unfit_error(value, type_)
    return length
