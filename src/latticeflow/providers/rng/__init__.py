"""Random values that a run can repeat."""

from latticeflow.providers.rng.seeded import SeededRng

__all__ = ["SeededRng"]
