"""Diagnostics as SARIF 2.1.0, for code hosts and editors.

Source: OASIS SARIF 2.1.0. Columns count code points, as `columnKind` says.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import PurePath
from urllib.parse import quote

from latticeflow.diagnostics.codes import Code
from latticeflow.diagnostics.index import lookup
from latticeflow.diagnostics.model import Diagnostic, Edit, Fix, Location, Range, Severity

_LEVELS = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.INFO: "note",
    Severity.HINT: "note",
}
_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)


def render_sarif(diagnostics: Iterable[Diagnostic], *, version: str = "0.1.0") -> str:
    """Return a SARIF log with one run, as text with a final newline.

    Args:
        diagnostics: What was found, in the order to show.
        version: The product's version, for the tool's description.
    """
    found = list(diagnostics)
    codes = sorted({d.code for d in found})
    index = {code: position for position, code in enumerate(codes)}
    driver = {
        "name": "latticeflow",
        "version": version,
        "informationUri": "https://latticeflow.dev",
        "rules": [_rule(lookup(code)) for code in codes],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(d, index[d.code]) for d in found],
    }
    body = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(body, indent=2, ensure_ascii=False) + "\n"


def _rule(code: Code) -> dict[str, object]:
    return {
        "id": code.code,
        "name": "".join(part.capitalize() for part in code.name.split("_")),
        "shortDescription": {"text": code.summary},
        "helpUri": code.url,
        "defaultConfiguration": {"level": _LEVELS[code.severity]},
        "properties": {"tags": [code.subsystem]},
    }


def _result(diagnostic: Diagnostic, rule: int) -> dict[str, object]:
    text = diagnostic.message
    if diagnostic.hint:
        text = f"{text}\n{diagnostic.hint}"
    result: dict[str, object] = {
        "ruleId": diagnostic.code,
        "ruleIndex": rule,
        "level": _LEVELS[diagnostic.severity],
        "message": {"text": text},
    }
    if diagnostic.location:
        result["locations"] = [_location(diagnostic.location)]
    if diagnostic.related:
        result["relatedLocations"] = [
            {"id": number, **_location(r.location), "message": {"text": r.message}}
            for number, r in enumerate(diagnostic.related, start=1)
        ]
    if diagnostic.fix and diagnostic.fix.edits:
        result["fixes"] = [_fix(diagnostic.fix)]
    return result


def _location(location: Location) -> dict[str, object]:
    found: dict[str, object] = {}
    if location.file is not None:
        physical: dict[str, object] = {"artifactLocation": {"uri": _uri(location.file)}}
        if location.range is not None:
            physical["region"] = _region(location.range)
        found["physicalLocation"] = physical
    logical = [
        {"fullyQualifiedName": name, "kind": kind}
        for name, kind in (
            (location.pointer, "object"),
            (location.run, "run"),
            (location.step, "step"),
        )
        if name is not None
    ]
    if logical:
        found["logicalLocations"] = logical
    return found


def _fix(fix: Fix) -> dict[str, object]:
    changes: dict[str, list[Edit]] = {}
    for edit in fix.edits:
        changes.setdefault(edit.file, []).append(edit)
    return {
        "description": {"text": fix.title},
        "artifactChanges": [
            {
                "artifactLocation": {"uri": _uri(file)},
                "replacements": [
                    {"deletedRegion": _region(e.range), "insertedContent": {"text": e.new_text}}
                    for e in edits
                ],
            }
            for file, edits in changes.items()
        ],
    }


def _region(value: Range) -> dict[str, int]:
    return {
        "startLine": value.start.line,
        "startColumn": value.start.column,
        "endLine": value.end.line,
        "endColumn": value.end.column,
    }


def _uri(file: str) -> str:
    path = PurePath(file)
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())
