"""From what a user writes (a URL, a configuration) to what it means."""

from latticeflow.bindings.config import SETTINGS, Config, Setting, Value, read_config
from latticeflow.bindings.embedded import embedded_providers
from latticeflow.bindings.stores import open_store

__all__ = [
    "SETTINGS",
    "Config",
    "Setting",
    "Value",
    "embedded_providers",
    "open_store",
    "read_config",
]
