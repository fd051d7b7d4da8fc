"""What is shown of a run while it runs: lines in a pipe, a tree on a terminal."""

from __future__ import annotations

from typing import Protocol, Self

from latticeflow.cli.output import Output
from latticeflow.runs import Event, EventKind

_WORDS = {
    EventKind.STEP_STARTED: "started",
    EventKind.STEP_COMPLETED: "done",
    EventKind.STEP_FAILED: "failed",
    EventKind.STEP_RETRYING: "failed, trying again",
    EventKind.STEP_CANCELLED: "cancelled",
    EventKind.STEP_IN_DOUBT: "in doubt",
}


class Progress(Protocol):
    """An observer that shows what it sees."""

    def __enter__(self) -> Self:
        """Begin to show."""

    def __exit__(self, *_: object) -> None:
        """Show no more."""

    def on_event(self, event: Event) -> None:
        """Show an event."""

    def on_output(self, position: str, attempt: int, stream: str, text: str) -> None:
        """Show a line that a step wrote."""

    def note(self, text: str) -> None:
        """Show a remark."""


def make_progress(output: Output, title: str) -> Progress:
    """Return what fits the streams of `output`; `title` stands above a tree."""
    if output.is_json or output.quiet:
        return Silence()
    if output.err.isatty():
        from latticeflow.cli.tree import Tree

        return Tree(output, title)
    return Lines(output)


class Silence:
    """Shows nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Do nothing."""

    def on_event(self, event: Event) -> None:
        """Ignore it."""

    def on_output(self, position: str, attempt: int, stream: str, text: str) -> None:
        """Ignore it."""

    def note(self, text: str) -> None:
        """Ignore it."""


class Lines(Silence):
    """Writes a line for each start and end of a step and each line of output."""

    def __init__(self, output: Output) -> None:
        self._output = output

    def on_event(self, event: Event) -> None:
        """Write the start or the end of a step."""
        word = _WORDS.get(event.kind)
        if word is None:
            return
        reason = "" if event.error is None else f": {event.error.message}"
        self._output.note(f"{event.position} {word}{reason}")

    def on_output(self, position: str, attempt: int, stream: str, text: str) -> None:
        """Write the line behind the step's position."""
        del attempt, stream
        self._output.note(f"{position}: {text}")

    def note(self, text: str) -> None:
        """Write the remark."""
        self._output.note(text)
