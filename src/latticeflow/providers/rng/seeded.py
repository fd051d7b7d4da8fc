"""Random values from a seed."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from typing import TypeVar
from uuid import UUID

from latticeflow.capabilities import Holder

T = TypeVar("T")


class SeededRng:
    """A generator whose values depend on its seed alone.

    Granted to a step, it is derived from the run's seed and the step's position: so a step that
    runs again, in a retry or after a crash, draws what it drew before, whatever ran in between.

    Args:
        seed: Where the sequence starts.
    """

    def __init__(self, seed: int | str = 0) -> None:
        digest = hashlib.sha256(f"{seed}".encode()).digest()
        # Not for secrets, as the port says: it must be possible to repeat it.
        self._random = random.Random(digest)  # noqa: S311

    def for_step(self, holder: Holder) -> SeededRng:
        """Return the generator of one step."""
        return SeededRng(f"{holder.seed}/{holder.position}")

    def random(self) -> float:
        return self._random.random()

    def integer(self, low: int, high: int) -> int:
        if low > high:
            raise ValueError(f"{low} is greater than {high}")
        return self._random.randint(low, high)

    def choice(self, items: Sequence[T]) -> T:
        return self._random.choice(items)

    def shuffled(self, items: Sequence[T]) -> list[T]:
        shuffled = list(items)
        self._random.shuffle(shuffled)
        return shuffled

    def token(self, size_bytes: int) -> bytes:
        return self._random.randbytes(size_bytes)

    def uuid(self) -> UUID:
        return UUID(bytes=self._random.randbytes(16), version=4)
