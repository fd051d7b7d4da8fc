"""What a graph calls a function or class of the user's, and the files they stand in."""

from __future__ import annotations

import sys
from functools import lru_cache
from pathlib import Path
from types import FunctionType, ModuleType

TARGET_ATTRIBUTE = "__lattice_target__"
"""Set in a module that was loaded from a file target: its path relative to the project."""

_PROJECT_MARKS = ("pyproject.toml", "flows.toml", "setup.py", ".git")


def project_root(path: Path) -> Path:
    """Return the folder of the project that `path` belongs to: the nearest with a project's mark.

    Without one it is the file's own folder.
    """
    path = path.absolute()
    for folder in path.parents:
        if any((folder / mark).exists() for mark in _PROJECT_MARKS):
            return folder
    return path.parent


@lru_cache(maxsize=1024)
def file_label(filename: str) -> str:
    """Return how messages and spans name a file: its path relative to its project."""
    path = Path(filename).absolute()
    if not path.exists():
        return filename  # a notebook's cell, or text that was never a file
    return path.relative_to(project_root(path)).as_posix()


def identifier_of(thing: FunctionType | type) -> str:
    """Return the identifier of a function or class.

    `package.module:qualname`, or `relative/path.py:qualname` where its module was loaded from a
    file target or is the program itself.
    """
    return f"{module_identifier(thing.__module__)}:{thing.__qualname__}"


def module_identifier(name: str) -> str:
    """Return the part of an identifier that names a module."""
    module = sys.modules.get(name)
    if module is None:
        return name
    target = getattr(module, TARGET_ATTRIBUTE, None)
    if isinstance(target, str):
        return target
    if name == "__main__":
        return _main_identifier(module)
    return name


def _main_identifier(module: ModuleType) -> str:
    # `__main__` is another module in every program; its file is what can be found again.
    spec = getattr(module, "__spec__", None)
    if spec is not None:  # python -m package.module
        return str(spec.name)
    file = getattr(module, "__file__", None)
    return file_label(file) if file else "__main__"
