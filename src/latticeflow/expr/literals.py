"""Constants inside a call that can be judged before a run: patterns, times, time zones."""

from __future__ import annotations

import re
from collections.abc import Sequence

from latticeflow.expr.functions import ZONED
from latticeflow.expr.syntax import Literal, Node
from latticeflow.expr.times import read_duration, read_timestamp
from latticeflow.expr.types import Timestamp, Type, members_of

Problem = tuple[Node, str, str | None]

_OFFSET = re.compile(r"[+-]?\d\d:\d\d")
_UNPORTABLE_PATTERN = re.compile(r"\\[1-9kKpPCQEzZAGh]|\(\?(?!:)|[*+?}]\+|\[\[:")


def is_timestamp(type_: Type) -> bool:
    """Tell whether a value of `type_` may be a timestamp."""
    return any(isinstance(member, Timestamp) for member in members_of(type_))


def problem_in_call(name: str, parts: Sequence[Node]) -> Problem | None:
    """Return what is wrong with the constants given to `name`: place, message, hint.

    Args:
        name: the function called.
        parts: what it is called on, if anything, then its arguments.
    """
    if name == "matches":
        return _pattern_problem(parts[1])
    if name in ZONED and len(parts) == 2:
        return _zone_problem(parts[1])
    value = parts[0].value if parts and isinstance(parts[0], Literal) else None
    if not isinstance(value, str):
        return None
    if name == "timestamp" and read_timestamp(value) is None:
        hint = "write it as RFC 3339 with its offset, such as `2024-05-01T12:00:00Z`"
        return parts[0], f"{value!r} is not a timestamp", hint
    if name == "duration" and (read_duration(value) is None or "P" in value):
        return parts[0], f"{value!r} is not a duration", "for example `90s`, `1h30m`, `250ms`"
    return None


def _pattern_problem(part: Node) -> Problem | None:
    if not isinstance(part, Literal) or not isinstance(part.value, str):
        return part, "the pattern of `matches` must be a constant text", None
    found = _UNPORTABLE_PATTERN.search(part.value)
    if found is not None:
        message = f"`{found[0]}` in the pattern does not mean the same on every host"
        return part, message, "use plain groups `(?:…)`, classes, `*`, `+`, `?`, `{n,m}`"
    try:
        re.compile(part.value)
    except re.error as error:
        return part, f"the pattern is not a regular expression: {error}", None
    return None


def _zone_problem(part: Node) -> Problem | None:
    if not isinstance(part, Literal) or not isinstance(part.value, str):
        return None
    zone = part.value
    if _OFFSET.fullmatch(zone) or zone == "UTC":
        return None
    import zoneinfo  # here, as it reads its search path when imported and few flows name a zone

    try:
        zoneinfo.ZoneInfo(zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return part, f"{zone!r} is not a time zone", "for example `UTC` or `Europe/Berlin`"
    return None
