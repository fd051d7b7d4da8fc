"""Relational databases; SQLite for now."""

from latticeflow.providers.db.sqlite import SqliteDb

__all__ = ["SqliteDb"]
