"""Where each key and value of a TOML document stands."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import TypeAlias

from latticeflow.diagnostics import Location, Range
from latticeflow.flow.model import Span

Path: TypeAlias = tuple[str | int, ...]
"""Keys and list indexes from the root of a document to a value."""


@dataclass(slots=True)
class Text:
    """A source file: offsets to lines and columns, all counted in characters."""

    file: str
    content: str
    _starts: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._starts = [0]
        for index, character in enumerate(self.content):
            if character == "\n":
                self._starts.append(index + 1)

    def position(self, offset: int) -> tuple[int, int]:
        """Return line and column of `offset`, from 1."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def offset(self, line: int, column: int) -> int:
        """Return the offset of a line and column from 1, kept inside the text."""
        start = self._starts[min(line, len(self._starts)) - 1]
        return min(start + column - 1, len(self.content))

    def line_at(self, offset: int) -> tuple[int, int]:
        """Return where the line of `offset` begins and ends, without its line break."""
        start = self._starts[bisect_right(self._starts, offset) - 1]
        end = self.content.find("\n", start)
        return start, len(self.content) if end < 0 else end


@dataclass(frozen=True, slots=True)
class Place:
    """A stretch of a file. `content` maps each character of a text value to its offset."""

    text: Text
    start: int
    end: int
    content: tuple[int, ...] | None = None

    def part(self, start: int, end: int) -> Place:
        """Return the place of characters `start` to `end` of the text value that stands here."""
        if self.content is None or len(self.content) <= max(start, end):
            return self
        return Place(self.text, self.content[start], max(self.content[end], self.content[start]))

    def location(self) -> Location:
        """Return the place for a diagnostic."""
        line, column = self.text.position(self.start)
        end_line, end_column = self.text.position(max(self.end, self.start))
        return Location(file=self.text.file, range=Range.of(line, column, end_line, end_column))

    def span(self) -> Span:
        """Return the place for the graph."""
        line, column = self.text.position(self.start)
        end_line, end_column = self.text.position(max(self.end, self.start))
        return Span(
            file=self.text.file,
            line=line,
            column=column,
            end_line=end_line,
            end_column=end_column,
        )


@dataclass(slots=True)
class Document:
    """Values and where they stand.

    `keys` holds the place of the key that leads to a value (for a table its header), `values`
    that of the value itself.
    """

    root: dict[str, object]
    keys: dict[Path, Place]
    values: dict[Path, Place]
    start: Place

    def key(self, path: Path) -> Place:
        """Return the place of the last key of `path`, or of the nearest one above."""
        return self._nearest(self.keys, path)

    def value(self, path: Path) -> Place:
        """Return the place of the value at `path`, or of the nearest one above."""
        found = self.values.get(path)
        return found if found is not None else self._nearest(self.keys, path)

    def _nearest(self, places: dict[Path, Place], path: Path) -> Place:
        for length in range(len(path), 0, -1):
            found = places.get(path[:length])
            if found is not None:
                return found
        return self.start
