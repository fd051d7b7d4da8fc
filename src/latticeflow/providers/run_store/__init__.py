"""Where runs are kept: in memory, or durably in SQLite (`latticeflow.providers.run_store.sqlite`).

The SQLite store has a door of its own, because importing it loads a database.
"""

from latticeflow.providers.run_store.identity import this_process
from latticeflow.providers.run_store.memory import MemoryRunStore

__all__ = ["MemoryRunStore", "this_process"]
