"""One contender, measured in its own process and environment; prints one line of JSON.

    python worker.py graph CONTENDER SHAPE SECONDS
    python worker.py durable CONTENDER AT_ONCE SECONDS
    python worker.py check NODES SECONDS
    python worker.py cold CONTENDER

A peer is the module of its name in `peers`. The floor of the graphs is measured here too, in turn
with the contender, so that a ratio is always one of the same process and the same minute.
"""

import asyncio
import contextlib
import importlib
import importlib.metadata
import json
import os
import shutil
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

warnings.simplefilter("ignore")
MARK = "RESULT "


def main() -> None:
    kind, *arguments = sys.argv[1:]
    result = {"graph": graph, "durable": durable, "check": check, "cold": cold}[kind](*arguments)
    print(MARK + json.dumps(result), flush=True)
    if "prefect" not in arguments:  # that one stops its server on the way out
        os._exit(0)


def versions(peer: Any) -> dict[str, str]:
    packages = getattr(peer, "PACKAGES", ())
    return {package: importlib.metadata.version(package) for package in packages}


def on_the_fastest_loop(peer: Any, main: Any) -> Any:
    """Run `main` on uvloop where the peer's environment has it and the peer can use it."""
    if peer is not None and not getattr(peer, "OWN_LOOP_ONLY", False):
        with contextlib.suppress(ImportError):
            import uvloop

            return uvloop.run(main)
    return asyncio.run(main)


def graph(contender: str, shape: str, seconds: str) -> dict[str, Any]:
    import floor
    from shapes import SHAPES, expected
    from timing import interleave

    parents = SHAPES[shape]()
    peer = None
    began = time.perf_counter()
    if contender == "floor":
        runs = {name: build(parents) for name, build in floor.FLOORS.items()}
    elif contender == "ours":
        runs = _ours(parents)
    else:
        peer = importlib.import_module(f"peers.{contender.replace('-', '_')}")
        runs = {contender: peer.graph(parents)}
    built = time.perf_counter() - began
    runs.setdefault("stepped, own context", floor.stepped_apart(parents))
    least = 5 if contender in ("ours", "floor") else 2
    measured = on_the_fastest_loop(
        peer, interleave(runs, expected(parents), seconds=float(seconds), least=least)
    )
    return {
        "nodes": len(parents),
        "build_s": built,
        "runs": measured,
        "versions": versions(peer),
    }


def _ours(parents: Any) -> dict[str, Any]:
    import ours

    from latticeflow import run
    from latticeflow.engine import Loop, Stepper, Surroundings
    from latticeflow.hosts.local import prepare_flow

    prepared = prepare_flow(ours.graph(parents))

    async def whole() -> int:
        return await run(prepared)

    async def engine() -> object:
        return (await Loop(Stepper(prepared.plan, {}), Surroundings()).run()).value

    return {"ours": whole, "ours, engine alone": engine}


def durable(contender: str, at_once: str, seconds: str) -> dict[str, Any]:
    import durability

    peer = None
    makers = durability.HERE
    if contender != "here":
        peer = importlib.import_module(f"peers.{contender.replace('-', '_')}")
        makers = {contender: peer.durable}
    elif int(at_once) > 1:  # one caller's commits know nothing of each other
        makers = {name: make for name, make in makers.items() if "one synced" not in name}
    folder = tempfile.mkdtemp(prefix="bench-", dir=os.environ.get("BENCH_FOLDER"))
    for number in range(len(makers)):
        Path(folder, str(number)).mkdir()
    try:
        measuring = durability.measure(makers, folder, at_once=int(at_once), seconds=float(seconds))
        measured = on_the_fastest_loop(peer, measuring)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return {**measured, "versions": versions(peer)}


def check(nodes: str, seconds: str) -> dict[str, Any]:
    """Time building, checking and lowering a graph of `nodes` nodes."""
    import ours
    from shapes import dag

    from latticeflow.hosts.local import check as check_flow
    from latticeflow.plan import lower_graph

    parents = dag(int(nodes))
    times: dict[str, list[float]] = {"build": [], "check": [], "lower": []}

    def timed(name: str, act: Callable[[], Any]) -> Any:
        began = time.perf_counter()
        value = act()
        times[name].append(time.perf_counter() - began)
        return value

    until = time.perf_counter() + float(seconds)
    while not times["check"] or time.perf_counter() < until:
        builder = timed("build", lambda: ours.graph(parents))
        found = timed("check", lambda flow=builder: check_flow(flow))
        assert not any(one.severity.value == "error" for one in found), found
        authored = builder.authored()
        timed("lower", lambda one=authored: lower_graph(one.flow, one.catalog))
    return {name: sorted(values)[len(values) // 2] for name, values in times.items()}


def cold(contender: str) -> dict[str, Any]:
    """Import the peer, build a graph of one node, run it: a process's whole life."""
    from shapes import SHAPES, expected

    parents = SHAPES["one"]()
    peer = None
    if contender == "ours":
        import ours

        from latticeflow import run

        main = run(ours.graph(parents))
    else:
        peer = importlib.import_module(f"peers.{contender.replace('-', '_')}")
        main = _awaited(peer.graph(parents))
    assert asyncio.run(main) == expected(parents)
    return {"cpu_s": time.process_time(), "versions": versions(peer)}


async def _awaited(run: Any) -> Any:
    return await run()


if __name__ == "__main__":
    main()
