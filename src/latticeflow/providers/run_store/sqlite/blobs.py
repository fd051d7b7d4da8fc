"""Large values as files, named by their SHA-256.

A file is complete and synced before its name exists, so a name is never a promise not kept. A
file is removed only inside a write transaction of the database, after looking that no run uses
it; and a record that names a file looks, inside its own, that the file is still there. So the two
never miss each other, whichever processes they are in.
"""

from __future__ import annotations

import fcntl
import hashlib
import itertools
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from latticeflow.providers.run_store.errors import store_error

_LEFT_OVER_SECONDS = 24 * 3600


class BlobFolder:
    """A folder of values.

    Args:
        path: Where it is; made when the first value is put.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._numbers = itertools.count()

    def put(self, value: bytes) -> str:
        """Keep `value`, synced, and return its SHA-256; a damaged file of that name is replaced.

        Raises:
            OSError: It cannot be written.
        """
        digest = hashlib.sha256(value).hexdigest()
        target = self._file(digest)
        if self._is_whole(target, digest):
            # Another process may have named it a moment ago and not synced the name yet.
            _sync_folder(target.parent)
        else:
            self._write(target, value)
        return digest

    def has(self, digest: str) -> bool:
        """Tell whether there is a file of that name."""
        return self._file(digest).exists()

    def get(self, digest: str) -> bytes:
        """Return the value of that SHA-256.

        Raises:
            StoreError: It is gone (STORE006) or not what was put (STORE008).
        """
        try:
            value = self._file(digest).read_bytes()
        except OSError as error:
            raise store_error("STORE006", digest=digest) from error
        if hashlib.sha256(value).hexdigest() != digest:
            raise store_error("STORE008", digest=digest)
        return value

    def names(self) -> Iterator[str]:
        """Return the SHA-256 of every value."""
        for folder in self._path.glob("??"):
            for file in folder.iterdir():
                yield folder.name + file.name

    def remove(self, digest: str) -> None:
        """Remove a value."""
        self._file(digest).unlink(missing_ok=True)

    def remove_left_overs(self) -> None:
        """Remove what writers that died long ago had begun to write."""
        for file in self._path.glob("begun/*"):
            with suppress(FileNotFoundError):
                if time.time() - file.stat().st_mtime > _LEFT_OVER_SECONDS:
                    file.unlink()

    def _write(self, target: Path, value: bytes) -> None:
        begun = self._path / "begun" / f"{os.getpid()}-{time.time_ns()}-{next(self._numbers)}"
        for folder in (begun.parent, target.parent):
            make_folder(folder)
        try:
            with begun.open("xb") as file:
                file.write(value)
                file.flush()
                sync(file.fileno())
            begun.replace(target)
        except BaseException:
            begun.unlink(missing_ok=True)
            raise
        _sync_folder(target.parent)

    def _is_whole(self, target: Path, digest: str) -> bool:
        try:
            with target.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest() == digest
        except OSError:
            return False

    def _file(self, digest: str) -> Path:
        return self._path / digest[:2] / digest[2:]


def make_folder(path: Path) -> None:
    """Make a folder and those above it, their names synced."""
    missing = [path]
    while not missing[-1].parent.exists():
        missing.append(missing[-1].parent)
    for folder in reversed(missing):
        if not folder.exists():
            folder.mkdir(exist_ok=True)
            _sync_folder(folder.parent)


def sync(fd: int) -> None:
    """Wait until the disk has what was written, past its cache where the system can say so."""
    past_the_cache = getattr(fcntl, "F_FULLFSYNC", None)
    if past_the_cache is None:
        os.fsync(fd)
    else:
        fcntl.fcntl(fd, past_the_cache)


def _sync_folder(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY)
    try:
        sync(fd)
    finally:
        os.close(fd)
