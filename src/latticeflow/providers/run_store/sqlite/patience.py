"""Waiting for the lock of another process: bounded, and fair enough that nobody starves."""

from __future__ import annotations

import random
import time

_FIRST = 0.002
_LEAST = 0.0001


class Patience:
    """What SQLite asks whether to try again; it never says no before its time has run out.

    SQLite's own handler sleeps longer the longer it has waited, up to 0.1 s, and loses against
    those who came later. This one tries more often the longer it has waited, so that with many
    writers the oldest waiter is the likeliest next. The sleeps differ at random, or processes
    that began to wait together would knock together.

    Attributes:
        seconds: How long the next wait may last; 0 does not wait.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self._since = 0.0

    def __call__(self, tries: int) -> bool:
        """Sleep a little and say that it is worth trying again, or say no."""
        now = time.monotonic()
        if tries == 0:
            self._since = now
        waited = now - self._since
        if waited >= self.seconds:
            return False
        longest = max(_LEAST, _FIRST / (1 + 20 * waited))
        time.sleep(longest * (0.25 + 0.75 * random.random()))  # noqa: S311 - spreads the waiting
        return True
