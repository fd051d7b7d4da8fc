"""Values of TOML as expressions, so that tables with `${{ }}` inside become one expression."""

from __future__ import annotations

import json
from datetime import date, datetime, time

from latticeflow.expr import ExpressionIssue, Hole, has_expression, parse_template


def holds_expression(value: object) -> bool:
    """Tell whether a text somewhere in `value` has a `${{`."""
    if isinstance(value, str):
        return has_expression(value)
    if isinstance(value, list):
        return any(holds_expression(item) for item in value)
    return isinstance(value, dict) and any(holds_expression(item) for item in value.values())


def plain(value: object) -> object:
    """Return `value` as JSON: times become text, escaped `$${{` becomes `${{`."""
    if isinstance(value, str):
        pieces = parse_template(value)
        if isinstance(pieces, ExpressionIssue):
            return value
        return "".join(piece.text for piece in pieces if not isinstance(piece, Hole))
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return value


def as_expression(value: object) -> str:
    """Return an expression whose value is `value`, with its `${{ }}` as parts of it.

    In a text beside other text an expression must give text, a whole number or a bool.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, list):
        return f"[{', '.join(map(as_expression, value))}]"
    if isinstance(value, dict):
        entries = (f"{_quoted(key)}: {as_expression(item)}" for key, item in value.items())
        return f"{{{', '.join(entries)}}}"
    if isinstance(value, datetime | date | time):
        return _quoted(value.isoformat())
    return "null" if value is None else repr(value)


def _text(text: str) -> str:
    pieces = parse_template(text)
    if isinstance(pieces, ExpressionIssue) or not pieces:
        return _quoted(text)
    if len(pieces) == 1 and isinstance(pieces[0], Hole):
        return f"({pieces[0].expression})"
    parts = (
        f"string({piece.expression})" if isinstance(piece, Hole) else _quoted(piece.text)
        for piece in pieces
    )
    return f"({' + '.join(parts)})"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
