"""From measurements to tables, ratios and verdicts."""

import os
import platform
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from shapes import COMPARED
from startup import Taken

STEPPED = "stepped, own context"


@dataclass(frozen=True)
class Verdict:
    """A promise, what was measured, and whether it holds."""

    promise: str
    measured: str
    holds: bool


def machine() -> dict[str, Any]:
    """Describe what the figures come from."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.release()}",
        "python": sys.version.split()[0],
        "load": [round(load, 1) for load in os.getloadavg()],
    }


def table(title: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table: the first column to the left, the others to the right."""
    lines = [header, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]

    def shown(line: Sequence[str]) -> str:
        cells = [line[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True)]
        return f"| {' | '.join(cells)} |"

    rule = [f":{'-' * (widths[0] + 1)}", *[f"{'-' * (width + 1)}:" for width in widths[1:]]]
    return "\n".join(
        [f"\n### {title}\n", shown(header), f"|{'|'.join(rule)}|", *map(shown, lines[1:])]
    )


def times(value: float) -> str:
    """Return a ratio in as many digits as it deserves."""
    return f"{value:,.0f}x" if value >= 100 else f"{value:.1f}x" if value >= 10 else f"{value:.2f}x"


def graphs(results: dict[str, dict[str, list[dict[str, Any]]]]) -> tuple[list[str], list[Verdict]]:
    """Report shape by shape: CPU per node, and ratios taken inside one process."""
    tables, verdicts = [], []
    for shape in (shape for shape in COMPARED if shape in results):
        micros: dict[str, float] = {}
        ratios: dict[str, float] = {}
        nodes = 0
        for samples in results[shape].values():
            nodes = samples[0]["nodes"]
            for name in samples[0]["runs"]:
                if name in micros:
                    continue  # the floor beside a contender is there for its ratio only
                cpu = [one["runs"][name]["cpu_s"] / nodes * 1e6 for one in samples]
                floor = [one["runs"][STEPPED]["cpu_s"] / nodes * 1e6 for one in samples]
                micros[name] = median(cpu)
                ratios[name] = median(a / b for a, b in zip(cpu, floor, strict=True))
        if "ours" not in ratios:
            continue
        rows = [
            (
                name,
                f"{micros[name]:,.2f}",
                times(ratios[name]),
                times(ratios[name] / ratios["ours"]),
            )
            for name in sorted(micros, key=lambda name: ratios[name])
        ]
        header = ("", "CPU us a node", "of stepped by hand", "of ours")
        tables.append(table(f"{shape}: {nodes:,} nodes in process, no store", header, rows))
        verdicts += _graph_verdicts(shape, micros, ratios, set(results[shape]) - {"ours", "floor"})
    return tables, verdicts


def _graph_verdicts(
    shape: str, micros: dict[str, float], ratios: dict[str, float], peers: set[str]
) -> list[Verdict]:
    limit = 2.5 if shape == "dag10k" else 1.5
    measured = f"{micros['ours']:.2f} us, {times(ratios['ours'])}"
    verdicts = [
        Verdict(
            f"{shape}: at most {limit} us a node, or 2.5x of stepping by hand",
            measured,
            micros["ours"] <= limit or ratios["ours"] <= 2.5,
        )
    ]
    if peers:
        fastest = min(peers, key=lambda peer: ratios[peer])
        ahead = ratios[fastest] / ratios["ours"]
        promise = f"{shape}: at least 10x faster than the fastest peer"
        verdicts.append(Verdict(promise, f"{times(ahead)} ({fastest})", ahead >= 10))
    return verdicts


