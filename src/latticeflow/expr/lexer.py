"""From text to tokens, by the lexical grammar of CEL."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

import msgspec

from latticeflow.expr import issues
from latticeflow.expr.issues import ExpressionIssue

TokenKind = Literal["int", "float", "string", "bytes", "ident", "quoted", "op", "uint", "end"]

# Patterns are texts here: compiling them costs a millisecond that a flow without expressions would
# pay at its start. `re` keeps what it has compiled.
_LEXEME = r"""
    (?P<space>[\s]+|//[^\n]*)
  | (?P<text>(?P<prefix>[rR][bB]?|[bB][rR]?)?
        (?:\"\"\"(?:[^\\]|\\[\s\S])*?\"\"\"|'''(?:[^\\]|\\[\s\S])*?'''
          |"(?:[^"\\\n\r]|\\.)*"|'(?:[^'\\\n\r]|\\.)*'))
  | (?P<float>\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|\.\d+(?:[eE][+-]?\d+)?)
  | (?P<int>(?:0[xX][0-9a-fA-F]+|\d+)(?P<unsigned>[uU])?)
  | (?P<ident>[_a-zA-Z][_a-zA-Z0-9]*)
  | `(?P<quoted>[_a-zA-Z0-9.\-/\ ]+)`
  | (?P<op>&&|\|\||==|!=|<=|>=|[-+*/%!<>?:.,()\[\]{}])
    """
_ESCAPE = (
    r"""\\(?:([abfnrtv\\'"`?])|x([0-9a-fA-F]{2})|X([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})"""
    r"""|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|([\s\S]|$))"""
)
_SIMPLE = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
MAX_CODE_POINT = 0x10FFFF


class Token(msgspec.Struct):
    """A token; `value` is what a literal stands for, else its text."""

    kind: TokenKind
    start: int
    end: int
    value: str | bytes | int | float


class LexError(Exception):
    """The text does not begin a token; carries the finding."""

    def __init__(self, issue: ExpressionIssue) -> None:
        super().__init__(issue.message)
        self.issue = issue


def tokens(text: str, start: int = 0) -> Iterator[Token]:
    """Yield the tokens of `text` from `start`, and at the end one of kind `end`.

    Raises:
        LexError: at a character that begins no token.
    """
    match_token = re.compile(_LEXEME, re.VERBOSE).match
    position = start
    while position < len(text):
        match = match_token(text, position)
        if match is None:
            raise LexError(_bad_character(text, position))
        position = match.end()
        if match["space"] is None:
            yield _token(match)
    yield Token("end", len(text), len(text), "")


def _token(match: re.Match[str]) -> Token:
    start, end = match.span()
    if match["text"] is not None:
        return _text_token(match["text"], match["prefix"] or "", start)
    if match["float"] is not None:
        return Token("float", start, end, float(match["float"]))
    if match["int"] is not None:
        if match["unsigned"]:
            return Token("uint", start, end, match["int"])
        digits = match["int"]
        hexadecimal = digits[:2].lower() == "0x"
        return Token("int", start, end, int(digits, 16) if hexadecimal else int(digits, 10))
    if match["ident"] is not None:
        return Token("ident", start, end, match["ident"])
    if match["quoted"] is not None:
        return Token("quoted", start, end, match["quoted"])
    return Token("op", start, end, match["op"])


def _text_token(source: str, prefix: str, start: int) -> Token:
    body = source[len(prefix) :]
    width = 3 if body[:3] in ('"""', "'''") and len(body) >= 6 else 1
    body = body[width:-width]
    binary = "b" in prefix.lower()
    if "r" in prefix.lower():
        value: str | bytes = body.encode() if binary else body
    else:
        value = _unescape(body, start + len(prefix) + width, binary=binary)
    return Token("bytes" if binary else "string", start, start + len(source), value)


def _unescape(body: str, offset: int, *, binary: bool) -> str | bytes:
    if not binary and "\\" not in body:
        return body
    parts: list[bytes] = []
    last = 0
    for match in re.finditer(_ESCAPE, body):
        parts.append(body[last : match.start()].encode())
        last = match.end()
        parts.append(_escape(match, offset, binary=binary))
    parts.append(body[last:].encode())
    joined = b"".join(parts)
    return joined if binary else joined.decode()


def _escape(match: re.Match[str], offset: int, *, binary: bool) -> bytes:
    simple, hex_low, hex_high, short, long, octal, _bad = match.groups()
    if simple is not None:
        return _SIMPLE.get(simple, simple).encode()
    digits = hex_low or hex_high or short or long
    unicode_only = bool(short or long)
    code = int(digits, 16) if digits else int(octal, 8) if octal else -1
    surrogate = 0xD800 <= code <= 0xDFFF
    if code < 0 or code > MAX_CODE_POINT or surrogate or (binary and unicode_only):
        raise LexError(
            ExpressionIssue(
                issues.SYNTAX,
                f"`{match[0]}` is not an escape of {'bytes' if binary else 'text'}",
                offset + match.start(),
                offset + match.end(),
                "write `\\\\` for a backslash, or a raw text: r'…'",
            )
        )
    return bytes([code]) if binary else chr(code).encode()


def _bad_character(text: str, position: int) -> ExpressionIssue:
    character = text[position]
    if character in "\"'" or text[position : position + 2].lower() in {"r'", 'r"', "b'", 'b"'}:
        return ExpressionIssue(
            issues.SYNTAX, "the text is not closed on its line", position, len(text)
        )
    hints = {
        "=": "compare with `==`",
        "&": "write `&&`",
        "|": "write `||`",
        "$": "`${{ }}` stands around an expression, not inside",
    }
    return ExpressionIssue(
        issues.SYNTAX,
        f"`{character}` has no meaning here",
        position,
        position + 1,
        hints.get(character),
    )
