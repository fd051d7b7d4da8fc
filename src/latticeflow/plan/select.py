"""Taking a part of a value: JSON pointers over dicts, lists and the fields of typed objects."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from latticeflow.expr import compile_expression
from latticeflow.expr.types import DYN

Selector = Callable[[Any], Any]


class SelectError(Exception):
    """A value has not the part that an edge takes of it.

    An index outside a list, and a key that is not in a dict, are the errors Python has for them:
    a flow may wait for these.
    """


def compile_select(select: str | None) -> Selector | None:
    """Return the function for an edge's `select`, None for the whole value.

    Raises:
        ValueError: `select` is neither a JSON pointer (RFC 6901) nor `=` and an expression.
    """
    if not select:
        return None
    if select.startswith("="):
        return _expression(select[1:])
    if not select.startswith("/"):
        msg = f"{select!r} is neither a JSON pointer nor an expression"
        raise ValueError(msg)
    tokens = [token.replace("~1", "/").replace("~0", "~") for token in select[1:].split("/")]
    if len(tokens) == 1:
        return _one(tokens[0], select)
    return _path(tokens, select)


def _expression(text: str) -> Selector:
    program = compile_expression(text, {"value": DYN})
    if isinstance(program, tuple):
        msg = "; ".join(issue.message for issue in program)
        raise ValueError(msg)  # noqa: TRY004  (the text is at fault, not a type)

    def select(value: Any) -> Any:
        return program.evaluate({"value": value})

    return select


def _one(token: str, pointer: str) -> Selector:
    def select(value: Any) -> Any:
        if type(value) is dict:
            return value[token]
        return _take(value, token, pointer)

    return select


def _path(tokens: list[str], pointer: str) -> Selector:
    def select(value: Any) -> Any:
        for token in tokens:
            value = _take(value, token, pointer)
        return value

    return select


def _take(value: Any, token: str, pointer: str) -> Any:
    if isinstance(value, Mapping):
        return value[token]
    if isinstance(value, (list, tuple)) and token.lstrip("-").isdigit():
        return value[int(token)]
    try:
        return getattr(value, token)
    except AttributeError:
        raise _missing(pointer, token, value) from None


def _missing(pointer: str, token: str, value: Any) -> SelectError:
    kind = "null" if value is None else type(value).__name__
    return SelectError(f"`{pointer}`: {kind} has no `{token}`")
