"""From TOML text to values and places; what can't be read is reported, the rest goes on.

Values come from `tomllib`, places from the syntax tree of tree-sitter. Where `tomllib` stops, the
statement there is blanked out and it is asked again.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from latticeflow.authoring.toml.places import Document, Path, Place, Text
from latticeflow.diagnostics import Diagnostic, report

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

MAX_ERRORS = 50
"""After so many unreadable statements the rest of a file is left alone."""

_LONG_QUOTES = re.compile("\"\"\"|'''")
_AT = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_ESCAPES = {"b": 1, "t": 1, "n": 1, "f": 1, "r": 1, '"': 1, "\\": 1, "e": 1, "u": 5, "U": 9, "x": 3}


def parse_toml(content: str, file: str) -> tuple[Document, list[Diagnostic]]:
    """Read `content`.

    Args:
        content: TOML, whole or broken.
        file: its name in diagnostics.

    Returns:
        The document of all statements that can be read, and a TOML001 or TOML019 for each that
        can't.
    """
    content = content.replace("\r\n", "\n")
    text = Text(file, content.removeprefix("\ufeff"))
    found: list[Diagnostic] = []
    readable = text.content
    values: dict[str, object] = {}
    while len(found) < MAX_ERRORS:
        try:
            values = tomllib.loads(readable)
            break
        except tomllib.TOMLDecodeError as error:
            diagnostic, start, end = _judge(text, readable, str(error))
            found.append(diagnostic)
            blanked = _blank(readable, start, end)
            if blanked == readable:
                break
            readable = blanked
    tree = _Places(text, readable)
    tree.read()
    beginning = Place(text, 0, min(1, len(text.content)))
    return Document(values, tree.keys, tree.values, beginning), found


def _judge(text: Text, readable: str, message: str) -> tuple[Diagnostic, int, int]:
    """Return the finding for an error of `tomllib` and the stretch to leave out."""
    match = _AT.search(message)
    why = message[: match.start()] if match else message
    if "Cannot overwrite" in why or "twice" in why or "Duplicate" in why:
        twice = _first_double(text, readable)
        if twice is not None:
            name, place, start, end = twice
            return report("TOML019", key=name, location=place.location()), start, end
    if match is not None and match[1]:
        offset = text.offset(int(match[1]), int(match[2]))
    else:
        offset = len(readable.rstrip())
    quotes = _LONG_QUOTES.search(why)
    if quotes is not None and match is not None and not match[1]:
        # A long text that is never closed takes the rest of the file with it.
        offset = readable.rfind(quotes[0])
        start, end = readable.rfind("\n", 0, offset) + 1, len(readable)
    else:
        start, end = _statement(readable, offset)
    at = min(offset, end)
    place = Place(text, at, min(at + 1, len(text.content)))
    return report("TOML001", why=_worded(why), location=place.location()), start, end


def _worded(why: str) -> str:
    why = why.replace("Illegal character '\\n'", "a text is not closed on its line")
    why = why.replace("Unescaped '\\' in a string", "a backslash in a text must be written `\\\\`")
    return why[:1].lower() + why[1:]


def _statement(readable: str, offset: int) -> tuple[int, int]:
    """Return the statement at `offset`: what the syntax tree says, or the line."""
    line_start = readable.rfind("\n", 0, offset) + 1
    line_end = readable.find("\n", offset)
    line_end = len(readable) if line_end < 0 else line_end
    if not readable[line_start:line_end].strip():
        # The error stands where the text ends: blame the last line that says something.
        stripped = len(readable[:line_end].rstrip())
        line_start = readable.rfind("\n", 0, stripped) + 1
        line_end = stripped
        offset = line_start
    tree = _parse(readable)
    offsets = _Bytes(readable)
    for node in _walk(tree):
        start, end = offsets.character(node.start_byte), offsets.character(node.end_byte)
        whole = node.type == "pair" and not node.has_error
        if whole and start <= offset < end and start <= line_start:
            return start, max(end, line_end)
    opening = _unclosed(readable, line_start)
    return (line_start if opening is None else opening), line_end


def _unclosed(readable: str, line_start: int) -> int | None:
    """Return where the list begins that was still open when a line began."""
    before = readable[:line_start].rstrip()
    last = before.rfind("\n") + 1
    head = before[last:]
    if head.endswith(("[", ",")) and "=" in head:
        return last
    return None


def _first_double(text: Text, readable: str) -> tuple[str, Place, int, int] | None:
    """Find the first key or table that is given a second time."""
    tree = _Places(text, readable)
    tree.read()
    for path, place, start, end in tree.doubles:
        return ".".join(map(str, path)), place, start, end
    return None


def _blank(readable: str, start: int, end: int) -> str:
    """Replace a stretch by spaces, so that all other offsets stay as they are."""
    kept = "".join("\n" if character == "\n" else " " for character in readable[start:end])
    return readable[:start] + kept + readable[end:]


@lru_cache(maxsize=1)
def _parser() -> Parser:
    import tree_sitter
    import tree_sitter_toml

    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_toml.language()))


def _parse(content: str) -> Node:
    return _parser().parse(content.encode()).root_node


def _walk(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from _walk(child)


class _Bytes:
    """From byte offsets of the syntax tree to offsets in characters."""

    def __init__(self, content: str) -> None:
        self._offsets: list[int] | None = None
        if not content.isascii():
            self._offsets = []
            for index, character in enumerate(content):
                self._offsets.extend([index] * len(character.encode()))
            self._offsets.append(len(content))

    def character(self, byte: int) -> int:
        """Return the character that holds `byte`."""
        if self._offsets is None:
            return byte
        return self._offsets[min(byte, len(self._offsets) - 1)]


@dataclass(slots=True)
class _Places:
    """Reads the places of all keys and values from the syntax tree."""

    text: Text
    readable: str
    keys: dict[Path, Place] = field(default_factory=dict)
    values: dict[Path, Place] = field(default_factory=dict)
    doubles: list[tuple[Path, Place, int, int]] = field(default_factory=list)
    _lists: dict[Path, int] = field(default_factory=dict)
    _offsets: _Bytes = field(init=False)

    def read(self) -> None:
        self._offsets = _Bytes(self.readable)
        root = _parse(self.readable)
        for node in root.children:
            if node.type == "pair":
                self._pair((), node)
            elif node.type in ("table", "table_array_element"):
                self._table(node)

    def _place(self, node: Node) -> Place:
        start = self._offsets.character(node.start_byte)
        return Place(self.text, start, self._offsets.character(node.end_byte))

    def _table(self, node: Node) -> None:
        name = next((child for child in node.children if child.type in _KEYS), None)
        if name is None:
            return
        steps = self._key_steps(name)
        path = self._resolved([step for step, _ in steps])
        if node.type == "table_array_element":
            index = self._lists[path] = self._lists.get(path, -1) + 1
            path = (*path, index)
        elif path in self.values:
            self._double(path, steps[-1][1], node)
        for length, (_, place) in enumerate(steps, start=1):
            self.keys.setdefault(self._resolved([step for step, _ in steps[:length]]), place)
        self.keys.setdefault(path, steps[-1][1])
        self.values.setdefault(path, self._header(node, name))
        for child in node.children:
            if child.type == "pair":
                self._pair(path, child)

    def _header(self, node: Node, name: Node) -> Place:
        start = self._offsets.character(node.start_byte)
        width = 2 if node.type == "table_array_element" else 1
        return Place(self.text, start, self._offsets.character(name.end_byte) + width)

    def _resolved(self, steps: list[str]) -> Path:
        """Return the path of a header's key, which goes through the last item of each list."""
        path: Path = ()
        for position, step in enumerate(steps):
            path = (*path, step)
            if path in self._lists and position < len(steps) - 1:
                path = (*path, self._lists[path])
        return path

    def _pair(self, prefix: Path, node: Node) -> None:
        name = next((child for child in node.children if child.type in _KEYS), None)
        if name is None:
            return
        steps = self._key_steps(name)
        path = prefix
        for step, place in steps:
            path = (*path, step)
            known = self.keys.setdefault(path, place)
            if step is steps[-1][0] and known is not place and place is steps[-1][1]:
                self._double(path, place, node)
        value = next(child for child in reversed(node.children) if child.type != "comment")
        if value.type not in _KEYS and value.type not in ("=", "ERROR"):
            self._value(path, value)

    def _double(self, path: Path, place: Place, node: Node) -> None:
        start = self._offsets.character(node.start_byte)
        end = self._offsets.character(node.end_byte)
        self.doubles.append((path, place, start, end))

    def _value(self, path: Path, node: Node) -> None:
        place = self._place(node)
        if node.type == "string":
            content = _content(self.readable, place.start, place.end)
            place = Place(self.text, place.start, place.end, content)
        self.values[path] = place
        if node.type == "array":
            items = [child for child in node.children if child.is_named and child.type != "comment"]
            for index, item in enumerate(items):
                self._value((*path, index), item)
        elif node.type == "inline_table":
            for child in node.children:
                if child.type == "pair":
                    self._pair(path, child)

    def _key_steps(self, node: Node) -> list[tuple[str, Place]]:
        if node.type == "dotted_key":
            return [
                step
                for child in node.children
                if child.type in _KEYS
                for step in self._key_steps(child)
            ]
        place = self._place(node)
        source = self.readable[place.start : place.end]
        if node.type == "quoted_key":
            return [(_decoded(source), place)]
        return [(source, place)]


_KEYS = frozenset({"bare_key", "quoted_key", "dotted_key"})


def _decoded(source: str) -> str:
    try:
        return str(tomllib.loads(f"k = {source}")["k"])
    except tomllib.TOMLDecodeError:
        return source[1:-1]


def _content(source: str, start: int, end: int) -> tuple[int, ...]:
    """Return the offset of each character of the text value written at `start`, and of its end."""
    quote = source[start : start + 1]
    width = 3 if source.startswith(quote * 3, start) and end - start >= 6 else 1
    position, stop = start + width, end - width
    offsets: list[int] = []
    if width == 3 and source.startswith("\n", position):
        position += 1
    while position < stop:
        if quote == '"' and source[position] == "\\":
            following = source[position + 1]
            if following not in _ESCAPES:
                # A backslash at the end of a line swallows the white space that follows it.
                position += 1
                while position < stop and source[position] in " \t\n":
                    position += 1
                continue
            offsets.append(position)
            position += 1 + _ESCAPES[following]
            continue
        offsets.append(position)
        position += 1
    return (*offsets, stop)
