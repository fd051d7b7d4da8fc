"""Randomness that a run can repeat."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar
from uuid import UUID

from latticeflow.capabilities.marking import capability

T = TypeVar("T")


@capability("rng")
class Rng(Protocol):
    """Random values. Within one step of one run the sequence is the same each time it is drawn.

    Not for secrets: what can be repeated can be guessed.
    """

    def random(self) -> float:
        """Return a float, at least 0.0 and less than 1.0."""
        ...

    def integer(self, low: int, high: int) -> int:
        """Return an integer from `low` to `high`, both included.

        Raises:
            ValueError: `low` is greater than `high`.
        """
        ...

    def choice(self, items: Sequence[T]) -> T:
        """Return one of `items`.

        Raises:
            IndexError: There are none.
        """
        ...

    def shuffled(self, items: Sequence[T]) -> list[T]:
        """Return a new list of `items` in random order."""
        ...

    def token(self, size_bytes: int) -> bytes:
        """Return `size_bytes` random bytes."""
        ...

    def uuid(self) -> UUID:
        """Return a version 4 UUID."""
        ...
