"""Which processes live: each holds a lock that the system frees when it dies, however it dies.

POSIX record locks, because a forked child does not inherit them: a worker that outlives its
killed parent must not make the parent look alive. Their price is that closing *any* descriptor of
the file frees the lock, so this process never opens a file that it holds; it knows those itself.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import threading
from contextlib import suppress
from pathlib import Path

from latticeflow.providers.run_store.errors import store_error
from latticeflow.providers.run_store.sqlite.blobs import make_folder
from latticeflow.runs import Owner, StoreError

_BUSY = (errno.EACCES, errno.EAGAIN)

# Of the process, not of a store: two stores of one file in one process share their lock.
_guard = threading.Lock()
_held: dict[tuple[int, Path], tuple[int, int]] = {}  # (pid, file) -> (descriptor, holders)


class OwnerLocks:
    """The locks of the owners of one store's runs.

    Args:
        folder: Where the lock files are; made when the first is taken.
        url: The store's, for messages.
    """

    def __init__(self, folder: Path, url: str) -> None:
        self._folder = folder
        self._url = url
        self._mine: set[Path] = set()

    def hold(self, owner: Owner) -> None:
        """Show that `owner` lives until this process dies or `drop` is called.

        Does nothing for an owner that is another process: only that one can show it.

        Raises:
            StoreError: The file system has no locks or cannot be written (STORE001).
        """
        file = self._file(owner)
        if owner.pid != os.getpid() or file in self._mine:
            return
        with _guard:
            descriptor, holders = _held.get((owner.pid, file)) or (self._lock(file), 0)
            _held[owner.pid, file] = (descriptor, holders + 1)
        self._mine.add(file)

    def is_live(self, owner: Owner) -> bool:
        """Tell whether the process `owner` lives."""
        return self._is_held(self._file(owner))

    def drop(self) -> None:
        """Stop showing that this process lives, unless another store of it does."""
        pid = os.getpid()
        with _guard:
            for file in self._mine:
                descriptor, holders = _held[pid, file]
                if holders > 1:
                    _held[pid, file] = (descriptor, holders - 1)
                    continue
                del _held[pid, file]
                with suppress(OSError):
                    file.unlink()
                os.close(descriptor)
        self._mine.clear()

    def sweep(self) -> None:
        """Remove the files of dead processes."""
        for file in self._folder.glob("*.lock"):
            with _guard:
                if (os.getpid(), file) in _held:
                    continue
                with suppress(OSError):
                    self._remove_if_free(file)

    def _file(self, owner: Owner) -> Path:
        identity = f"{owner.boot_id}\n{owner.host}\n{owner.pid}\n{owner.process_started}"
        return self._folder / f"{hashlib.sha256(identity.encode()).hexdigest()[:24]}.lock"

    def _lock(self, file: Path) -> int:
        try:
            make_folder(self._folder)
            while True:
                descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
                # Waits only for one who looks whether it is held: microseconds.
                fcntl.lockf(descriptor, fcntl.LOCK_EX)
                if _is_at(descriptor, file):
                    return descriptor
                os.close(descriptor)  # swept away between opening and locking
        except OSError as error:
            raise self._unusable(error) from error

    def _is_held(self, file: Path) -> bool:
        with _guard:
            if (os.getpid(), file) in _held:
                return True
            try:
                descriptor = os.open(file, os.O_RDWR | os.O_CLOEXEC)
            except FileNotFoundError:
                return False
            except OSError as error:
                raise self._unusable(error) from error
            try:
                # Shared: two who look at the same time do not take each other for the owner.
                fcntl.lockf(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except OSError as error:
                if error.errno in _BUSY:
                    return True
                raise self._unusable(error) from error
            finally:
                os.close(descriptor)
        return False

    def _remove_if_free(self, file: Path) -> None:
        descriptor = os.open(file, os.O_RDWR | os.O_CLOEXEC)
        try:
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            file.unlink()
        finally:
            os.close(descriptor)

    def _unusable(self, error: OSError) -> StoreError:
        return store_error("STORE001", url=self._url, why=f"its locks cannot be used: {error}")


def _is_at(descriptor: int, file: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), file.stat())
    except FileNotFoundError:
        return False
