"""Diagnostics as JSON: the machine's form, with every key always there."""

from __future__ import annotations

import json
from collections.abc import Iterable

from latticeflow.diagnostics.model import Diagnostic, Fix, Location, Position, Range


def to_json(diagnostic: Diagnostic) -> dict[str, object]:
    """Return a diagnostic as JSON data.

    The keys `code`, `severity`, `message`, `location`, `hint`, `fix` and `url` are always there;
    `related` only when there are related places. Lines and columns count from 1.
    """
    found: dict[str, object] = {
        "code": diagnostic.code,
        "severity": diagnostic.severity.value,
        "message": diagnostic.message,
        "location": location_to_json(diagnostic.location) if diagnostic.location else None,
        "hint": diagnostic.hint,
        "fix": _fix(diagnostic.fix) if diagnostic.fix else None,
        "url": diagnostic.url,
    }
    if diagnostic.related:
        found["related"] = [
            {"message": r.message, "location": location_to_json(r.location)}
            for r in diagnostic.related
        ]
    return found


def location_to_json(location: Location) -> dict[str, object]:
    """Return a location as JSON data; `pointer`, `run` and `step` only when they are known."""
    found: dict[str, object] = {
        "file": location.file,
        "range": _range(location.range) if location.range else None,
    }
    for key in ("pointer", "run", "step"):
        value = getattr(location, key)
        if value is not None:
            found[key] = value
    return found


def render_json(diagnostics: Iterable[Diagnostic], *, strict: bool = False) -> str:
    """Return `{"status": "ok" | "error", "diagnostics": [...]}` as text with a final newline.

    Args:
        diagnostics: What was found, in the order to show.
        strict: Count warnings as errors for the status.
    """
    found = list(diagnostics)
    bad = any(d.is_error or (strict and d.severity.value == "warning") for d in found)
    body = {"status": "error" if bad else "ok", "diagnostics": [to_json(d) for d in found]}
    return json.dumps(body, indent=2, ensure_ascii=False) + "\n"


def _fix(fix: Fix) -> dict[str, object]:
    return {
        "title": fix.title,
        "applicability": fix.applicability,
        "edits": [
            {"file": e.file, "range": _range(e.range), "new_text": e.new_text} for e in fix.edits
        ],
    }


def _range(value: Range) -> dict[str, object]:
    return {"start": _position(value.start), "end": _position(value.end)}


def _position(value: Position) -> dict[str, int]:
    return {"line": value.line, "column": value.column}
