"""Hold a document against the shape; report what differs, and keep what fits."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from typing import Any

from latticeflow.authoring.toml.durations import read_ms
from latticeflow.authoring.toml.findings import Findings
from latticeflow.authoring.toml.places import Document, Path, Place
from latticeflow.authoring.toml.shape import Shape
from latticeflow.diagnostics import Edit, Fix, closest, did_you_mean

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
}
_WORDS = {
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a table",
}
MISSING = object()
"""Stands for a value that does not fit and was left out."""


def fit(document: Document, shape: Shape, findings: Findings) -> dict[str, Any]:
    """Return the parts of `document` that fit `shape`; each other part is reported."""
    fitted = _Reader(document, findings).value((), document.root, shape)
    return fitted if isinstance(fitted, dict) else {}


class _Reader:
    def __init__(self, document: Document, findings: Findings) -> None:
        self._document = document
        self._findings = findings

    def value(self, path: Path, value: Any, shape: Shape) -> Any:  # noqa: ANN401 -- JSON
        if "anyOf" in shape:
            return self._any_of(path, value, shape["anyOf"])
        if "enum" in shape:
            return self._choice(path, value, shape["enum"])
        if "type" in shape and not has_type(value, shape["type"]):
            self._wrong_type(path, value, wanted_text(shape))
            return MISSING
        if isinstance(value, dict):
            return self._table(path, value, shape)
        if isinstance(value, list):
            return self._list(path, value, shape)
        if not self._within(path, value, shape):
            return MISSING
        return value

    def _any_of(self, path: Path, value: Any, shapes: list[Shape]) -> Any:  # noqa: ANN401
        for shape in shapes:
            if "enum" in shape:
                if isinstance(value, str):
                    return self._choice(path, value, shape["enum"])
            elif "type" not in shape or has_type(value, shape["type"]):
                return self.value(path, value, shape)
        wanted = " or ".join(dict.fromkeys(wanted_text(shape) for shape in shapes))
        self._wrong_type(path, value, wanted)
        return MISSING

    def _choice(self, path: Path, value: Any, choices: list[str]) -> Any:  # noqa: ANN401
        if value in choices:
            return value
        place = self._document.value(path)
        listed = ", ".join(f'"{choice}"' for choice in choices)
        near = closest(value, choices) if isinstance(value, str) else None
        fix = None
        if near is not None and place.text.content[place.start : place.start + 1] in "\"'":
            fix = _rename(place, f'"{near}"')
        why = f"it must be one of {listed}"
        self._findings.add(
            "TOML007",
            place,
            key=str(path[-1]),
            value=shown(value),
            why=why,
            fix=fix,
            hint=f"did you mean `{near}`?" if near else None,
        )
        return MISSING

    def _table(self, path: Path, value: dict[str, Any], shape: Shape) -> dict[str, Any]:
        properties: dict[str, Shape] = shape.get("properties", {})
        others = shape.get("additionalProperties", True)
        names = shape.get("propertyNames", {}).get("pattern")
        fitted: dict[str, Any] = {}
        for key, item in value.items():
            here = (*path, key)
            known = properties.get(key)
            if known is None and others is False:
                self._unknown_key(path, key, list(properties))
                continue
            if names is not None and not re.fullmatch(names, key):
                why = "use letters, digits, `_` and `-`, and begin with a letter"
                self._findings.add("TOML022", self._document.key(here), name=key, why=why)
                continue
            inner = known if known is not None else others
            found = self.value(here, item, inner if isinstance(inner, dict) else {})
            if found is not MISSING:
                fitted[key] = found
        for key in shape.get("required", ()):
            if key not in value:
                self._findings.add(
                    "TOML004", self._document.value(path), where=table_name(path), key=key
                )
        return fitted

    def _list(self, path: Path, value: list[Any], shape: Shape) -> list[Any]:
        items = shape.get("items", {})
        if len(value) < shape.get("minItems", 0):
            place = self._document.value(path)
            self._findings.add(
                "TOML007", place, key=str(path[-1]), value="[]", why="it must not be empty"
            )
        found = (self.value((*path, index), item, items) for index, item in enumerate(value))
        return [item for item in found if item is not MISSING]

    def _within(self, path: Path, value: Any, shape: Shape) -> bool:  # noqa: ANN401
        place = self._document.value(path)
        if shape.get("format") == "duration":
            if read_ms(value) is None:
                self._findings.add("TOML006", place, value=value)
                return False
            return True
        why = None
        pattern = shape.get("pattern")
        if pattern is not None and not re.search(pattern, value):
            why = _pattern_words(pattern)
        if "minimum" in shape and value < shape["minimum"]:
            why = f"it must be at least {shape['minimum']}"
        if "maximum" in shape and value > shape["maximum"]:
            why = f"it must be at most {shape['maximum']}"
        if why is not None:
            self._findings.add("TOML007", place, key=str(path[-1]), value=shown(value), why=why)
        return why is None

    def _unknown_key(self, path: Path, key: str, known: list[str]) -> None:
        place = self._document.key((*path, key))
        near = closest(key, known)
        self._findings.add(
            "TOML002",
            place,
            key=key,
            where=table_name(path),
            suggestion=did_you_mean(key, known),
            fix=None if near is None else _rename(place, near),
        )

    def _wrong_type(self, path: Path, value: Any, wanted: str) -> None:  # noqa: ANN401
        self._findings.add(
            "TOML003",
            self._document.value(path),
            key=key_name(path),
            wanted=wanted,
            given=given_text(value),
        )


def _rename(place: Place, new: str) -> Fix:
    location = place.location()
    assert location.range is not None  # noqa: S101 -- a place always has one
    return Fix(f"write `{new}`", (Edit(place.text.file, location.range, new),), "unsafe")


def has_type(value: object, wanted: str | list[str]) -> bool:
    """Tell whether `value` has one of the JSON types `wanted`."""
    for name in [wanted] if isinstance(wanted, str) else wanted:
        if isinstance(value, bool):
            if name == "boolean":
                return True
        elif isinstance(value, _TYPES[name]):
            return True
    return False


def wanted_text(shape: Shape) -> str:
    """Say what values `shape` takes."""
    if shape.get("format") == "duration":
        return "a duration as text"
    if "enum" in shape:
        return "a text"
    wanted = shape.get("type", [])
    names = [wanted] if isinstance(wanted, str) else wanted
    return " or ".join(_WORDS[name] for name in names) or "something else"


def given_text(value: object) -> str:
    """Say what kind of value is given."""
    if isinstance(value, datetime | date | time):
        return "a date or time"
    for name, types in _TYPES.items():
        if isinstance(value, types) and (isinstance(value, bool) is (name == "boolean")):
            return _WORDS[name]
    return type(value).__name__


def table_name(path: Path) -> str:
    """Name the table at `path` as its header does."""
    return f"[{key_name(path)}]" if path else "the workflow"


def key_name(path: Path) -> str:
    """Return `path` as a dotted key."""
    parts: list[str] = []
    for step in path:
        if isinstance(step, int):
            parts[-1] += f"[{step}]"
        else:
            parts.append(step)
    return ".".join(parts)


def shown(value: object) -> str:
    """Return `value` as TOML would write it, for a message."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _pattern_words(pattern: str) -> str:
    if pattern.startswith(r"^\d+\.\d+\.\d+"):
        return "it must be a version such as 1.2.0"
    return f"it must match `{pattern}`"
