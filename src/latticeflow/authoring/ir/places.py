"""Where the values of a JSON text stand, by JSON pointer."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping

from latticeflow.diagnostics import Position, Range
from latticeflow.flow.model import Span

_SPACE = re.compile(r"[ \t\n\r]*")
_SCALAR = re.compile(
    r'"(?:[^"\\]|\\.)*"|-?[0-9][0-9.eE+\-]*|true|false|null|NaN|-?Infinity', re.DOTALL
)


class Places(Mapping[str, Range]):
    """The ranges of the values of a JSON text, the whole one under the empty pointer.

    The text must be JSON. It is walked at the first question, as most texts are never asked of.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._lines = [0]
        self._known: dict[str, tuple[int, int]] = {}

    def __getitem__(self, pointer: str) -> Range:
        start, end = self._offsets[pointer]
        return Range(self._position(start), self._position(end))

    def __contains__(self, pointer: object) -> bool:
        return pointer in self._offsets

    def __iter__(self) -> Iterator[str]:
        return iter(self._offsets)

    def __len__(self) -> int:
        return len(self._offsets)

    @property
    def _offsets(self) -> dict[str, tuple[int, int]]:
        if not self._known:
            self._lines += [found.end() for found in re.finditer("\n", self._text)]
            self._value(self._skip(0), "")
        return self._known

    def _position(self, offset: int) -> Position:
        line = bisect_right(self._lines, offset)
        return Position(line, offset - self._lines[line - 1] + 1)

    def _skip(self, at: int) -> int:
        found = _SPACE.match(self._text, at)
        return at if found is None else found.end()

    def _value(self, at: int, pointer: str) -> int:
        char = self._text[at]
        if char == "{":
            end = self._object(at, pointer)
        elif char == "[":
            end = self._array(at, pointer)
        else:
            end = self._scalar(at)
        self._known[pointer] = (at, end)
        return end

    def _scalar(self, at: int) -> int:
        found = _SCALAR.match(self._text, at)
        return at + 1 if found is None else found.end()

    def _object(self, at: int, pointer: str) -> int:
        at = self._skip(at + 1)
        while self._text[at] != "}":
            if self._text[at] == ",":
                at = self._skip(at + 1)
            end = self._scalar(at)
            name = json.loads(self._text[at:end])
            at = self._skip(self._skip(end) + 1)
            key = name.replace("~", "~0").replace("/", "~1")
            at = self._skip(self._value(at, f"{pointer}/{key}"))
        return at + 1

    def _array(self, at: int, pointer: str) -> int:
        at = self._skip(at + 1)
        index = 0
        while self._text[at] != "]":
            if self._text[at] == ",":
                at = self._skip(at + 1)
            at = self._skip(self._value(at, f"{pointer}/{index}"))
            index += 1
        return at + 1


class PointerSpans(Mapping[str, Span]):
    """Places as a map of spans whose keys are JSON pointers."""

    def __init__(self, places: Places, file: str) -> None:
        self._places = places
        self._file = file

    def __getitem__(self, pointer: str) -> Span:
        # Other keys of spans are names; only a pointer is empty or begins with a slash.
        if pointer and not pointer.startswith("/"):
            raise KeyError(pointer)
        place = self._places[pointer]
        return Span(
            file=self._file,
            line=place.start.line,
            column=place.start.column,
            end_line=place.end.line,
            end_column=place.end.column,
        )

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)
