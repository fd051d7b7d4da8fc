"""Which paths a step may name."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from latticeflow.capabilities import FileAccessError
from latticeflow.diagnostics import report


def check_path(path: str) -> PurePosixPath:
    """Return a relative path that leads nowhere but down.

    Raises:
        FileAccessError: It is absolute, empty, has `..`, or holds what no path can (CAP201).
    """
    parts = PurePosixPath(path)
    if "\0" in path or "\\" in path or parts.is_absolute() or not parts.parts:
        raise outside(path)
    if ".." in parts.parts:
        raise outside(path)
    return parts


def outside(path: str) -> FileAccessError:
    """Return the error of a path that leads out."""
    return FileAccessError(diagnostics=(report("CAP201", path=path),))


def not_found(path: str) -> FileAccessError:
    """Return the error of a path with no file at it."""
    return FileAccessError(diagnostics=(report("CAP202", path=path),))


def failed(path: str, action: str, error: OSError) -> FileAccessError:
    """Return the error of a file that the system would not read or write."""
    why = (error.strerror or str(error)).lower()
    return FileAccessError(diagnostics=(report("CAP203", path=path, action=action, why=why),))


def below(root: Path, path: str) -> Path:
    """Return where `path` is on this machine, with symbolic links followed.

    Raises:
        FileAccessError: It leads out of `root`, by itself or by a link (CAP201).
    """
    found = (root / check_path(path)).resolve()
    if not found.is_relative_to(root):
        raise outside(path)
    return found
