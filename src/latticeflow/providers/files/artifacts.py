"""Files that are kept as results of a run."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

from latticeflow.capabilities import ArtifactFile
from latticeflow.providers.files.paths import below, check_path
from latticeflow.providers.files.writing import TEMPORARY_PREFIX, sync_directory

_CHUNK_BYTES = 1 << 20


def keep_file(
    file: Path, path: str, *, into: Path | None, retention: timedelta | None = None
) -> ArtifactFile:
    """Describe a file as an artifact and, if told where to, keep a copy of it.

    The copy is named by its SHA-256 (`into/ab/abcdef…`), so equal contents are kept once. It is
    synced when this returns.

    Args:
        file: The file.
        path: What it is called in the record.
        into: The folder of copies; None keeps no copy.
        retention: How long it is kept at least.
    """
    if into is None:
        digest, size = _digest(file)
    else:
        digest, size = _copy(file, into)
    return ArtifactFile(
        path=path,
        size_bytes=size,
        sha256=digest,
        retention_ms=None if retention is None else int(retention.total_seconds() * 1000),
    )


def matching(root: Path, pattern: str) -> list[tuple[str, Path]]:
    """Return the regular files below `root` that match, as relative path and place, ordered.

    Raises:
        FileAccessError: The pattern leads out of `root` (CAP201).
    """
    check_path(pattern)
    if pattern == "**" or pattern.endswith("/**"):
        pattern += "/*"  # "everything below", on every version of Python
    root = root.resolve()
    found: dict[str, Path] = {}
    for file in root.glob(pattern):
        # A link may lead out; what it leads to is then not among the files of the root.
        if file.name.startswith(TEMPORARY_PREFIX) or not file.is_file():
            continue
        if file.resolve().is_relative_to(root):
            found[file.relative_to(root).as_posix()] = file
    return sorted(found.items())


def collect_artifacts(
    root: Path,
    patterns: Iterable[tuple[str, timedelta | None]],
    *,
    into: Path | None,
) -> tuple[ArtifactFile, ...]:
    """Keep every file below `root` that matches a pattern.

    Args:
        root: Where the run worked.
        patterns: Glob patterns, each with how long its files are kept. A file that matches
            several is kept once, by the first.
        into: The folder of copies; None records the files without copying them.

    Returns:
        The records, in the order of the patterns and then of the paths.

    Raises:
        FileAccessError: A pattern leads out of `root` (CAP201).
    """
    kept: dict[str, ArtifactFile] = {}
    for pattern, retention in patterns:
        for path, file in matching(root, pattern):
            if path not in kept:
                kept[path] = keep_file(file, path, into=into, retention=retention)
    return tuple(kept.values())


def artifact_place(into: Path, artifact: ArtifactFile) -> Path:
    """Return where the copy of an artifact is kept."""
    return below(into.resolve(), f"{artifact.sha256[:2]}/{artifact.sha256}")


def _digest(file: Path) -> tuple[str, int]:
    with file.open("rb") as opened:
        digest = hashlib.file_digest(opened, "sha256").hexdigest()
        return digest, opened.tell()


def _copy(file: Path, into: Path) -> tuple[str, int]:
    into.mkdir(parents=True, exist_ok=True)
    temporary = into / f"{TEMPORARY_PREFIX}{secrets.token_hex(8)}"
    try:
        # Digest what was copied, not the source: it may change meanwhile.
        with file.open("rb") as source, temporary.open("xb") as target:
            shutil.copyfileobj(source, target, _CHUNK_BYTES)
            target.flush()
            os.fsync(target.fileno())
        digest, size = _digest(temporary)
        place = into / digest[:2]
        place.mkdir(exist_ok=True)
        temporary.replace(place / digest)
    finally:
        temporary.unlink(missing_ok=True)
    sync_directory(place)
    sync_directory(into)
    return digest, size
