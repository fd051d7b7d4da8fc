"""Processes for synchronous functions that must be killable, and what binds lives together."""

from latticeflow.engine.workers.lifetime import dies_with_parent

__all__ = ["dies_with_parent"]
