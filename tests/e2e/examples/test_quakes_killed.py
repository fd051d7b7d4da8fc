"""`kill -9` at every boundary of the example: the run taken up again ends as if nothing had been."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.examples import killing
from tests.faults.boundaries import Child

KILLED = -9
ROWS = 60


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder in memory where there is one: a killed process loses nothing it has written."""
    memory = Path("/dev/shm")
    place = Path(tempfile.mkdtemp(dir=memory if memory.is_dir() else None))
    yield place
    shutil.rmtree(place, ignore_errors=True)


def fresh(folder: Path) -> None:
    for entry in folder.iterdir():
        shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    catalogue = next((killing.EXAMPLE / "data").glob("*.json"))
    rows = json.loads(catalogue.read_text())["features"][:ROWS]
    (folder / "week.json").write_text(json.dumps({"features": rows}))


def outcome(child: Child, folder: Path, assume: str | None = None) -> dict[str, Any]:
    assert child.run(killing.drive, str(folder), 0, assume) == 0
    found: dict[str, Any] = json.loads((folder / "outcome").read_text())
    return found


@pytest.mark.faults
def test_killed_anywhere_it_ends_the_same_and_stores_once(folder: Path) -> None:
    child = Child()
    child.context.set_forkserver_preload(["tests.e2e.examples.killing"])
    fresh(folder)
    whole = outcome(child, folder)
    assert whole["status"] == "succeeded"
    assert whole["searches"] == 1
    ends: Counter[str] = Counter()
    done_at = 0
    for die_at in range(1, whole["boundaries"] + 1):
        fresh(folder)
        assert child.run(killing.drive, str(folder), die_at) == KILLED
        ended = outcome(child, folder)
        ends[ended["status"]] += 1
        assert ended["searches"] <= 1, f"stored twice, killed at {die_at}"
        while ended["status"] == "parked":
            # A person looks whether the search is stored; a file may be written again in any case.
            is_stored = "`store`" in ended["doubt"] and ended["searches"] == 1
            if is_stored:
                done_at = die_at
            ended = outcome(child, folder, "done" if is_stored else "retry")
        assert ended["status"] == "succeeded", f"killed at {die_at}: {ended}"
        assert ended["searches"] == 1, f"killed at {die_at}"
        # What a person says was done has no result that anybody knows.
        known = ended["value"]["stored_rows"] is not None
        assert ended["value"] == whole["value"] | ({} if known else {"stored_rows": None})
    assert min(ends["succeeded"], ends["parked"]) > 10, ends
    # The negative control: where the effect had happened, doing it again is seen.
    fresh(folder)
    child.run(killing.drive, str(folder), done_at)
    assert outcome(child, folder)["status"] == "parked"
    assert outcome(child, folder, "retry")["searches"] == 2
