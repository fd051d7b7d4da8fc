"""How long a run may keep the event loop before it lets others go on."""

from __future__ import annotations

import time

TURN_SECONDS = 0.02
_SHORT_SECONDS = 0.002
_LONG_SECONDS = 0.01
_MOST = 1024


class Turn:
    """One run's turn on the event loop.

    The clock is read after `length` steps, so that steps of a microsecond do not pay for it: the
    length grows while steps are quick and shrinks when they are not.
    """

    __slots__ = ("_began", "_looked", "length")

    def __init__(self) -> None:
        self.length = 1
        self._began = self._looked = 0.0

    def begin(self) -> None:
        """Start a turn."""
        self._began = self._looked = time.perf_counter()

    def is_over(self) -> bool:
        """Tell, after `length` steps, whether it is the turn of others."""
        now = time.perf_counter()
        took = now - self._looked
        self._looked = now
        if took < _SHORT_SECONDS:
            self.length = min(self.length * 2, _MOST)
        elif took > _LONG_SECONDS:
            self.length = max(self.length // 4, 1)
        return now - self._began > TURN_SECONDS