def durable(results: dict[str, dict[str, list[dict[str, Any]]]]) -> tuple[list[str], list[Verdict]]:
    """Report runs of 100 durable steps, one alone and many at once."""
    rates: dict[str, dict[str, list[float]]] = {}
    cpu: dict[str, dict[str, list[float]]] = {}
    for at_once, contenders in results.items():
        for samples in contenders.values():
            for one in samples:
                for name, values in one["steps_per_s"].items():
                    rates.setdefault(at_once, {}).setdefault(name, []).extend(values)
                    spent = cpu.setdefault(at_once, {}).setdefault(name, [])
                    spent.extend(one["cpu_s_per_step"][name])
    tables, verdicts = [], []
    for at_once, found in sorted(rates.items(), key=lambda item: int(item[0])):
        ours = median(found["ours"]) if "ours" in found else None
        rows = [
            (
                name,
                f"{median(values):,.0f}",
                f"{min(values):,.0f} to {max(values):,.0f}",
                f"{median(cpu[at_once][name]) * 1e6:,.0f}",
                times(ours / median(values)) if ours else "",
            )
            for name, values in sorted(found.items(), key=lambda item: -median(item[1]))
        ]
        what = "one run alone" if at_once == "1" else f"{at_once} runs at once"
        header = ("", "steps/s", "range", "CPU us a step", "ours is faster by")
        tables.append(table(f"100 durable steps, {what}", header, rows))
        if ours is not None:
            verdicts.append(_durable_verdict(at_once, found))
    if "ours" in rates.get("200", {}):
        peers = [found["dbos"] for found in rates.values() if "dbos" in found]
        if peers:
            ahead = median(rates["200"]["ours"]) / max(median(values) for values in peers)
            promise = "durable, 200 at once: at least 20x DBOS on SQLite at its best"
            verdicts.append(Verdict(promise, times(ahead), ahead >= 20))
    return tables, verdicts


def _durable_verdict(at_once: str, rates: dict[str, list[float]]) -> Verdict:
    if at_once == "1":
        slower = median(_paired(rates, "floor: one synced commit a step"))
        promise = "durable, one run alone: within 1.5x of one synced commit a step"
        return Verdict(promise, times(slower), slower <= 1.5)
    slower = median(_paired(rates, "floor: raw group commit"))
    promise = f"durable, {at_once} at once: within 3x of raw group commit"
    return Verdict(promise, times(slower), slower <= 3)


def _paired(rates: dict[str, list[float]], floor: str) -> list[float]:
    """Return how much slower ours was in each turn: neighbours on a moody disk."""
    return [low / ours for low, ours in zip(rates[floor], rates["ours"], strict=True)]


def starts(
    results: dict[str, list[Taken]], peers: dict[str, list[Taken]]
) -> tuple[list[str], list[Verdict]]:
    """Report whole processes, beside a bare interpreter started in the same minute.

    Verdicts go by the quickest start of each: whatever slows one down comes from elsewhere.
    """
    bare = results.get("bare interpreter")
    if not bare:
        return [], []
    rows = []
    over: dict[str, float] = {}
    cpu_over: dict[str, float] = {}
    named = {**results, **{f"{peer}, one node": values for peer, values in peers.items()}}
    for name, values in named.items():
        walls = [one.wall_s * 1000 for one in values]
        cpus = [one.cpu_s * 1000 for one in values]
        over[name] = min(walls) - min(one.wall_s * 1000 for one in bare)
        cpu_over[name] = min(cpus) - min(one.cpu_s * 1000 for one in bare)
        shown = (median(walls), min(walls), min(cpus))
        rows.append((name, *[f"{one:,.0f}" for one in shown], f"{over[name]:+,.0f}"))
    header = ("", "ms", "quickest", "least CPU ms", "over the interpreter")
    tables = [table("Start of a process", header, rows)]
    limits = (("flows --version", 100.0), ("flows run, one node, SQLite", 250.0))
    verdicts = [
        Verdict(
            f"{name}: within {limit:.0f} ms of the bare interpreter",
            f"{over[name]:.0f} ms, of CPU {cpu_over[name]:.0f}",
            over[name] <= limit,
        )
        for name, limit in limits
        if name in over
    ]
    return tables, verdicts


def checks(results: dict[str, list[dict[str, float]]]) -> tuple[list[str], list[Verdict]]:
    """Report how long a graph takes to build, check and lower."""
    rows, verdicts = [], []
    for size, samples in sorted(results.items(), key=lambda item: int(item[0])):
        parts = {name: median(one[name] for one in samples) for name in samples[0]}
        shown = [f"{parts[name] * 1000:,.0f}" for name in ("build", "check", "lower")]
        per_node = f"{parts['check'] / int(size) * 1e6:.0f}"
        rows.append((f"{int(size):,} nodes", *shown, per_node))
        if int(size) == 1000:
            promise = "checking 1,000 nodes: well under a second"
            seconds = parts["check"]
            verdicts.append(Verdict(promise, f"{seconds * 1000:.0f} ms", seconds <= 0.5))
    header = ("", "build ms", "check ms", "lower ms", "check us a node")
    return ([table("From nodes to a plan", header, rows)] if rows else []), verdicts
