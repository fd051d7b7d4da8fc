"""Processes for synchronous functions that must be killable, and what binds lives together."""

from latticeflow.engine.workers.errors import (
    RemoteError,
    RemoteTraceback,
    WorkerCallError,
    WorkerDiedError,
)
from latticeflow.engine.workers.lifetime import dies_with_parent
from latticeflow.engine.workers.pool import WorkerPool

__all__ = [
    "RemoteError",
    "RemoteTraceback",
    "WorkerCallError",
    "WorkerDiedError",
    "WorkerPool",
    "dies_with_parent",
]
