"""Text with expressions in it: `Hello ${{ params.name }}`.

`$${{` stands for a plain `${{`. A template that is one expression and nothing else keeps the
type of its value; any other is text.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TypeAlias

import msgspec

from latticeflow.expr import issues
from latticeflow.expr.issues import ExpressionError, ExpressionIssue
from latticeflow.expr.lexer import LexError, tokens
from latticeflow.expr.program import Program, compile_expression
from latticeflow.expr.times import write_duration, write_timestamp
from latticeflow.expr.types import STRING, Type, is_nullable

OPENING, CLOSING, ESCAPED = "${{", "}}", "$${{"


class Text(msgspec.Struct, frozen=True):
    """Plain text between expressions, from `start` to `end` of the template."""

    text: str
    start: int
    end: int


class Hole(msgspec.Struct, frozen=True):
    """An expression; `start` and `end` enclose `${{ }}`, `offset` is where its text begins."""

    expression: str
    start: int
    end: int
    offset: int


Piece: TypeAlias = Text | Hole


def parse_template(text: str) -> tuple[Piece, ...] | ExpressionIssue:
    """Split `text` into plain text and expressions, or return what is wrong with it."""
    pieces: list[Piece] = []
    plain: list[str] = []
    begin = position = 0
    while (found := text.find(OPENING, position)) >= 0:
        if found and text[found - 1] == "$" and found - 1 >= position:
            plain.append(text[position : found - 1] + OPENING)
            position = found + len(OPENING)
            continue
        plain.append(text[position:found])
        if any(plain):
            pieces.append(Text("".join(plain), begin, found))
        plain = []
        hole = _hole(text, found)
        if isinstance(hole, ExpressionIssue):
            return hole
        pieces.append(hole)
        begin = position = hole.end
    plain.append(text[position:])
    if any(plain):
        pieces.append(Text("".join(plain), begin, len(text)))
    return tuple(pieces)


def has_expression(text: str) -> bool:
    """Tell whether `text` is more than plain text: it holds `${{`, escaped or not."""
    return OPENING in text


def _hole(text: str, start: int) -> Hole | ExpressionIssue:
    offset = start + len(OPENING)
    end = _closing(text, offset)
    if end is None:
        message = f"`{OPENING}` is not closed"
        hint = f"close it with `{CLOSING}`; for plain text write `{ESCAPED}`"
        return ExpressionIssue(issues.BAD_TEMPLATE, message, start, offset, hint)
    inner = text[offset:end]
    if not inner.strip():
        message = "there is no expression between the braces"
        return ExpressionIssue(issues.BAD_TEMPLATE, message, start, end + len(CLOSING))
    lead = len(inner) - len(inner.lstrip())
    return Hole(inner.strip(), start, end + len(CLOSING), offset + lead)


def _closing(text: str, offset: int) -> int | None:
    """Return where `}}` closes the expression; braces of maps and in texts do not count."""
    depth = 0
    try:
        for token in tokens(text, offset):
            if token.kind != "op":
                continue
            if token.value == "{":
                depth += 1
            elif token.value == "}":
                if depth == 0:
                    closed = text.startswith(CLOSING, token.start)
                    return token.start if closed else None
                depth -= 1
    except LexError:
        found = text.find(CLOSING, offset)
        return found if found >= 0 else None
    return None


class Template(msgspec.Struct, frozen=True):
    """A checked template. Make it with `compile_template`.

    `parts` are plain texts and programs in their order.
    """

    text: str
    parts: tuple[str | Program, ...]
    type: Type

    @property
    def references(self) -> tuple[tuple[str | int, ...], ...]:
        """The paths of variables that it reads."""
        programs = (part for part in self.parts if isinstance(part, Program))
        return tuple(dict.fromkeys(path for each in programs for path in each.references))

    def evaluate(self, bindings: Mapping[str, object]) -> object:
        """Return the value: that of its only expression, or text.

        Raises:
            ExpressionError: as `Program.evaluate`; also EXPR108 where null would become text.
        """
        if len(self.parts) == 1 and isinstance(self.parts[0], Program):
            return self.parts[0].evaluate(bindings)
        return "".join(
            part if isinstance(part, str) else _as_text(part, bindings) for part in self.parts
        )


def _as_text(program: Program, bindings: Mapping[str, object]) -> str:
    value = program.evaluate(bindings)
    if value is None:
        message = f"`{program.text}` is null, which has no text"
        raise ExpressionError(issues.WRONG_DYNAMIC_TYPE, message)
    return format_value(value)


def compile_template(
    text: str, variables: Mapping[str, Type]
) -> Template | tuple[ExpressionIssue, ...]:
    """Parse and check a template; offsets of issues count from the start of `text`."""
    pieces = parse_template(text)
    if isinstance(pieces, ExpressionIssue):
        return (pieces,)
    parts: list[str | Program] = []
    found: list[ExpressionIssue] = []
    for piece in pieces:
        if isinstance(piece, Text):
            parts.append(piece.text)
            continue
        program = compile_expression(piece.expression, variables)
        if isinstance(program, Program):
            parts.append(program)
            if len(pieces) > 1 and is_nullable(program.type):
                found.append(_null_text(piece))
        else:
            found += [_shifted(issue, piece.offset) for issue in program]
    if found:
        return tuple(found)
    alone = parts[0] if len(parts) == 1 else None
    return Template(text, tuple(parts), alone.type if isinstance(alone, Program) else STRING)


def _null_text(piece: Hole) -> ExpressionIssue:
    text = piece.expression
    message = f"`{text}` may be null, which has no text"
    hint = f'say what then: `{text} != null ? {text} : ""`'
    return ExpressionIssue(
        issues.MAY_BE_NULL, message, piece.offset, piece.offset + len(text), hint
    )


def _shifted(issue: ExpressionIssue, by: int) -> ExpressionIssue:
    return msgspec.structs.replace(issue, offset=issue.offset + by, end=issue.end + by)


def format_value(value: object) -> str:
    """Return a value as text: numbers in their shortest form, times in RFC 3339, lists as JSON.

    Fractions are written as in JavaScript, so every host prints the same: `1` for 1.0, `1e+21`.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return format_double(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, datetime):
        return write_timestamp(value)
    if isinstance(value, timedelta):
        return write_duration(value)
    if isinstance(value, list | dict):
        return json.dumps(
            value, ensure_ascii=False, separators=(",", ":"), sort_keys=True, default=format_value
        )
    return str(value)


def format_double(value: float) -> str:
    """Return the shortest text that reads back as `value`, as ECMAScript writes it."""
    if value != value or value in (float("inf"), float("-inf")):  # noqa: PLR0124 -- NaN
        return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[repr(value)]
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    mantissa, _, exponent = f"{abs(value)!r}".partition("e")
    whole, _, fraction = mantissa.partition(".")
    fraction = fraction.rstrip("0")
    digits = (whole + fraction).lstrip("0")
    point = len(whole) + int(exponent or 0)
    point -= len(whole + fraction) - len(digits) if whole == "0" or not whole else 0
    digits = digits.rstrip("0") or "0"
    return sign + _placed(digits, point)


def _placed(digits: str, point: int) -> str:
    """Place the decimal point after `point` digits, or write an exponent."""
    if len(digits) <= point <= 21:
        return digits + "0" * (point - len(digits))
    if 0 < point <= 21:
        return f"{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"0.{'0' * -point}{digits}"
    rest = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{digits[0]}{rest}e{'+' if point > 0 else '-'}{abs(point - 1)}"
