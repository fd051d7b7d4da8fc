"""Diagnostics for people: a header, the place, the lines with carets, and what to do."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable
from pathlib import Path

from latticeflow.diagnostics.model import Diagnostic, Location, Range, Severity

_COLOURS = {
    Severity.ERROR: "\x1b[1;31m",
    Severity.WARNING: "\x1b[1;33m",
    Severity.INFO: "\x1b[1;36m",
    Severity.HINT: "\x1b[1;36m",
}
_BOLD, _BLUE, _RESET = "\x1b[1m", "\x1b[1;34m", "\x1b[0m"
_TAB = 4
_MAX_LINE = 400
_CONTROL_END = 0x20

Sources = Callable[[str], str | None]


def read_source(file: str) -> str | None:
    """Read a file for the code frame, or None when that is not possible."""
    try:
        return Path(file).read_text(encoding="utf-8", errors="replace")
    except (OSError, ValueError):
        return None


def render_text(
    diagnostics: Iterable[Diagnostic],
    *,
    sources: Sources = read_source,
    colour: bool = False,
    summary: bool = True,
) -> str:
    """Return diagnostics as text for a terminal or a log, with a final newline.

    Control characters that come from file names, messages or sources are made visible, so that
    no file can steer the terminal of who reads about it.

    Args:
        diagnostics: What was found, in the order to show.
        sources: Gives a file's text, or None when it has none; asked once per file.
        colour: Whether to write ANSI colours.
        summary: Whether to end with a line that counts errors and warnings.
    """
    cache: dict[str, list[str] | None] = {}

    def lines_of(file: str) -> list[str] | None:
        if file not in cache:
            text = sources(file)
            cache[file] = None if text is None else _split(text)
        return cache[file]

    found = list(diagnostics)
    paint = _paint if colour else _plain
    blocks = [_block(d, lines_of, paint) for d in found]
    if summary and found:
        blocks.append(_summary(found))
    return "\n\n".join(blocks) + "\n" if blocks else ""


def _split(text: str) -> list[str]:
    # Only the line ends that editors and parsers count: str.splitlines also breaks at form feeds.
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


Paint = Callable[[str, str], str]
Lines = Callable[[str], "list[str] | None"]


def _paint(style: str, text: str) -> str:
    return f"{style}{text}{_RESET}"


def _plain(_style: str, text: str) -> str:
    return text


def _block(diagnostic: Diagnostic, lines_of: Lines, paint: Paint) -> str:
    colour = _COLOURS[diagnostic.severity]
    head = paint(colour, f"{diagnostic.severity.value}[{diagnostic.code}]")
    out = [f"{head}: {paint(_BOLD, _visible(diagnostic.message))}"]
    margin = _margin(diagnostic)
    if diagnostic.location:
        out += _place(diagnostic.location, lines_of, margin, paint, colour)
    for related in diagnostic.related:
        out.append(f"{' ' * margin} {paint(_BLUE, '::')} {_visible(related.message)}")
        out += _place(related.location, lines_of, margin, paint, _BLUE)
    bar = f"{' ' * margin} {paint(_BLUE, '=')}"
    if diagnostic.hint:
        out.append(f"{bar} {paint(_BOLD, 'hint')}: {_visible(diagnostic.hint)}")
    if diagnostic.fix:
        out.append(f"{bar} {paint(_BOLD, 'fix')}: {_visible(diagnostic.fix.title)}")
    return "\n".join(out)


def _margin(diagnostic: Diagnostic) -> int:
    places = [diagnostic.location, *(r.location for r in diagnostic.related)]
    ends = [p.range.end.line for p in places if p and p.range]
    return len(str(max(ends, default=1)))


def _place(
    location: Location, lines_of: Lines, margin: int, paint: Paint, colour: str
) -> list[str]:
    out = [f"{' ' * margin}{paint(_BLUE, '-->')} {_visible(_where(location))}"]
    if location.file is None or location.range is None:
        return out
    lines = lines_of(location.file)
    if lines is None or location.range.start.line > len(lines):
        return out
    edge = f"{' ' * margin} {paint(_BLUE, '|')}"
    return [*out, edge, *_frame(lines, location.range, margin, paint, colour)]


def _where(location: Location) -> str:
    parts = []
    if location.file is not None:
        start = location.range.start if location.range else None
        parts.append(f"{location.file}:{start.line}:{start.column}" if start else location.file)
    if location.run is not None:
        parts.append(f"run {location.run}")
    if location.step is not None:
        parts.append(f"step {location.step}")
    if location.pointer is not None and location.file is None:
        parts.append(location.pointer or "the whole document")
    return ", ".join(parts)


def _frame(lines: list[str], span: Range, margin: int, paint: Paint, colour: str) -> list[str]:
    first = span.start.line
    last = min(span.end.line, len(lines))
    # A range that ends before a line's first character does not cover that line.
    if span.end.column <= 1 and last > first:
        last -= 1
    edge = f"{' ' * margin} {paint(_BLUE, '|')}"

    def row(number: int) -> str:
        shown = _expand(lines[number - 1])[:_MAX_LINE]
        return f"{paint(_BLUE, f'{number:>{margin}} |')} {shown}".rstrip()

    def marks(number: int, begin: int, end: int) -> str:
        line = lines[number - 1]
        left = _width(line[: begin - 1])
        width = max(1, _width(line[begin - 1 : end - 1]))
        left, width = min(left, _MAX_LINE), max(1, min(width, _MAX_LINE - left))
        return f"{edge} {' ' * left}{paint(colour, '^' * width)}"

    text = lines[first - 1]
    if last == first:
        end = span.end.column if span.end.line == first else len(text) + 1
        return [row(first), marks(first, span.start.column, end)]
    out = [row(first), marks(first, span.start.column, len(text) + 1)]
    if last - first > 1:
        out.append(f"{paint(_BLUE, '.' * max(3, margin))}")
    closing = lines[last - 1]
    indent = len(closing) - len(closing.lstrip()) + 1
    end = span.end.column if span.end.line == last else len(closing) + 1
    return [*out, row(last), marks(last, min(indent, end), end)]


def _expand(line: str) -> str:
    out: list[str] = []
    column = 0
    for char in line:
        if char == "\t":
            step = _TAB - column % _TAB
            out.append(" " * step)
            column += step
            continue
        out.append(_visible(char))
        column += _cells(char)
    return "".join(out)


def _width(text: str) -> int:
    column = 0
    for char in text:
        column += _TAB - column % _TAB if char == "\t" else _cells(char)
    return column


def _cells(char: str) -> int:
    if char < "\x7f":
        return 1
    if unicodedata.combining(char) or unicodedata.category(char) in {"Mn", "Me"}:
        return 0
    return 2 if unicodedata.east_asian_width(char) in {"W", "F"} else 1


def _visible(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(_visible_char(c) for c in text)


def _visible_char(char: str) -> str:
    if char.isprintable():
        return char
    number = ord(char)
    if number < _CONTROL_END:
        return chr(0x2400 + number)
    return "\N{SYMBOL FOR DELETE}" if number == 0x7F else "\N{REPLACEMENT CHARACTER}"


def _summary(found: list[Diagnostic]) -> str:
    errors = sum(d.severity is Severity.ERROR for d in found)
    warnings = sum(d.severity is Severity.WARNING for d in found)
    notes = len(found) - errors - warnings
    parts = [
        f"{count} {word}{'' if count == 1 else 's'}"
        for count, word in ((errors, "error"), (warnings, "warning"), (notes, "note"))
        if count
    ]
    return ", ".join(parts)
