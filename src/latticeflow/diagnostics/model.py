"""A finding as data: what, how bad, where, why, and how to repair it.

A `Diagnostic` maps one to one to LSP and SARIF. Lines and columns count from 1, columns in
characters (code points), and the end of a range is exclusive.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

import msgspec


class Severity(StrEnum):
    """How bad a finding is. Only errors stop a flow, unless a check is strict."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"
    HINT = "hint"

    @property
    def rank(self) -> int:
        """Order severities, the worst first (error is 0)."""
        return _RANKS[self]


_RANKS = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2, Severity.HINT: 3}


class Position(msgspec.Struct, frozen=True, order=True):
    """A place in a text; line and column count from 1, columns in characters."""

    line: int
    column: int


class Range(msgspec.Struct, frozen=True, order=True):
    """A stretch of a text; `end` is exclusive and not before `start`."""

    start: Position
    end: Position

    @classmethod
    def of(cls, line: int, column: int, end_line: int, end_column: int) -> Range:
        """Build a range from its four numbers."""
        return cls(Position(line, column), Position(end_line, end_column))


class Location(msgspec.Struct, frozen=True):
    """Where a finding is: in a file, in the Flow IR (JSON pointer), or in a run's step."""

    file: str | None = None
    range: Range | None = None
    pointer: str | None = None
    run: str | None = None
    step: str | None = None


class Edit(msgspec.Struct, frozen=True):
    """Replace one range of one file by a text; an empty range inserts."""

    file: str
    range: Range
    new_text: str


class Fix(msgspec.Struct, frozen=True):
    """A repair a machine can apply. `safe` keeps the meaning; `unsafe` may change it."""

    title: str
    edits: tuple[Edit, ...]
    applicability: Literal["safe", "unsafe"] = "safe"


class Related(msgspec.Struct, frozen=True):
    """Another place that helps to understand a finding."""

    message: str
    location: Location


class Diagnostic(msgspec.Struct, frozen=True):
    """One coded finding. `message` is one line and stands alone; `hint` says what to do."""

    code: str
    severity: Severity
    message: str
    location: Location | None = None
    related: tuple[Related, ...] = ()
    hint: str | None = None
    fix: Fix | None = None
    url: str = ""

    @property
    def is_error(self) -> bool:
        """Tell whether the finding stops a flow."""
        return self.severity is Severity.ERROR
