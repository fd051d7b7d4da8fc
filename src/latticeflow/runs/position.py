"""Where in a run a step stands: a path of aliases and round numbers.

The text form joins the segments with `/`; a round of a body is written behind its alias in
brackets: `each_1[3]/price`. History is keyed by position and attempt, never by completion order.
"""

from __future__ import annotations

import re
from typing import TypeAlias

Position: TypeAlias = tuple[tuple[str, int | None], ...]

_SEGMENT = re.compile(r"^(?P<alias>[^/\[\]]+)(?:\[(?P<round>\d+)\])?$")


def format_position(position: Position) -> str:
    """Return the text form of `position`."""
    return "/".join(alias if number is None else f"{alias}[{number}]" for alias, number in position)


def parse_position(text: str) -> Position:
    """Read the text form of a position.

    Raises:
        ValueError: `text` is not one.
    """
    segments: list[tuple[str, int | None]] = []
    for part in text.split("/"):
        match = _SEGMENT.match(part)
        if match is None:
            msg = f"{text!r} is not a position"
            raise ValueError(msg)
        number = match["round"]
        segments.append((match["alias"], None if number is None else int(number)))
    return tuple(segments)
