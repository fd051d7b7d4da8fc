"""Durations as people write them."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TypeAlias

Duration: TypeAlias = str | timedelta
"""`"250ms"`, `"30s"`, `"1h30m"`, `"2d"`, `"1w"`, ISO 8601 (`"PT30S"`), or a `timedelta`."""

# A real union, not a quoted one: `get_type_hints` has to evaluate `Duration | None`.

_UNITS = {
    "ms": timedelta(milliseconds=1),
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
# Texts, compiled by `re` when they are first needed: most flows name no duration.
_PART = r"(\d+(?:\.\d+)?)(ms|s|m|h|d|w)"
_SHORT = r"(?:\d+(?:\.\d+)?(?:ms|[smhdw]))+"
_ISO = (
    r"P(?:(?P<w>\d+)W)?(?:(?P<d>\d+)D)?"
    r"(?:T(?:(?P<h>\d+)H)?(?:(?P<m>\d+)M)?(?:(?P<s>\d+(?:\.\d+)?)S)?)?"
)


def parse_duration(given: Duration) -> timedelta:
    """Read a duration; its finest grain is the millisecond.

    Raises:
        ValueError: It is no duration, or it is negative.
    """
    found = given if isinstance(given, timedelta) else _parse_text(given)
    if found < timedelta(0):
        raise ValueError(f"{given!r} is negative")
    return found


def duration_ms(given: Duration) -> int:
    """Return a duration in whole milliseconds, rounded up so that no wait is cut short.

    Raises:
        ValueError: It is no duration, or it is negative.
    """
    # Floor division of the negative: rounds up, exactly, in integers.
    return -(-parse_duration(given) // timedelta(milliseconds=1))


def _parse_text(text: str) -> timedelta:
    # A caller without a type checker may pass anything.
    short = str(text).strip().replace(" ", "")
    if re.fullmatch(_SHORT, short):
        parts = re.findall(_PART, short)
        return sum((float(count) * _UNITS[unit] for count, unit in parts), timedelta(0))
    iso = re.fullmatch(_ISO, short)
    if iso and any(iso.groupdict().values()):
        found = iso.groupdict(default="0")
        return sum((float(found[unit]) * _UNITS[unit] for unit in "wdhms"), timedelta(0))
    return _refuse(text)


def _refuse(given: object) -> timedelta:
    raise ValueError(f'{given!r} is no duration; write "250ms", "30s", "5m", "2h", "3d" or "1w"')
