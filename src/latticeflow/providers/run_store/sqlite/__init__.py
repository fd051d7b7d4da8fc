"""Runs in one SQLite file: durable, shared by the processes of one machine.

Beside the file lie SQLite's own (`-wal`, `-shm`), the folder of large values (`.blobs`) and the
folder of the locks that tell which processes live (`.owners`). Keep them together.
"""

from latticeflow.providers.run_store.sqlite.store import SqliteRunStore

__all__ = ["SqliteRunStore"]
