"""A run store that lives and dies with its process."""

from __future__ import annotations

from collections.abc import Awaitable, Generator, Sequence
from typing import TypeVar

import msgspec

from latticeflow.providers.run_store.errors import fenced, not_open, store_error, unknown_run
from latticeflow.providers.run_store.identity import this_process
from latticeflow.providers.run_store.text import readable, readable_error, require_text
from latticeflow.runs import (
    TERMINAL,
    Event,
    LogLine,
    Owner,
    Run,
    RunFilter,
    StoreError,
)

_T = TypeVar("_T", Run, Event)
DEVELOPMENT_VERSION = "0.0.0"


class _Done(Awaitable[None]):
    """What a write returns: it has happened, or was refused, before anyone waits."""

    __slots__ = ("_error",)

    def __init__(self, error: StoreError | None = None) -> None:
        self._error = error

    def __await__(self) -> Generator[None, None, None]:
        if self._error is not None:
            raise self._error
        yield from ()


_DONE = _Done()


class MemoryRunStore:
    """Keeps runs in this process.

    What is stored and what is returned are copies: changing a run changes nothing here. Nothing
    outlives the process, so the only owner that can be alive is this process.
    """

    def __init__(self) -> None:
        self._runs: dict[str, Run] = {}
        self._fences: dict[str, int] = {}
        self._events: dict[str, list[Event]] = {}
        self._logs: dict[str, list[LogLine]] = {}
        self._published: dict[tuple[str, str], str] = {}
        self._open = False

    async def open(self) -> None:
        self._open = True

    async def close(self) -> None:
        if self._open:
            self._open = False
            for run in self._runs.values():
                run.owner = None

    async def create(self, run: Run, owner: Owner | None = None) -> tuple[Run, bool]:
        self._check_open()
        known = self._runs.get(run.run_id)
        if known is not None:
            return _copy(known), False
        name = (run.flow_name, run.flow_version)
        if run.flow_version != DEVELOPMENT_VERSION:
            digest = self._published.setdefault(name, run.flow_digest)
            if digest != run.flow_digest:
                raise store_error("STORE010", flow=name[0], version=name[1])
        stored = _copy(run)
        stored.cancel_requested = False
        fence = 0 if owner is None else 1
        stored.owner = None if owner is None else msgspec.structs.replace(owner, fence=fence)
        self._runs[run.run_id] = stored
        self._fences[run.run_id] = fence
        self._events[run.run_id] = []
        self._logs[run.run_id] = []
        return _copy(stored), True

    async def get(self, run_id: str) -> Run | None:
        self._check_open()
        run = self._runs.get(run_id)
        return None if run is None else _copy(run)

    async def find(self, which: RunFilter) -> list[Run]:
        self._check_open()
        newest = list(self._runs.values())[::-1]
        newest.sort(key=lambda run: run.created_at_ms, reverse=True)
        return [_copy(run) for run in newest if _matches(run, which)][: which.limit]

    def append(
        self,
        run_id: str,
        events: Sequence[Event],
        *,
        fence: int,
        state: Run | None = None,
    ) -> Awaitable[None]:
        require_text(*(event.position for event in events))
        error = self._refusal(run_id, fence)
        if error is not None:
            return _Done(error)
        # Made whole before anything is kept: what cannot be kept must leave nothing behind.
        kept = [_keep(event) for event in events]
        changed = (
            None
            if state is None
            else _copy(msgspec.structs.replace(state, error=readable_error(state.error)))
        )
        history = self._events[run_id]
        for event in kept:
            history.append(msgspec.structs.replace(event, seq=len(history) + 1))
        if changed is not None:
            run = self._runs[run_id]
            run.status = changed.status
            run.started_at_ms = changed.started_at_ms
            run.finished_at_ms = changed.finished_at_ms
            run.result = changed.result
            run.error = changed.error
            run.options = changed.options
        return _DONE

    async def history(self, run_id: str, after: int = 0) -> list[Event]:
        self._check_open()
        found = self._events.get(run_id, [])[max(after, 0) :]
        return [_copy(event) if event.data else event for event in found]

    def log(self, run_id: str, lines: Sequence[LogLine]) -> Awaitable[None]:
        if not self._open:
            return _Done(not_open("memory:"))
        kept = self._logs.get(run_id)
        if kept is None:
            return _Done(unknown_run(run_id))
        for line in lines:
            text, seq = readable(line.text), len(kept) + 1
            kept.append(msgspec.structs.replace(line, text=text, seq=seq))
        return _DONE

    async def logs(self, run_id: str, after: int = 0, limit: int = 1000) -> list[LogLine]:
        self._check_open()
        start = max(after, 0)
        return self._logs.get(run_id, [])[start : start + limit]

    async def claim(self, run_id: str, owner: Owner) -> Run | None:
        self._check_open()
        run = self._runs.get(run_id)
        if run is None or await self.is_live(run):
            return None
        if run.status in TERMINAL:
            run.cancel_requested = False
        fence = self._fences[run_id] + 1
        self._fences[run_id] = fence
        run.owner = msgspec.structs.replace(owner, fence=fence)
        return _copy(run)

    async def release(self, run_id: str, fence: int) -> None:
        self._check_open()
        if self._fences.get(run_id) == fence:
            self._runs[run_id].owner = None

    async def request_cancel(self, run_id: str) -> bool:
        self._check_open()
        run = self._runs.get(run_id)
        if run is None or run.status in TERMINAL:
            return False
        run.cancel_requested = True
        return True

    async def cancel_requested(self, run_ids: Sequence[str]) -> set[str]:
        self._check_open()
        asked = (self._runs.get(run_id) for run_id in run_ids)
        return {run.run_id for run in asked if run is not None and run.cancel_requested}

    async def is_live(self, run: Run) -> bool:
        return run.owner is not None and run.owner.pid == this_process().pid

    async def delete(self, run_ids: Sequence[str]) -> int:
        self._check_open()
        ended = [
            run_id
            for run_id in dict.fromkeys(run_ids)
            if run_id in self._runs and self._runs[run_id].status in TERMINAL
        ]
        for run_id in ended:
            for kept in (self._runs, self._fences, self._events, self._logs):
                del kept[run_id]
        return len(ended)

    def _refusal(self, run_id: str, fence: int) -> StoreError | None:
        if not self._open:
            return not_open("memory:")
        current = self._fences.get(run_id)
        if current is None:
            return unknown_run(run_id)
        return None if current == fence else fenced(run_id, fence, current)

    def _check_open(self) -> None:
        if not self._open:
            raise not_open("memory:")


def _copy(value: _T) -> _T:
    # Through JSON, so that what comes back is what a store on disk would return.
    return msgspec.json.decode(msgspec.json.encode(value), type=type(value))


def _keep(event: Event) -> Event:
    if event.error is not None:
        event = msgspec.structs.replace(event, error=readable_error(event.error))
    return _copy(event) if event.data else event


def _matches(run: Run, which: RunFilter) -> bool:
    after, before = which.created_after_ms, which.created_before_ms
    return (
        (which.flow_name is None or run.flow_name == which.flow_name)
        and (not which.statuses or run.status in which.statuses)
        and (after is None or run.created_at_ms > after)
        and (before is None or run.created_at_ms < before)
    )
