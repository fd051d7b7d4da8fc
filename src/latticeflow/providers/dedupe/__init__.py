"""Ledgers of idempotency keys: in memory, and in a SQLite file."""

from latticeflow.providers.dedupe.memory import MemoryDedupe
from latticeflow.providers.dedupe.sqlite import SqliteDedupe

__all__ = ["MemoryDedupe", "SqliteDedupe"]
