"""The way in for a graph that is written down as such: Flow IR in JSON."""

from latticeflow.authoring.ir.places import Places
from latticeflow.authoring.ir.reading import read_ir

__all__ = ["Places", "read_ir"]
