"""What steps write, kept in the store for whoever reads it later."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from latticeflow.engine import Observer
from latticeflow.runs import Event, LogLine, RunStore

_MOST_LINES = 256


class OutputLines:
    """An observer that keeps lines of output, and passes all it sees on to another observer.

    Lines of one turn of the event loop are written together.
    """

    def __init__(
        self,
        store: RunStore,
        run_id: str,
        *,
        clock: Callable[[], int],
        further: Observer | None = None,
    ) -> None:
        self._store = store
        self._run_id = run_id
        self._clock = clock
        self._further = further
        self._lines: list[LogLine] = []
        self._loop = asyncio.get_running_loop()

    def on_event(self, event: Event) -> None:
        """Pass the event on."""
        if self._further is not None:
            self._further.on_event(event)

    def on_output(self, position: str, attempt: int, stream: str, text: str) -> None:
        """Keep the line and pass it on."""
        if not self._lines:
            self._loop.call_soon_threadsafe(self.flush)
        self._lines.append(
            LogLine(
                position=position, attempt=attempt, stream=stream, text=text, at_ms=self._clock()
            )
        )
        if len(self._lines) >= _MOST_LINES:
            self.flush()
        if self._further is not None:
            self._further.on_output(position, attempt, stream, text)

    def flush(self) -> Awaitable[None] | None:
        """Write what is held back; later writes of the store are durable only after it."""
        lines, self._lines = self._lines, []
        return self._store.log(self._run_id, lines) if lines else None
