"""The live tree of a run on a terminal."""

from __future__ import annotations

import time
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from latticeflow.cli.output import Output
from latticeflow.runs import Event, EventKind

_MARKS = {
    "succeeded": ("✓", "green"),
    "failed": ("✗", "red"),
    "skipped": ("·", "dim"),
    "cancelled": ("-", "yellow"),
    "retrying": ("↻", "yellow"),
    "in_doubt": ("?", "red"),
    "pending": (" ", "dim"),
}
_STATES = {
    EventKind.STEP_STARTED: "running",
    EventKind.STEP_COMPLETED: "succeeded",
    EventKind.STEP_FAILED: "failed",
    EventKind.STEP_RETRYING: "retrying",
    EventKind.STEP_SKIPPED: "skipped",
    EventKind.STEP_CANCELLED: "cancelled",
    EventKind.STEP_IN_DOUBT: "in_doubt",
}
_MAX_ROWS = 40


class _Row:
    """What is shown of one step, all its rounds together."""

    def __init__(self) -> None:
        self.state = "pending"
        self.began = 0.0
        self.took: float | None = None
        self.rounds = 0
        self.attempts = 1
        self.last = ""


class Tree:
    """Shows the steps of a run, bodies indented, rounds of a body counted."""

    def __init__(self, output: Output, title: str) -> None:
        self._output = output
        self._rows: dict[str, _Row] = {}
        self._name = title
        self._began = time.monotonic()
        console = Console(file=output.err, no_color=not output.has_color(output.err))
        self._live = Live(
            get_renderable=self._render, console=console, refresh_per_second=10, transient=False
        )

    def __enter__(self) -> Self:
        self._live.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.__exit__(None, None, None)

    def on_event(self, event: Event) -> None:
        """Take the new state of a step."""
        state = _STATES.get(event.kind)
        if state is None or not event.position:
            return
        row = self._row(event.position)
        if row.state == "pending" or state == "running":
            row.began = time.monotonic()
        row.state = state
        row.attempts = max(row.attempts, event.attempt)
        if state == "succeeded":
            row.rounds += 1
            row.took = time.monotonic() - row.began
        if event.error is not None:
            row.last = event.error.message

    def on_output(self, position: str, attempt: int, stream: str, text: str) -> None:
        """Take the last line a step wrote."""
        del attempt, stream
        self._row(position).last = text

    def note(self, text: str) -> None:
        """Show a remark above the tree."""
        self._live.console.print(text)

    def _row(self, position: str) -> _Row:
        path = "/".join(part.partition("[")[0].partition("~")[0] for part in position.split("/"))
        parts = path.split("/")
        for end in range(1, len(parts)):
            self._rows.setdefault("/".join(parts[:end]), _Row())
        return self._rows.setdefault(path, _Row())

    def _in_order(self) -> list[tuple[str, _Row]]:
        """Return the rows as they began, each body behind the step it belongs to."""
        began = {path: number for number, path in enumerate(self._rows)}

        def place(path: str) -> list[int]:
            parts = path.split("/")
            return [began["/".join(parts[:end])] for end in range(1, len(parts) + 1)]

        return sorted(self._rows.items(), key=lambda row: place(row[0]))

    def _render(self) -> Table:
        table = Table.grid(padding=(0, 1))
        table.add_row(
            "", Text(self._name, style="bold"), Text(self._time(self._began), style="dim")
        )
        for path, row in self._in_order()[-_MAX_ROWS:]:
            table.add_row(self._mark(row), self._label(path, row), self._detail(row))
        return table

    def _mark(self, row: _Row) -> Text | Spinner:
        if row.state == "running":
            return Spinner("dots", style="cyan")
        mark, style = _MARKS[row.state]
        return Text(mark, style=style)

    def _label(self, path: str, row: _Row) -> Text:
        depth = path.count("/")
        text = "  " * (depth + 1) + path.rpartition("/")[2]
        if row.rounds > 1:
            text += f" x{row.rounds}"
        if row.attempts > 1:
            text += f" (attempt {row.attempts})"
        return Text(text)

    def _detail(self, row: _Row) -> Text:
        took = "" if row.took is None else f"{row.took:.2f} s "
        if row.state == "running":
            took = self._time(row.began) + " "
        return Text(took + row.last[:60], style="dim")

    @staticmethod
    def _time(since: float) -> str:
        return f"{time.monotonic() - since:.1f} s"
