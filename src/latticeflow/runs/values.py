"""Values in a history: JSON, with the standard text forms for what JSON has no word for."""

from __future__ import annotations

import math
from pathlib import PurePath
from typing import Any

import msgspec


class UnencodableValueError(Exception):
    """A value has no JSON form."""


def encode_value(value: Any) -> bytes:
    """Return the JSON bytes of `value`.

    Dataclasses, structs, named tuples, enums, dates, decimals, UUIDs, bytes (base64), sets and
    pydantic models are understood.

    Raises:
        UnencodableValueError: something in `value` has no JSON form, or is NaN or infinite.
    """
    try:
        encoded = _ENCODER.encode(value)
    except (TypeError, ValueError, RecursionError, msgspec.MsgspecError) as exc:
        msg = f"{type(value).__name__} cannot be kept: {exc}"
        raise UnencodableValueError(msg) from exc
    if b"null" in encoded and _has_non_finite(value):
        msg = "NaN and infinity have no JSON form"
        raise UnencodableValueError(msg)
    return encoded


def decode_value(data: bytes) -> Any:
    """Return the JSON value of `data`."""
    return msgspec.json.decode(data)


def to_json(value: Any) -> Any:
    """Return `value` as plain JSON data."""
    return decode_value(encode_value(value))


def _unknown(value: Any) -> Any:
    dump = getattr(value, "model_dump", None)
    if dump is not None:
        return dump(mode="json")
    if isinstance(value, PurePath):
        return str(value)
    if isinstance(value, BaseException):
        return {"type": type(value).__name__, "message": str(value)}
    kind = type(value)
    msg = f"{kind.__module__}.{kind.__qualname__} has no JSON form"
    raise TypeError(msg)


_ENCODER = msgspec.json.Encoder(enc_hook=_unknown)


def _has_non_finite(value: Any) -> bool:
    stack = [msgspec.to_builtins(value, enc_hook=_unknown)]
    while stack:
        item = stack.pop()
        if isinstance(item, float):
            if not math.isfinite(item):
                return True
        elif isinstance(item, dict):
            stack.extend(item.values())
        elif isinstance(item, (list, tuple)):
            stack.extend(item)
    return False
