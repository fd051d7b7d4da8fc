"""`kill -9` at every boundary: the resumed run ends the same, nothing committed runs twice."""

from __future__ import annotations

import json
import random
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.faults import drivers
from tests.faults.boundaries import Child, Ledger

KILLED = -9
SECOND_KILLS = {"buy": 60, "buy_unsteadily": 40}  # else 20
CASES: dict[str, tuple[Any, Any]] = {
    "buy": (7, 73),
    "buy_many": ([1, 2, 3], [10, 21, 31]),
    "buy_in_turn": ([1, 2, 3], 70),
    "buy_some": ([2, 3], [20, 1003]),
    "buy_unsteadily": ([4, 5], [40, 50]),
    "WORKFLOW": (1, {"packed": "packed", "shipped": "heavy"}),
}

# How many boundaries each flow has at the least: as many kills, and more than 300 in all.
LEAST = {
    "buy": 40,
    "buy_many": 50,
    "buy_in_turn": 60,
    "buy_some": 55,
    "buy_unsteadily": 80,
    "WORKFLOW": 30,
}


def test_there_are_kills_enough() -> None:
    assert sorted(LEAST) == sorted(CASES)
    assert sum(LEAST.values()) > 300


@pytest.fixture(scope="module")
def child() -> Child:
    return Child()


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder in memory where there is one: a killed process loses nothing it has written."""
    memory = Path("/dev/shm")
    place = Path(tempfile.mkdtemp(dir=memory if memory.is_dir() else None))
    yield place
    shutil.rmtree(place, ignore_errors=True)


def clean(folder: Path) -> None:
    for entry in folder.iterdir():
        shutil.rmtree(entry) if entry.is_dir() else entry.unlink()


def outcome(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "outcome").read_text())
    return found


def boundaries_of(child: Child, folder: Path, flow: str, argument: Any) -> int:
    assert child.run(drivers.drive, str(folder), flow, argument, 0) == 0
    return int(outcome(folder)["boundaries"])


def broken_promises(folder: Path, usual: Counter[str]) -> list[str]:
    """Return what must never be: a committed step run again, an effect done twice.

    `usual` says how often a step of each name runs where nothing is killed: in a process that is
    started after so many of them were acknowledged, only the rest may run.
    """
    lines = Ledger(folder / "ledger").lines()
    effects = Counter(line[1] for line in lines if line[0] == "effect")
    found = [f"effect {key} was done {n} times" for key, n in effects.items() if n > 1]
    done: Counter[str] = Counter()
    left: Counter[str] = usual.copy()
    for line in lines:
        if line[0] == "process":
            left = usual - done
        elif line[0] == "acknowledged":
            done[line[1].rpartition("/")[2]] += 1
        elif line[0] == "ran":
            left[line[1]] -= 1
            if left[line[1]] < 0:
                found.append(f"step {line[1]} ran again after its record was acknowledged")
    return found


def usual_of(child: Child, folder: Path, flow: str, argument: Any) -> tuple[int, Counter[str]]:
    """Run a flow to its end; return its boundaries and how often a step of each name ran."""
    count = boundaries_of(child, folder, flow, argument)
    return count, Counter(words[0] for words in Ledger(folder / "ledger").words("ran"))


@pytest.mark.parametrize("flow", sorted(CASES))
def test_a_run_killed_anywhere_ends_the_same(child: Child, folder: Path, flow: str) -> None:
    argument, expected = CASES[flow]
    count, usual = usual_of(child, folder, flow, argument)
    assert count >= LEAST[flow]
    kills = 0
    for die_at in range(1, count + 1):
        clean(folder)
        code = child.run(drivers.drive, str(folder), flow, argument, die_at)
        assert code in (KILLED, 0)
        kills += code == KILLED
        ended = finish(child, folder, flow, argument)
        assert broken_promises(folder, usual) == [], f"killed at {die_at}"
        if ended["status"] == "succeeded":
            assert ended["value"] == expected
        else:
            assert ended["status"] == "parked", f"killed at {die_at}: {ended}"
    assert kills >= count - 2


def finish(child: Child, folder: Path, flow: str, argument: Any, die_at: int = 0) -> dict[str, Any]:
    """Take the run up again, after a second kill if asked for, and return how it ended."""
    if die_at:
        child.run(drivers.drive_again, str(folder), flow, argument, die_at)
    (folder / "outcome").unlink(missing_ok=True)
    assert child.run(drivers.drive_again, str(folder), flow, argument, 0) == 0
    return outcome(folder)


@pytest.mark.parametrize("flow", sorted(CASES))
def test_a_second_kill_while_recovering_changes_nothing(
    child: Child, folder: Path, flow: str
) -> None:
    argument, expected = CASES[flow]
    count, usual = usual_of(child, folder, flow, argument)
    chance = random.Random(7)
    for _ in range(SECOND_KILLS.get(flow, 20)):
        clean(folder)
        first, second = chance.randint(1, count), chance.randint(1, count)
        child.run(drivers.drive, str(folder), flow, argument, first)
        ended = finish(child, folder, flow, argument, second)
        assert broken_promises(folder, usual) == [], f"killed at {first}, then at {second}"
        assert ended["status"] == "parked" or ended["value"] == expected, f"{first}, {second}"


@pytest.mark.parametrize(("assume", "effects"), [("done", 1), ("retry", 2)])
def test_an_effect_in_doubt_parks_until_a_person_decides(
    child: Child, folder: Path, assume: str, effects: int
) -> None:
    count, usual = usual_of(child, folder, "send", 7)
    decided = []
    for die_at in range(1, count + 1):
        clean(folder)
        child.run(drivers.drive, str(folder), "send", 7, die_at)
        ended = finish(child, folder, "send", 7)
        assert broken_promises(folder, usual) == []
        if ended["status"] == "parked":
            done = len(Ledger(folder / "ledger").words("effect"))
            assert child.run(drivers.decide, str(folder), "send", assume) == 0
            assert outcome(folder)["status"] == "succeeded"
            after = len(Ledger(folder / "ledger").words("effect"))
            assert after - done == (assume == "retry")
            decided.append(done + (assume == "retry"))
    assert max(decided) == effects, "no kill came between the effect and its record"


def test_a_sink_that_takes_a_key_twice_never_waits_for_a_person(child: Child, folder: Path) -> None:
    count = boundaries_of(child, folder, "mark", 7)
    most = 0
    for die_at in range(1, count + 1):
        clean(folder)
        assert child.run(drivers.drive, str(folder), "mark", 7, die_at) in (KILLED, 0)
        ended = finish(child, folder, "mark", 7)
        assert (ended["status"], ended["value"]) == ("succeeded", "labelled 70"), die_at
        most = max(most, len(Ledger(folder / "ledger").words("effect")))
    assert most == 2, "no kill came between the effect and its record"


def test_lazy_writes_are_found_out(child: Child, folder: Path) -> None:
    """The negative control: acknowledging before writing breaks a promise somewhere."""
    count, usual = usual_of(child, folder, "buy", 7)
    found: list[str] = []
    for die_at in range(1, count + 1):
        clean(folder)
        child.run(drivers.drive_lazily, str(folder), "buy", 7, die_at)
        finish(child, folder, "buy", 7)
        found += broken_promises(folder, usual)
    assert found, "a store that acknowledges before it writes passed"
