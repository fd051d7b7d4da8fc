"""Ways in: each turns a source into a Flow, spans and diagnostics, and never runs anything."""

from latticeflow.authoring.model import Authored

__all__ = ["Authored"]
