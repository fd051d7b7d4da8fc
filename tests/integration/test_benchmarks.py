"""The benchmarks measure what they say: the same work, and floors that do all of it."""

from __future__ import annotations

import asyncio
import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def benchmarks():
    """The benchmarks' own modules; they import each other by their plain names."""
    names = ("shapes", "floor", "ours", "report")
    sys.path.insert(0, str(FOLDER))
    try:
        yield {name: importlib.import_module(name) for name in names}
    finally:
        sys.path.remove(str(FOLDER))
        for name in names:
            sys.modules.pop(name, None)


@pytest.mark.parametrize("shape", ["one", "chain100", "fan200", "lattice20"])
def test_ours_and_every_floor_do_all_the_work(benchmarks, shape):
    from latticeflow.hosts.local import run_sync

    shapes = benchmarks["shapes"]
    parents = shapes.SHAPES[shape]()
    wanted = shapes.expected(parents)
    assert run_sync(benchmarks["ours"].graph(parents)) == wanted
    for build in benchmarks["floor"].FLOORS.values():
        assert asyncio.run(build(parents)()) == wanted


def test_the_random_graph_is_the_same_everywhere(benchmarks):
    shapes = benchmarks["shapes"]
    parents = shapes.dag(500)
    assert parents == shapes.dag(500)
    assert all(chosen and max(chosen) < node for node, chosen in enumerate(parents) if node)
    followed = {parent for chosen in parents for parent in chosen}
    assert followed == set(range(499))  # everything leads to the sink


def test_a_promise_that_is_broken_is_reported_as_broken(benchmarks):
    def measured(micros: float) -> dict[str, object]:
        runs = {
            "ours": {"cpu_s": micros * 1e-4},
            benchmarks["report"].STEPPED: {"cpu_s": 1e-4},
        }
        return {"nodes": 100, "runs": runs}

    peer = {"nodes": 100, "runs": {"peer": {"cpu_s": 2e-3}, **measured(1)["runs"]}}
    for micros, holds in ((1.2, [True, True]), (4.0, [False, False])):
        results = {"chain100": {"ours": [measured(micros)], "peer": [peer]}}
        _, verdicts = benchmarks["report"].graphs(results)
        assert [verdict.holds for verdict in verdicts] == holds


def test_one_run_prints_ratios_and_says_who_was_left_out(tmp_path):
    done = subprocess.run(
        [
            sys.executable,
            str(FOLDER / "run.py"),
            "--environments",
            str(tmp_path / "none"),
            "--quick",
            "--only",
            "graphs",
            "--shapes",
            "chain100",
            "--json",
            str(tmp_path / "out.json"),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "stepped, own context" in done.stdout
    assert "hamilton: there is no" in done.stdout
    measured = json.loads((tmp_path / "out.json").read_text())
    assert measured["results"]["graphs"]["chain100"]["ours"][0]["nodes"] == 100
    assert measured["machine"]["cores"]
