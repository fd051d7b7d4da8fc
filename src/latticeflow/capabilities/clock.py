"""The clock: what time it is, and waiting."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol

from latticeflow.capabilities.marking import capability


@capability("clock")
class Clock(Protocol):
    """Wall-clock time. Virtual in tests, so nothing that takes its time from here sleeps."""

    def now(self) -> datetime:
        """Return the current time, aware and in UTC. It may go backwards between calls."""
        ...

    async def sleep(self, duration: timedelta) -> None:
        """Wait for `duration`; zero and less return after other work had its turn.

        Cancellation: ends the wait at once.
        """
        ...
