"""Measure ours, the floor and the peers in one interleaved run; print ratios, machine and load.

    python benchmarks/run.py --environments .bench [--quick] [--only graphs,durable] [--json FILE]

Every contender runs in a process of its own, in the environment that has it (`.bench/<peer>`); a
missing one is skipped, and that is said. Rounds go through all contenders in shuffled order. A
ratio compares neighbours: the floor of the graphs runs in the contender's own process, turn by
turn, and so do the floors of the durable runs beside ours.
"""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import report
import startup
from contenders import (
    DURABLE_PEERS,
    GRAPH_PEERS,
    HEAVY,
    HEAVY_SKIPS,
    environment,
)
from shapes import COMPARED

WORKER = Path(__file__).with_name("worker.py")
MARK = "RESULT "
PARTS = ("graphs", "durable", "start", "check")
LONG_SECONDS = 25  # a contender that takes longer is measured in the first round only


class Bench:
    """One benchmark run: what to measure, and what has been measured so far."""

    def __init__(self, arguments: argparse.Namespace, work: Path) -> None:
        self.environments: Path = arguments.environments.resolve()
        self.quick: bool = arguments.quick
        self.rounds: int = arguments.rounds or (1 if self.quick else 3)
        self.seconds = 0.4 if self.quick else 1.0
        self.timeout = 240
        self.peers: set[str] | None = arguments.peers
        self.shapes: tuple[str, ...] = arguments.shapes
        self.work = work
        self.skipped: dict[str, str] = {}
        self.versions: dict[str, str] = {}
        self.tired: set[tuple[str, ...]] = set()
        self.results: dict[str, Any] = {part: {} for part in (*PARTS, "cold")}

    # -- one contender -------------------------------------------------------------------------

    def python(self, contender: str) -> str | None:
        """Return the interpreter that has the contender, None if there is none."""
        if contender in ("ours", "floor", "here"):
            return sys.executable
        if self.peers is not None and contender not in self.peers:
            self.skipped.setdefault(contender, "not asked for")
            return None
        found = self.environments / contender / "bin" / "python"
        if not found.exists():
            self.skipped.setdefault(contender, f"there is no {found}")
            return None
        return str(found)

    def spawn(self, contender: str, kind: str, *arguments: str) -> dict[str, Any] | None:
        """Run one worker to its result; what goes wrong is noted, and not tried again."""
        python = self.python(contender)
        job = (kind, contender, *arguments)
        if python is None or job in self.tired:
            return None
        label = " ".join((kind, contender, *arguments))
        process = subprocess.Popen(
            [python, str(WORKER), *job[:1], *(arguments if kind == "check" else job[1:])],
            cwd=self.work,
            env=environment(self.work),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        began = time.monotonic()
        try:
            out, err = process.communicate(timeout=self.timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            self.tired.add(job)
            self.skipped[label] = f"no result in {self.timeout} s"
            return None
        if time.monotonic() - began > LONG_SECONDS:
            self.tired.add(job)
        for line in out.splitlines():
            if line.startswith(MARK):
                result: dict[str, Any] = json.loads(line[len(MARK) :])
                self.versions.update(result.get("versions", {}))
                return result
        self.tired.add(job)
        self.skipped[label] = (err.strip().splitlines() or [f"ended with {process.returncode}"])[-1]
        return None

    def note(self, text: str) -> None:
        """Tell on standard error how far the run is."""
        load = os.getloadavg()[0]
        print(f"bench: {text} (load {load:.1f})", file=sys.stderr, flush=True)

    # -- the parts -----------------------------------------------------------------------------

    def graphs(self, number: int) -> None:
        """Measure every shape with every contender."""
        for shape in self.shapes:
            contenders = ["ours", "floor", *GRAPH_PEERS]
            random.Random(f"{number}{shape}").shuffle(contenders)
            for contender in contenders:
                heavy = contender in HEAVY
                if heavy and (self.quick or number or shape in HEAVY_SKIPS):
                    reason = "milliseconds a node: measured once, not in a quick run"
                    if shape in HEAVY_SKIPS:
                        reason = "it would take minutes"
                    if self.quick or shape in HEAVY_SKIPS:
                        self.skipped.setdefault(f"graph {contender} {shape}", reason)
                    continue
                result = self.spawn(contender, "graph", shape, str(self.seconds))
                if result is not None:
                    found = self.results["graphs"].setdefault(shape, {})
                    found.setdefault(contender, []).append(result)
            self.note(f"round {number + 1}, {shape}")

    def durable(self, number: int) -> None:
        """Measure durable steps: one run alone, and many at once."""
        jobs = [("here", "1"), ("here", "200")]
        for peer in DURABLE_PEERS:
            # 200 at once take a peer a minute or more: once is enough.
            many = ("1", "20") if self.quick or number else ("1", "20", "200")
            jobs += [(peer, at_once) for at_once in many]
        random.Random(number).shuffle(jobs)
        for contender, at_once in jobs:
            seconds = str(self.seconds * (4 if contender == "here" else 1))
            result = self.spawn(contender, "durable", at_once, seconds)
            if result is not None:
                found = self.results["durable"].setdefault(at_once, {})
                found.setdefault(contender, []).append(result)
        self.note(f"round {number + 1}, durable")

    def start(self, number: int) -> None:
        """Measure the start of processes."""
        times: dict[str, list[startup.Taken]] = self.results["start"]
        folder = Path(tempfile.mkdtemp(prefix="start-", dir=self.work))
        commands = startup.commands(Path(sys.executable), folder)
        for turn in range(3 if self.quick else 7):
            order = list(commands)
            random.Random(f"{number}{turn}").shuffle(order)
            for name in order:
                if name in self.skipped:
                    continue
                try:
                    taken = startup.once(commands[name], folder)
                except (RuntimeError, OSError, subprocess.TimeoutExpired) as error:
                    self.skipped[name] = str(error)
                    continue
                times.setdefault(name, []).append(taken)
        for peer in GRAPH_PEERS:
            if peer in HEAVY and (self.quick or number):
                continue
            began = time.perf_counter()
            result = self.spawn(peer, "cold")
            if result is not None:
                wall = time.perf_counter() - began
                cold = self.results["cold"].setdefault(peer, [])
                cold.append(startup.Taken(wall_s=wall, cpu_s=result["cpu_s"]))
        self.results["start"] = {name: times[name] for name in commands if name in times}
        self.note(f"round {number + 1}, start")

    def check(self, number: int) -> None:
        """Measure building, checking and lowering."""
        for nodes in ("1000", "10000"):
            result = self.spawn("ours", "check", nodes, str(self.seconds))
            if result is not None:
                self.results["check"].setdefault(nodes, []).append(result)
        self.note(f"round {number + 1}, check")


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])

    def listed(allowed: tuple[str, ...]) -> Any:
        def read(text: str) -> tuple[str, ...]:
            chosen = tuple(text.split(","))
            for one in chosen:
                if one not in allowed:
                    raise argparse.ArgumentTypeError(f"{one!r} is none of {', '.join(allowed)}")
            return chosen

        return read

    parser.add_argument("--environments", type=Path, default=Path(".bench"))
    parser.add_argument("--quick", action="store_true", help="one short round, without the slowest")
    parser.add_argument("--rounds", type=int, help="3, or 1 with --quick")
    parser.add_argument("--only", type=listed(PARTS), default=PARTS, help=", ".join(PARTS))
    parser.add_argument("--shapes", type=listed(COMPARED), default=COMPARED)
    parser.add_argument(
        "--peers",
        type=lambda text: set(filter(None, text.split(","))),
        help="only these; '' for none",
    )
    parser.add_argument("--json", type=Path, help="write all measurements to this file")
    return parser.parse_args()


