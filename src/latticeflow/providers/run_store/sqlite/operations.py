"""What can be asked of the writer, and the answer that each will get."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from latticeflow.providers.run_store.sqlite.rows import Row


class Operation:
    """One thing asked. `error` is a refusal of this thing alone; a failure concerns the batch.

    `heavy` keeps it off the event loop: it writes files or takes long.
    """

    __slots__ = ("error", "future", "heavy", "result")

    def __init__(self, future: asyncio.Future[Any], *, heavy: bool = False) -> None:
        self.future = future
        self.heavy = heavy
        self.error: Exception | None = None
        self.result: Any = None


class Append(Operation):
    """Add events to a run and, with them, store its state."""

    __slots__ = ("events", "fence", "run_id", "spilled", "state")

    def __init__(
        self,
        future: asyncio.Future[Any],
        run_id: str,
        fence: int,
        events: Sequence[Row],
        state: Row | None,
        *,
        heavy: bool,
    ) -> None:
        self.future = future
        self.heavy = heavy
        self.error = None
        self.result = None
        self.run_id = run_id
        self.fence = fence
        self.events = events
        self.state = state
        self.spilled: dict[str, bytes] = {}


class Log(Operation):
    """Add log lines to a run."""

    __slots__ = ("lines", "run_id")

    def __init__(self, future: asyncio.Future[Any], run_id: str, lines: Sequence[Row]) -> None:
        super().__init__(future)
        self.run_id = run_id
        self.lines = lines
