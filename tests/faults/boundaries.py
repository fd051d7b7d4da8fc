"""Killing a run at its boundaries with the store, and what is known afterwards.

A boundary is a place before or after something that must survive: an event asked for, a commit
acknowledged, an effect begun or done. They are numbered in the order in which the process meets
them; the child that is told a number dies there by SIGKILL, as with a pulled plug.

What happened is kept outside of the engine, in a ledger: a file that each line is appended to by
one `write`, so that it survives the process.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from latticeflow.capabilities import Dedupe
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

    async def _acknowledge(self, events: Sequence[Event], written: Awaitable[None] | None) -> None:
        if written is not None:
            await written
        for event in events:
            if event.kind is EventKind.STEP_COMPLETED:
                self._ledger.note("acknowledged", event.position, str(event.attempt))
        self._boundaries.here()


class KilledLedger:
    """A ledger of effects (`Dedupe`) with a boundary before and after each call."""

    def __init__(self, inner: Dedupe, boundaries: Boundaries) -> None:
        self._inner = inner
        self._boundaries = boundaries

    def __getattr__(self, name: str) -> Any:
        inner = getattr(self._inner, name)

        async def call(*args: Any, **options: Any) -> Any:
            self._boundaries.here()
            result = await inner(*args, **options)
            self._boundaries.here()
            return result

        return call

    async def begin(self, key: str, **options: Any) -> Any:
        return await self.__getattr__("begin")(key, **options)


class OutsideWorld:
    """Keys and values whose every write is an effect that the ledger keeps."""

    def __init__(self, boundaries: Boundaries, ledger: Ledger) -> None:
        self._boundaries = boundaries
        self._ledger = ledger

    async def get(self, key: str) -> bytes | None:
        if key.startswith("ran:"):
            self._ledger.note("ran", *key.split(":")[1:])
            return None
        if key.startswith("before:"):
            asked = [key] in self._ledger.words("asked")
            self._ledger.note("asked", key)
            return b"asked before" if asked else None
        found = [value for name, value in self._ledger.words("effect") if name == key]
        return found[-1].encode() if found else None

    async def put(self, key: str, value: bytes, **_: Any) -> int:
        self._boundaries.here()
        self._ledger.note("effect", key, value.decode())
        self._boundaries.here()
        return 1

    async def delete(self, key: str, **_: Any) -> bool:
        del key
        return False

    async def get_entry(self, key: str) -> None:
        del key

    async def list(self, prefix: str = "", **_: Any) -> None:
        del prefix

    def info(self) -> None:
        """Say nothing."""


@dataclass(slots=True)
class Child:
    """Runs functions in forks of one small process that has everything imported."""

    context: Any = None

    def __post_init__(self) -> None:
        self.context = multiprocessing.get_context("forkserver")
        self.context.set_forkserver_preload(["tests.faults.drivers"])

    def run(self, work: Any, *args: Any) -> int:
        """Run `work` and return its exit code, -9 if it was killed."""
        process = self.context.Process(target=work, args=args)
        process.start()
        process.join(60)
        assert process.exitcode is not None, "the child hangs"
        return int(process.exitcode)
