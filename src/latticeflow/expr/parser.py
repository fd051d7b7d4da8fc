"""From tokens to a syntax tree, by the grammar of CEL."""

from __future__ import annotations

from typing import cast

from latticeflow.expr import issues
from latticeflow.expr.issues import ExpressionIssue
from latticeflow.expr.lexer import LexError, Token, tokens
from latticeflow.expr.syntax import (
    Binary,
    Call,
    Ident,
    Index,
    ListDisplay,
    Literal,
    MapDisplay,
    Node,
    Select,
    Ternary,
    Unary,
)

MAX_DEPTH = 64
"""How deep an expression may nest; the evaluator's own parser recurses too."""
MAX_TEXT = 20_000
"""How many characters an expression may have."""

INT_MAX = 2**63 - 1
_RELATIONS = frozenset({"<", "<=", ">", ">=", "==", "!=", "in"})
_LEVELS: tuple[frozenset[str], ...] = (
    frozenset({"||"}),
    frozenset({"&&"}),
    _RELATIONS,
    frozenset({"+", "-"}),
    frozenset({"*", "/", "%"}),
)
_RESERVED = frozenset(
    (
        *("as", "break", "const", "continue", "else", "for", "function", "if", "import", "let"),
        *("loop", "package", "namespace", "return", "var", "void", "while"),
    )
)
_CONSTANTS: dict[str, bool | None] = {"true": True, "false": False, "null": None}
_PYTHON_WORDS = {
    "and": "`&&`",
    "or": "`||`",
    "not": "`!`",
    "is": "`==`",
    "if": "`condition ? a : b`",
    "else": "`condition ? a : b`",
}


class _ParseError(Exception):
    def __init__(self, issue: ExpressionIssue) -> None:
        super().__init__(issue.message)
        self.issue = issue


