"""The example on real data, as a user runs it: in Python, as TOML, and from its printed graph."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.cli.conftest import DEADLINE_SECONDS, Flows
from tests.e2e.examples.conftest import REPOSITORY

WAYS = ("quakes.py", "workflow.toml")
CATALOGUE = "data/earthquakes-2018-02-07.json"
Example = Callable[..., Flows]


def run(flows: Flows, target: str, *arguments: str) -> dict[str, Any]:
    done = flows.run("run", target, "--json", *arguments)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    assert found["status"] == "succeeded"
    return found


def stored(flows: Flows) -> dict[str, int]:
    """Return how many rows each table of the flow's database has."""
    with closing(sqlite3.connect(flows.folder / ".flows" / "data.db")) as db:
        return {
            table: db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            for table in ("days", "searches")
        }


@pytest.mark.parametrize("target", WAYS)
def test_the_check_finds_nothing(example: Example, target: str) -> None:
    done = example("quakes").run("check", "--strict", "--format", "json", target)
    assert done.returncode == 0
    assert json.loads(done.stdout)["diagnostics"] == []


def test_all_ways_in_give_the_same(example: Example) -> None:
    python, toml = example("quakes", "python"), example("quakes", "toml")
    first = run(python, "quakes.py")["result"]
    assert first["headline"] == (
        "20 earthquakes in 76 hours, the largest of magnitude 6.4, 22km NNE of Hualian, Taiwan"
    )
    second = run(toml, "workflow.toml")["result"]
    assert second == first
    assert list(second) == list(first)  # its fields are in the order they are written in
    for flows, target in [(python, "quakes.py"), (toml, "workflow.toml")]:
        picture = (flows.folder / "out" / "quakes.svg").read_bytes()
        assert hashlib.sha256(picture).hexdigest() == first["picture"]["sha256"]
        # The printed graph is the whole flow: where nothing is stored yet, it does the same.
        printed = flows.run("graph", target, "--format", "json")
        assert printed.returncode == 0
        (flows.folder / "graph.json").write_text(printed.stdout)
        assert flows.json("check", "--format", "json", "graph.json")["diagnostics"] == []
        shutil.rmtree(flows.folder / ".flows")
        again = run(flows, "graph.json")
        assert again["result"] == first
        assert "store" in {each["position"] for each in again["steps"] if each["started_at_ms"]}


def test_where_nothing_is_near_anything_all_ways_say_so(example: Example) -> None:
    flows = example("quakes")
    results = [run(flows, way, "--param", "from_magnitude=9")["result"] for way in WAYS]
    assert results[0] == results[1]
    assert results[0]["cluster"] is None
    assert results[0]["headline"] == "No two of them were near each other"


def test_whoever_runs_it_again_stores_nothing_twice(example: Example) -> None:
    flows = example("quakes")
    first = run(flows, "quakes.py")["result"]
    assert stored(flows) == {"days": 48, "searches": 1}
    for target in ("quakes.py", "workflow.toml", "workflow.toml"):
        assert run(flows, target)["result"] == first
    assert stored(flows) == {"days": 48, "searches": 1}
    # Another question is another effect …
    run(flows, "workflow.toml", "--param", "within_km=50")
    assert stored(flows) == {"days": 48, "searches": 2}
    # … and it is the ledger that keeps the first from happening again: without it, it does.
    for file in (flows.folder / ".flows").glob("dedupe.db*"):
        file.unlink()
    run(flows, "quakes.py")
    assert stored(flows) == {"days": 48, "searches": 3}


def test_the_report_tells_of_every_row_left_out(example: Example) -> None:
    flows = example("quakes")
    result = run(flows, "workflow.toml")["result"]
    features = json.loads((flows.folder / CATALOGUE).read_text())["features"]
    wanted, kinds = {}, Counter[str]()
    for feature in features:
        said = feature["properties"]
        reasons = []
        if said["type"] != "earthquake":
            reasons.append(f"is no earthquake but: {said['type']}")
        if said["rms"] is None:
            reasons.append("has no residual, so nobody knows how good its location is")
        if reasons:
            wanted[feature["id"]] = reasons
            kinds.update(reasons)
    lines = (flows.folder / "out" / "rejected.csv").read_text().splitlines()
    assert lines[0] == "id,reasons"
    told = dict(line.split(",", 1) for line in lines[1:])
    assert {row: reasons.strip('"').split("; ") for row, reasons in told.items()} == wanted
    assert result["rejected"] == dict(kinds)
    assert result["accepted"] == len(features) - len(wanted) == sum(result["days"].values())


def test_files_are_kept_as_artifacts(example: Example) -> None:
    flows = example("quakes")
    found = run(flows, "quakes.py")
    assert [each["path"] for each in found["artifacts"]] == ["out/rejected.csv", "out/quakes.svg"]
    for artifact in found["artifacts"]:
        content = (flows.folder / artifact["path"]).read_bytes()
        assert len(content) == artifact["size_bytes"]
        assert hashlib.sha256(content).hexdigest() == artifact["sha256"]
        copies = [
            each
            for each in (flows.folder / ".flows" / "artifacts").rglob("*")
            if each.is_file() and each.read_bytes() == content
        ]
        assert len(copies) == 1


def test_a_catalogue_that_is_not_there(example: Example) -> None:
    done = example("quakes").run("run", "quakes.py", "--param", "catalogue=data/none.json")
    assert done.returncode == 1
    assert "read_catalogue" in done.stderr
    assert "data/none.json" in done.stderr


def test_the_demonstration_runs_to_its_end(tmp_path: Path, example: Example) -> None:
    flows = example("quakes", "examples/quakes")
    (tmp_path / "scripts").mkdir()
    script = shutil.copy(REPOSITORY / "scripts" / "demo.sh", tmp_path / "scripts")
    (tmp_path / ".venv").symlink_to(sys.prefix)
    done = subprocess.run(
        ["bash", script],
        capture_output=True,
        text=True,
        env=flows.environment,
        timeout=DEADLINE_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "22km NNE of Hualian, Taiwan" in done.stdout
    assert "out/quakes.svg" in done.stdout.rpartition("To see what came of it")[2]
    assert stored(flows) == {"days": 48, "searches": 1}
    # What it tells to look at is there.
    for told in ("show last", "graph quakes.py", "run workflow.toml", "explain DAG-CKPT-004"):
        assert f"flows {told}" in done.stdout
        assert flows.run(*told.split()).returncode == 0
    assert stored(flows) == {"days": 48, "searches": 1}
