"""Times as text: RFC 3339 timestamps, and durations as CEL and as JSON write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

# Texts, compiled by `re` when they are first needed: most flows have no time in an expression.
_TIMESTAMP = r"(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?([Zz]|[+-]\d\d:\d\d)"
_PART = r"(\d+(?:\.\d*)?|\.\d+)(h|ms|us|µs|ns|m|s)"
_ISO = (
    r"([+-])?P(?:(\d+)W)?(?:(\d+(?:\.\d+)?)D)?"
    r"(?:T(?:(\d+(?:\.\d+)?)H)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)S)?)?"
)
_MICROSECONDS = {
    "h": 3_600_000_000,
    "m": 60_000_000,
    "s": 1_000_000,
    "ms": 1_000,
    "us": 1,
    "µs": 1,
    "ns": 0.001,
}


def read_timestamp(text: str) -> datetime | None:
    """Read RFC 3339, which always names its offset; None if `text` is something else."""
    match = re.fullmatch(_TIMESTAMP, text)
    if match is None:
        return None
    day, clock, fraction, offset = match.groups()
    micros = (fraction or "")[:6].ljust(6, "0")
    zone = "+00:00" if offset in "Zz" else offset
    try:
        return datetime.fromisoformat(f"{day}T{clock}.{micros}{zone}").astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def read_duration(text: str) -> timedelta | None:
    """Read `1h30m`, `-1.5s` and the like, or ISO 8601 (`PT90M`); None for anything else."""
    sign = -1 if text.startswith("-") else 1
    body = text[1:] if text[:1] in "+-" and text[:1] else text
    if body == "0":
        return timedelta(0)
    if "P" in body:
        return _read_iso(text)
    total: float = 0
    position = 0
    part = re.compile(_PART)
    while position < len(body):
        match = part.match(body, position)
        if match is None:
            return None
        amount, unit = match.groups()
        scale = _MICROSECONDS[unit]
        total += (int(amount) if amount.isdigit() else float(amount)) * scale
        position = match.end()
    if not body:
        return None
    try:
        return sign * timedelta(microseconds=total)
    except OverflowError:
        return None


def _read_iso(text: str) -> timedelta | None:
    match = re.fullmatch(_ISO, text)
    if match is None or text[-1] in "PT":
        return None
    sign, weeks, days, hours, minutes, seconds = match.groups()
    length = timedelta(
        weeks=int(weeks or 0),
        days=float(days or 0),
        hours=float(hours or 0),
        minutes=float(minutes or 0),
        seconds=float(seconds or 0),
    )
    return -length if sign == "-" else length


def write_timestamp(moment: datetime) -> str:
    """Write `moment` in UTC, with as many digits of the second as it has."""
    text = moment.astimezone(UTC).replace(tzinfo=None).isoformat()
    return f"{text.rstrip('0') if '.' in text else text}Z"


def write_duration(length: timedelta) -> str:
    """Write `length` in seconds, such as `5400s` or `-0.5s`."""
    micros = length // timedelta(microseconds=1)
    whole, rest = divmod(abs(micros), 1_000_000)
    fraction = f".{rest:06d}".rstrip("0") if rest else ""
    return f"{'-' if micros < 0 else ''}{whole}{fraction}s"
