"""Retention: which runs and artifacts have been kept long enough, and removing them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from latticeflow.capabilities import ArtifactFile
from latticeflow.flow.identity import decode_flow
from latticeflow.runs import TERMINAL, EventKind, Run, RunFilter, RunStore

_ALL = 1_000_000


@dataclass(frozen=True, slots=True)
class Cleaning:
    """What is to be removed, or was: runs by id, and copies of artifacts."""

    run_ids: tuple[str, ...]
    artifacts: tuple[Path, ...]
    size_bytes: int


async def plan_cleaning(
    store: RunStore,
    folder: Path | None,
    *,
    older_than_ms: int | None = None,
    keep: int | None = None,
    now_ms: int | None = None,
) -> Cleaning:
    """Return what has been kept long enough.

    A run goes when it has ended and is older than `older_than_ms` (or, where that is not given,
    than its flow wants it kept), and is not among the `keep` newest. With `keep` alone all ended
    runs beyond the newest go. A run with an artifact whose own retention has not passed stays: it
    is what knows of the artifact. An artifact without a retention goes with the last run that has
    it, one with a retention once that has passed, even if the run stays.

    Args:
        store: The store.
        folder: Where copies of artifacts are, None where there are none.
        older_than_ms: The age from which runs go.
        keep: How many of the newest runs stay whatever their age.
        now_ms: The time of day; by default the clock's.
    """
    now = time.time_ns() // 1_000_000 if now_ms is None else now_ms
    runs = await store.find(RunFilter(limit=_ALL))
    kept = [copy for run in runs for copy in await _copies(store, run, folder, now)]
    held = {copy.run_id for copy in kept if copy.is_young}
    goes = {
        run.run_id
        for number, run in enumerate(runs)
        if run.status in TERMINAL
        and run.run_id not in held
        and (keep is None or number >= keep)
        and _is_old(run, now, older_than_ms, keep)
    }
    wanted = {
        copy.place for copy in kept if copy.is_young or not (copy.is_old or copy.run_id in goes)
    }
    sizes = {
        copy.place: copy.size_bytes
        for copy in kept
        if copy.place not in wanted and copy.place.is_file()
    }
    return Cleaning(
        tuple(run.run_id for run in runs if run.run_id in goes), tuple(sizes), sum(sizes.values())
    )


async def clean(store: RunStore, cleaning: Cleaning) -> int:
    """Remove what `cleaning` names, runs first; return how many runs went."""
    removed = await store.delete(cleaning.run_ids) if cleaning.run_ids else 0
    await asyncio.to_thread(_unlink, cleaning.artifacts)
    return removed


def _unlink(paths: Sequence[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)


def _is_old(run: Run, now: int, older_than_ms: int | None, keep: int | None) -> bool:
    age = now - (run.finished_at_ms or run.created_at_ms)
    if older_than_ms is not None:
        return age > older_than_ms
    wanted = decode_flow(run.flow_ir).policies.durability.retain_completed_for
    if wanted is not None:
        return age > wanted
    return keep is not None


@dataclass(frozen=True, slots=True)
class _Copy:
    """An artifact of a run. Without a retention it is neither young nor old."""

    run_id: str
    place: Path
    size_bytes: int
    is_young: bool
    is_old: bool


async def _copies(store: RunStore, run: Run, folder: Path | None, now: int) -> list[_Copy]:
    if folder is None:
        return []
    # Late: looking for artifacts is the only use of files here.
    from latticeflow.providers.files import artifact_place  # noqa: PLC0415

    copies: list[_Copy] = []
    for event in await store.history(run.run_id):
        if event.kind is EventKind.ARTIFACT:
            artifact = msgspec.convert(event.data, ArtifactFile)
            limit = artifact.retention_ms
            is_old = limit is not None and now - event.at_ms > limit
            is_young = limit is not None and not is_old
            place = artifact_place(folder, artifact)
            copies.append(_Copy(run.run_id, place, artifact.size_bytes, is_young, is_old))
    return copies
