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
    runs beyond the newest go. An artifact goes with its last run, but never before its own
    retention has passed; once that has passed it goes even if the run stays.

    Args:
        store: The store.
        folder: Where copies of artifacts are, None where there are none.
        older_than_ms: The age from which runs go.
        keep: How many of the newest runs stay whatever their age.
        now_ms: The time of day; by default the clock's.
    """
    now = time.time_ns() // 1_000_000 if now_ms is None else now_ms
    runs = await store.find(RunFilter(limit=_ALL))
    goes = [
        run
        for number, run in enumerate(runs)
        if run.status in TERMINAL
        and (keep is None or number >= keep)
        and _is_old(run, now, older_than_ms, keep)
    ]
    artifacts = () if folder is None else await _artifacts(store, folder, runs, goes, now)
    return Cleaning(
        tuple(run.run_id for run in goes),
        tuple(path for path, _ in artifacts),
        sum(size for _, size in artifacts),
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


async def _artifacts(
    store: RunStore, folder: Path, runs: Sequence[Run], goes: Sequence[Run], now: int
) -> tuple[tuple[Path, int], ...]:
    """Return the copies that no run that stays, and no retention, still holds."""
    # Late: looking for artifacts is the only use of files here.
    from latticeflow.providers.files import artifact_place  # noqa: PLC0415

    going = {run.run_id for run in goes}
    wanted: dict[Path, tuple[bool, int]] = {}
    for run in runs:
        for event in await store.history(run.run_id):
            if event.kind is not EventKind.ARTIFACT:
                continue
            artifact = msgspec.convert(event.data, ArtifactFile)
            place = artifact_place(folder, artifact)
            if artifact.retention_ms is None:
                held = run.run_id not in going
            else:
                held = now - event.at_ms <= artifact.retention_ms
            before = wanted.get(place, (False, 0))[0]
            wanted[place] = (held or before, artifact.size_bytes)
    return tuple(
        (place, size) for place, (held, size) in wanted.items() if not held and place.is_file()
    )
