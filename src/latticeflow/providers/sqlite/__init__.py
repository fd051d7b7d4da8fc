"""SQLite as the capabilities' adapters use it: the file, its threads, its transactions."""

from latticeflow.providers.sqlite.database import DEFAULT_WAIT, Database

__all__ = ["DEFAULT_WAIT", "Database"]
