"""From what a user writes (a URL) to the provider that it means."""

from latticeflow.bindings.embedded import embedded_providers
from latticeflow.bindings.stores import open_store

__all__ = ["embedded_providers", "open_store"]
