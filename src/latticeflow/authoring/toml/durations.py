"""Durations as workflow.toml writes them."""

from __future__ import annotations

import re

_UNITS_MS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|[smhdw])")
PATTERN = r"^\s*(\d+(\.\d+)?\s*(ms|[smhdw])\s*)+$"
"""What a duration looks like, for the schema."""

_WHOLE = re.compile(PATTERN)


def read_ms(text: str) -> int | None:
    """Return the milliseconds that `"250ms"`, `"30s"`, `"1h30m"` or `"7d"` stand for, or None."""
    if not _WHOLE.match(text):
        return None
    total = sum(float(amount) * _UNITS_MS[unit] for amount, unit in _PART.findall(text))
    return round(total)
