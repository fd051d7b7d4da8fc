"""The port of the run store: how runs, their histories and their logs are kept."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from typing import Protocol

from latticeflow.runs.model import Event, LogLine, Owner, Run, RunFilter


class StoreError(Exception):
    """The store could not do what was asked; `code` is the diagnostic's."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class FencedError(StoreError):
    """A write came from a process that no longer owns the run."""


class RunStore(Protocol):
    """Keeps runs. Every host has one; all providers pass one contract suite.

    Writes are applied in the order in which they were asked for, over all methods. A write is
    durable once its awaitable has completed without an error, and so is every write asked for
    before it: waiting for the last is waiting for all. A caller may drop an awaitable it does not
    need; the write still happens. After a failed write every later write of that store fails too.
    """

    async def open(self) -> None:
        """Make the store ready; migrates an older schema.

        Raises:
            StoreError: the schema is newer than this version (STORE002), or the place cannot be
                used (STORE001).
        """

    async def close(self) -> None:
        """Write what was asked for, release owned runs, free everything; twice is once."""

    async def create(self, run: Run, owner: Owner | None = None) -> tuple[Run, bool]:
        """Add `run`, owned by `owner`, unless its id exists.

        Returns the stored run and whether it was added now. Registering another digest under a
        published name and version (not `0.0.0`) is refused.

        Raises:
            StoreError: the name and version are known with another digest (STORE010).
        """

    async def get(self, run_id: str) -> Run | None:
        """Return the run, without history."""

    async def find(self, which: RunFilter) -> list[Run]:
        """Return the runs that match, newest first."""

    def append(
        self,
        run_id: str,
        events: Sequence[Event],
        *,
        fence: int,
        state: Run | None = None,
    ) -> Awaitable[None]:
        """Add `events` to the history of `run_id` and, in the same transaction, store `state`.

        Of `state` its status, times, result, error and options are stored. Never blocks the
        caller; returns at once with the awaitable of the commit.

        Raises (at once): TypeError or ValueError if an event holds what cannot be kept; nothing
        of the call is written, and the store goes on.

        Raises (from the awaitable):
            FencedError: `fence` is not the run's current one (STORE009).
            StoreError: there is no such run (RUN104); the write failed (STORE005) or the store
                stayed locked (STORE004).
        """
        ...

    async def history(self, run_id: str, after: int = 0) -> list[Event]:
        """Return the committed events with `seq > after`, in order."""

    def log(self, run_id: str, lines: Sequence[LogLine]) -> Awaitable[None]:
        """Add log lines."""
        ...

    async def logs(self, run_id: str, after: int = 0, limit: int = 1000) -> list[LogLine]:
        """Return log lines with `seq > after`, in order."""

    async def claim(self, run_id: str, owner: Owner) -> Run | None:
        """Take over `run_id` with a fence one higher, unless a live process owns it.

        Returns the run with its new owner, or None when it is owned by a live process (this one
        included: release it first) or does not exist. Claiming a run that has ended, to drive it
        again, forgets a request to cancel it.
        """

    async def release(self, run_id: str, fence: int) -> None:
        """Give up the run; does nothing if `fence` is no longer current."""

    async def request_cancel(self, run_id: str) -> bool:
        """Ask the owner to cancel; returns False if the run has ended or does not exist."""

    async def cancel_requested(self, run_ids: Sequence[str]) -> set[str]:
        """Return those of `run_ids` that were asked to cancel."""

    async def is_live(self, run: Run) -> bool:
        """Tell whether the owner of `run` is a living process."""

    async def delete(self, run_ids: Sequence[str]) -> int:
        """Remove ended runs with all that is theirs alone; return how many."""
