"""LatticeFlow: typed workflows, judged before they run.

The public names are bound lazily, so that importing the package costs next to nothing.
"""

__all__ = ["__version__"]

__version__ = "0.1.0"
