"""The standard components: what `std.*` means and how a shell step runs."""

from latticeflow.components.naming import resolve_name
from latticeflow.components.standard import STANDARD

__all__ = ["STANDARD", "resolve_name"]