def parse(text: str) -> Node | ExpressionIssue:
    """Parse `text`, or return the first place where it is not an expression."""
    if len(text) > MAX_TEXT:
        message = f"the expression has {len(text)} characters, more than {MAX_TEXT}"
        return ExpressionIssue(issues.TOO_LARGE, message, 0, len(text))
    try:
        return _Parser(text).whole()
    except (_ParseError, LexError) as error:
        return error.issue


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(tokens(text))
        self._position = 0
        self._depth = 0

    def whole(self) -> Node:
        if self._at_end():
            raise self._error("an expression is missing")
        node = self._expression()
        if not self._at_end():
            raise self._unexpected()
        return node

    @property
    def _token(self) -> Token:
        return self._tokens[self._position]

    def _at_end(self) -> bool:
        return self._token.kind == "end"

    def _next(self) -> Token:
        token = self._tokens[self._position]
        self._position += 1
        return token

    def _at(self, operator: str) -> bool:
        token = self._token
        return token.kind == "op" and token.value == operator

    def _take(self, operator: str) -> bool:
        found = self._at(operator)
        if found:
            self._position += 1
        return found

    def _expect(self, operator: str, what: str) -> Token:
        if not self._at(operator):
            raise self._error(f"`{operator}` is missing {what}")
        return self._next()

    def _expression(self) -> Node:
        self._depth += 1
        self._check_depth()
        condition = self._binary(0)
        if self._take("?"):
            then = self._binary(0)
            self._expect(":", "after the first value of `? :`")
            otherwise = self._expression()
            condition = Ternary(condition.start, otherwise.end, condition, then, otherwise)
        self._depth -= 1
        return condition

    def _check_depth(self) -> None:
        if self._depth > MAX_DEPTH:
            token = self._token
            message = f"the expression nests deeper than {MAX_DEPTH}"
            raise _ParseError(ExpressionIssue(issues.TOO_LARGE, message, token.start, token.end))

    def _binary(self, level: int) -> Node:
        if level == len(_LEVELS):
            return self._unary()
        left = self._binary(level + 1)
        while True:
            token = self._token
            if token.kind not in ("op", "ident") or token.value not in _LEVELS[level]:
                return left
            self._position += 1
            right = self._binary(level + 1)
            left = Binary(left.start, right.end, str(token.value), token.start, left, right)

    def _unary(self) -> Node:
        token = self._token
        if token.kind == "op" and token.value in ("!", "-"):
            self._position += 1
            following = self._token
            if token.value == "-" and following.kind in ("int", "float"):
                return self._member(self._number(self._next(), sign=token))
            self._depth += 1
            self._check_depth()
            operand = self._unary()
            self._depth -= 1
            return Unary(token.start, operand.end, "!" if token.value == "!" else "-", operand)
        return self._member(self._primary())

    def _member(self, node: Node) -> Node:
        while True:
            if self._take("."):
                node = self._selection(node)
            elif self._take("["):
                index = self._expression()
                closing = self._expect("]", "after the index")
                node = Index(node.start, closing.end, node, index)
            elif self._at("{") and isinstance(node, Ident | Select):
                raise self._portable_error("messages have no literal form", node.start)
            else:
                return node

    def _selection(self, node: Node) -> Node:
        if self._at("?"):
            raise self._portable_error("`.?` is not part of the portable profile", node.start)
        token = self._next()
        if token.kind not in ("ident", "quoted"):
            self._position -= 1
            raise self._error("the name of a field is missing after `.`")
        name = str(token.value)
        if token.kind == "ident" and self._take("("):
            args, end = self._arguments(")")
            return Call(node.start, end, name, token.start, node, args)
        return Select(node.start, token.end, node, name, token.start)

    def _arguments(self, closing: str) -> tuple[tuple[Node, ...], int]:
        items: list[Node] = []
        while not self._at(closing):
            items.append(self._expression())
            if not self._take(","):
                break
        token = self._expect(closing, "at the end of the list")
        return tuple(items), token.end

    def _primary(self) -> Node:
        token = self._next()
        if token.kind in ("string", "bytes"):
            return Literal(token.start, token.end, token.value)
        if token.kind in ("int", "float"):
            return self._number(token, sign=None)
        if token.kind == "uint":
            message = "unsigned numbers are not part of the portable profile"
            raise self._portable_error(message, token.start, "leave out the `u`")
        if token.kind == "ident":
            return self._name(token)
        if token.kind == "op" and token.value == "(":
            inner = self._expression()
            closing = self._expect(")", "to close the parenthesis")
            inner.start, inner.end = token.start, closing.end
            return inner
        if token.kind == "op" and token.value == "[":
            items, end = self._arguments("]")
            return ListDisplay(token.start, end, items)
        if token.kind == "op" and token.value == "{":
            return self._map(token)
        self._position -= 1
        raise self._unexpected()

    def _name(self, token: Token) -> Node:
        name = str(token.value)
        if name in _CONSTANTS:
            return Literal(token.start, token.end, _CONSTANTS[name])
        if name in _RESERVED or name == "in":
            self._position -= 1
            raise self._unexpected()
        if self._take("("):
            args, end = self._arguments(")")
            return Call(token.start, end, name, token.start, None, args)
        return Ident(token.start, token.end, name)

    def _map(self, opening: Token) -> Node:
        entries: list[tuple[Node, Node]] = []
        while not self._at("}"):
            key = self._expression()
            self._expect(":", "between key and value")
            entries.append((key, self._expression()))
            if not self._take(","):
                break
        closing = self._expect("}", "at the end of the map")
        return MapDisplay(opening.start, closing.end, tuple(entries))

    def _number(self, token: Token, *, sign: Token | None) -> Node:
        value = cast("int | float", token.value)  # kinds "int" and "float" hold numbers
        start = sign.start if sign else token.start
        if sign:
            value = -value
        too_large = isinstance(value, int) and not -INT_MAX - 1 <= value <= INT_MAX
        if too_large or value in (float("inf"), float("-inf")):
            message = f"`{self._text[start : token.end]}` does not fit in 64 bits"
            raise _ParseError(ExpressionIssue(issues.BAD_LITERAL, message, start, token.end))
        return Literal(start, token.end, value)

    def _unexpected(self) -> _ParseError:
        token = self._token
        if token.kind == "end":
            return self._error("the expression ends too early")
        text = self._text[token.start : token.end]
        hint = _PYTHON_WORDS.get(text)
        return self._error(f"`{text}` is not expected here", hint and f"write {hint}")

    def _error(self, message: str, hint: str | None = None) -> _ParseError:
        token = self._token
        end = max(token.end, token.start + 1) if token.kind != "end" else token.end
        return _ParseError(ExpressionIssue(issues.SYNTAX, message, token.start, end, hint))

    def _portable_error(self, message: str, start: int, hint: str | None = None) -> _ParseError:
        token = self._tokens[max(self._position - 1, 0)]
        end = max(token.end, start + 1)
        return _ParseError(ExpressionIssue(issues.NOT_PORTABLE, message, start, end, hint))
