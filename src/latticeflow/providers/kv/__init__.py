"""Key-value stores: in memory, and in a SQLite file."""

from latticeflow.providers.kv.memory import MemoryKv
from latticeflow.providers.kv.sqlite import SqliteKv

__all__ = ["MemoryKv", "SqliteKv"]
