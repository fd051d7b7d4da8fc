"""The reading of Python bodies: what a node does beyond what its signature declares.

The body's syntax tree is read, names are resolved through the function's globals, and functions
of the project are followed. Nothing is run or imported.
"""

from latticeflow.checks.bodies.inferring import BodyReader, claimed_axes, function_of
from latticeflow.checks.bodies.known import KnownCalls, shipped
from latticeflow.checks.bodies.model import Finding, Floor, Kind, Reading

__all__ = [
    "BodyReader",
    "Finding",
    "Floor",
    "Kind",
    "KnownCalls",
    "Reading",
    "claimed_axes",
    "function_of",
    "shipped",
]
