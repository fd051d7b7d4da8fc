"""Tell the user's own functions, which are read, from those of libraries, which are looked up."""

from __future__ import annotations

import sysconfig
from functools import cache
from pathlib import Path
from types import FunctionType

_MAX_WRAPPERS = 50


def is_project(function: FunctionType) -> bool:
    """Tell whether `function` stands in a file of the project rather than of a library."""
    return not _is_library(function.__code__.co_filename)


def readable(thing: object) -> FunctionType | None:
    """Return the function to read for a callable: itself, or what library wrappers wrap.

    A wrapper of the project's own is read as it is: it reaches what it wraps by calling it.
    """
    for _ in range(_MAX_WRAPPERS):
        if isinstance(thing, staticmethod | classmethod):
            thing = thing.__func__
        if isinstance(thing, FunctionType) and is_project(thing):
            return thing
        inner = getattr(thing, "__wrapped__", None)
        if inner is None:
            return thing if isinstance(thing, FunctionType) else None
        thing = inner
    return None


@cache
def _library_folders() -> tuple[str, ...]:
    paths = sysconfig.get_paths()
    found = {paths[k] for k in ("stdlib", "platstdlib", "purelib", "platlib") if k in paths}
    return tuple(sorted(f"{Path(p).resolve()}/" for p in found))


@cache
def _is_library(file: str) -> bool:
    if file.startswith("<"):
        return True
    resolved = str(Path(file).resolve())
    return "/site-packages/" in resolved or resolved.startswith(_library_folders())