def main() -> int:
    arguments = read_arguments()
    arguments.environments.mkdir(exist_ok=True)
    # Beside the environments, on a real disk: in a memory file system a sync costs nothing.
    work = Path(tempfile.mkdtemp(prefix="work-", dir=arguments.environments)).resolve()
    bench = Bench(arguments, work)
    before = report.machine()
    try:
        for number in range(bench.rounds):
            for part in arguments.only:
                getattr(bench, part)(number)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    results = bench.results
    parts = [
        report.graphs(results["graphs"]),
        report.durable(results["durable"]),
        report.starts(results["start"], results["cold"]),
        report.checks(results["check"]),
    ]
    tables = [one for found, _ in parts for one in found]
    verdicts = [one for _, found in parts for one in found]
    show(bench, before, tables, verdicts)
    if arguments.json is not None:
        whole = {
            "machine": before,
            "load_after": os.getloadavg(),
            "versions": bench.versions,
            "rounds": bench.rounds,
            "quick": bench.quick,
            "results": results,
            "skipped": bench.skipped,
            "verdicts": [vars(verdict) for verdict in verdicts],
        }
        arguments.json.write_text(json.dumps(whole, indent=1), encoding="utf-8")
    return 0


def show(
    bench: Bench, before: dict[str, Any], tables: list[str], verdicts: list[report.Verdict]
) -> None:
    """Print the report as Markdown."""
    print("# LatticeFlow, the floor and the peers\n")
    print(
        f"{before['cpu']}, {before['cores']} cores, {before['system']}, CPython {before['python']}"
    )
    print(f"load before {before['load']}, after {[round(load, 1) for load in os.getloadavg()]}")
    print(f"rounds: {bench.rounds}{', quick' if bench.quick else ''}; figures are medians")
    if bench.versions:
        found = ", ".join(f"{name} {version}" for name, version in sorted(bench.versions.items()))
        print(f"peers: {found}; on uvloop where they run on asyncio, ours on asyncio")
    for one in tables:
        print(one)
    if verdicts:
        rows = [(one.promise, one.measured, "yes" if one.holds else "NO") for one in verdicts]
        print(report.table("What is promised", ("", "measured", "holds"), rows))
    if bench.skipped:
        print("\n### Left out\n")
        for name, reason in bench.skipped.items():
            print(f"- {name}: {reason}")


if __name__ == "__main__":
    sys.exit(main())
