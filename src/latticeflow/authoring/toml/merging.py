"""Several documents as one: included files below, the file itself above, overrides on top."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import PurePosixPath
from typing import Any

from latticeflow.authoring.toml.findings import Findings
from latticeflow.authoring.toml.places import Document, Path, Place
from latticeflow.authoring.toml.syntax import parse_toml

ReadFile = Callable[[str], str]
"""Returns the text of a file by its path; raises OSError where that can't be read."""

MAX_INCLUDES = 100


class Includer:
    """Reads a file with all it includes."""

    def __init__(self, read_file: ReadFile, findings: Findings) -> None:
        self._read_file = read_file
        self._findings = findings
        self._open: list[str] = []
        self.files: dict[str, str] = {}

    def read(self, content: str, file: str) -> Document:
        """Return the document of `content` laid over the documents it includes."""
        document, found = parse_toml(content, file)
        self._findings.found.extend(found)
        self.files[file] = document.start.text.content
        self._open.append(file)
        base: Document | None = None
        for path in _includes(document):
            included = self._include(file, str(_at(document.root, path)), document.value(path))
            if included is not None:
                base = included if base is None else overlay(base, included)
        self._open.pop()
        document.root.pop("include", None)
        return document if base is None else overlay(base, document)

    def _include(self, file: str, target: str, place: Place) -> Document | None:
        wanted = _resolved(file, target)
        if wanted in self._open:
            chain = " → ".join((*self._open[self._open.index(wanted) :], wanted))
            self._findings.add("TOML017", place, path=chain)
            return None
        if len(self.files) >= MAX_INCLUDES:
            why = f"more than {MAX_INCLUDES} files are included"
            self._findings.add("TOML016", place, path=target, why=why)
            return None
        try:
            content = self._read_file(wanted)
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            self._findings.add("TOML016", place, path=target, why=why.lower())
            return None
        return self.read(content, wanted)


def _includes(document: Document) -> list[Path]:
    included = document.root.get("include")
    if isinstance(included, str):
        return [("include",)]
    if isinstance(included, list):
        return [("include", i) for i, item in enumerate(included) if isinstance(item, str)]
    return []


def _at(root: object, path: Path) -> object:
    value: Any = root
    for step in path:
        value = value[step]
    return value


def _resolved(file: str, target: str) -> str:
    """Return `target` relative to the folder of `file`, with `..` taken out."""
    parts: list[str] = []
    for part in (PurePosixPath(file.replace("\\", "/")).parent / target).parts:
        if part == ".." and parts and parts[-1] not in ("..", "/"):
            parts.pop()
        elif part != ".":
            parts.append(part)
    return str(PurePosixPath(*parts)) if parts else target


def overlay(base: Document, top: Document) -> Document:
    """Return `base` with `top` laid over it: tables are joined, everything else is replaced."""
    merged = Document(dict(base.root), dict(base.keys), dict(base.values), top.start)
    _lay(merged, (), merged.root, top.root)
    merged.keys.update(top.keys)
    merged.values.update(top.values)
    return merged


def _lay(merged: Document, path: Path, below: dict[str, Any], above: Mapping[str, object]) -> None:
    for key, value in above.items():
        here = (*path, key)
        known = below.get(key)
        if isinstance(known, dict) and isinstance(value, dict):
            below[key] = dict(known)
            _lay(merged, here, below[key], value)
            continue
        below[key] = value
        for places in (merged.keys, merged.values):
            for old in [place for place in places if place[: len(here)] == here]:
                del places[old]


def apply_overrides(document: Document, given: Mapping[str, object] | None = None) -> Document:
    """Lay the table `[overrides]` over the document, and then what the caller gave.

    Tables are joined, everything else is replaced. What the caller gave are tables too, or values
    by dotted path such as `steps.build.timeout`.
    """
    own = document.root.pop("overrides", None)
    if isinstance(own, dict):
        document = overlay(
            document,
            Document(
                own,
                {path[1:]: place for path, place in document.keys.items() if _is_override(path)},
                {path[1:]: place for path, place in document.values.items() if _is_override(path)},
                document.start,
            ),
        )
    if given:
        document = overlay(document, Document(_nested(given), {}, {}, document.start))
    return document


def _nested(given: Mapping[str, object]) -> dict[str, object]:
    """Return `given` as tables: its keys may be dotted paths."""
    root: dict[str, Any] = {}
    for key, value in given.items():
        *tables, last = key.split(".")
        table = root
        for name in tables:
            below = table.get(name)
            table[name] = dict(below) if isinstance(below, dict) else {}
            table = table[name]
        known = table.get(last)
        if isinstance(known, dict) and isinstance(value, Mapping):
            value = {**known, **value}
        table[last] = value
    return root


def _is_override(path: Path) -> bool:
    return len(path) > 1 and path[0] == "overrides"
