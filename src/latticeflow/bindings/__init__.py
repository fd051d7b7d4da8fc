"""From what a user writes (a URL) to the provider that it means."""

from latticeflow.bindings.stores import open_store

__all__ = ["open_store"]
