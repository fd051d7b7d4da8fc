"""Killing a run at its boundaries with the store, and what is known afterwards.

A boundary is a place before or after something that must survive: an event asked for, a commit
acknowledged, an effect begun or done. They are numbered in the order in which the process meets
them; the child that is told a number dies there by SIGKILL, as with a pulled plug.

What happened is kept outside of the engine, in a ledger: a file that each line is appended to by
one `write`, so that it survives the process.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from latticeflow.runs import Event, EventKind, Owner, Run, RunStore


@dataclass(slots=True)
class Boundaries:
    """Counts boundaries and dies at the one that was asked for (0: at none)."""

    die_at: int = 0
    passed: int = 0

    def here(self) -> None:
        self.passed += 1
        if self.passed == self.die_at:
            os.kill(os.getpid(), signal.SIGKILL)


class Ledger:
    """Lines of words, appended atomically."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def note(self, *words: str) -> None:
        descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(descriptor, ("\t".join(words) + "\n").encode())
        finally:
            os.close(descriptor)

    def lines(self) -> list[list[str]]:
        if not self.path.exists():
            return []
        return [line.split("\t") for line in self.path.read_text().splitlines()]

    def words(self, kind: str) -> list[list[str]]:
        return [line[1:] for line in self.lines() if line[0] == kind]


class KilledStore:
    """A store that passes every boundary on its way in and out, and notes what it acknowledged.

    With `lazy`, the negative control, a write is acknowledged before it has been made.
    """

    def __init__(
        self, store: RunStore, boundaries: Boundaries, ledger: Ledger, *, lazy: bool = False
    ) -> None:
        self._store = store
        self._boundaries = boundaries
        self._ledger = ledger
        self._lazy = lazy
        self._held: list[tuple[str, Sequence[Event], int, Run | None]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def create(self, run: Run, owner: Owner | None = None) -> tuple[Run, bool]:
        self._boundaries.here()
        created = await self._store.create(run, owner)
        self._boundaries.here()
        return created

    def append(
        self,
        run_id: str,
        events: Sequence[Event],
        *,
        fence: int,
        state: Run | None = None,
    ) -> Awaitable[None]:
        self._boundaries.here()
        if self._lazy:
            self._held.append((run_id, events, fence, state))
            if state is None or state.finished_at_ms is None:
                return self._acknowledge(events, None)
            held, self._held = self._held, []
            written = None
            for each_id, each, each_fence, each_state in held:
                written = self._store.append(each_id, each, fence=each_fence, state=each_state)
            return self._acknowledge(events, written)
        written = self._store.append(run_id, events, fence=fence, state=state)
        return asyncio.ensure_future(self._acknowledge(events, written))

    async def _acknowledge(
        self, events: Sequence[Event], written: Awaitable[None] | None
    ) -> None:
        if written is not None:
            await written
        for event in events:
            if event.kind is EventKind.STEP_COMPLETED:
                self._ledger.note("acknowledged", event.position, str(event.attempt))
        self._boundaries.here()


def run_in_child(work: Any) -> int:
    """Run `work` in a fork and return its exit code, −9 if it was killed."""
    child = os.fork()
    if child == 0:
        code = 70
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)
