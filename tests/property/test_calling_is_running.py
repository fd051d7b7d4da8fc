"""The promise: calling a flow and running its graph mean the same.

Results, errors, and effects in their order are compared over generated programs. The negative
control compares with the graph of a twin that evaluates both sides of `or` and `and`: the same
comparison must find that it differs.
"""

from __future__ import annotations

import asyncio
import importlib.util
import itertools
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from tests.property.nodes import RecordingKv
from tests.property.programs import Program, programs

from latticeflow import run
from latticeflow.authoring.dsl import granting

EXAMPLES = 20_000 if os.environ.get("FLOWS_VERIFY") else 2_000
SHARDS = 8
INPUTS = (0, 3, 10)
_numbers = itertools.count()

common = settings(
    deadline=None,
    database=None,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.filter_too_much,
    ],
    phases=[Phase.generate, Phase.shrink],
)


def load(source: str, folder: Path) -> ModuleType:
    name = f"program_{os.getpid()}_{next(_numbers)}"
    path = folder / f"{name}.py"
    path.write_text(source)
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def outcome(make: Callable[[RecordingKv], Any]) -> tuple[Any, ...]:
    """Return what came of it: the value or the error, and the writes in order."""
    kv = RecordingKv()
    try:
        ended: tuple[Any, ...] = ("value", asyncio.run(make(kv)))
    except Exception as exc:  # noqa: BLE001  (whatever comes of it is compared)
        ended = ("error", type(exc).__qualname__, str(exc))
    return (*ended, tuple(kv.writes))


async def called(function: Callable[[int], Any], n: int, kv: RecordingKv) -> Any:
    with granting({"kv": kv}):
        return await function(n)


def differences(source: str, twin: str, folder: Path) -> list[tuple[int, Any, Any]]:
    """Return where calling `main` of `source` and running the graph of `twin` differ."""
    main = load(source, folder).main
    graph = main if twin is source else load(twin, folder).main
    found = []
    for n in INPUTS:
        by_call = outcome(lambda kv, n=n: called(main, n, kv))
        by_run = outcome(lambda kv, n=n: run(graph, n, grants={"kv": kv}))
        if by_call != by_run:
            found.append((n, by_call, by_run))
    return found


@pytest.mark.parametrize("shard", range(SHARDS))
def test_calling_and_running_agree(shard: int, tmp_path: Path) -> None:
    """The shards draw different programs, so that they can be compared side by side."""

    @seed(int.from_bytes(os.urandom(4)) + shard)
    @settings(common, max_examples=EXAMPLES // SHARDS)
    @given(program=programs())
    def compare(program: Program) -> None:
        assert differences(program.source, program.source, tmp_path) == [], program.source

    compare()


def test_an_eager_or_would_be_found(tmp_path: Path) -> None:
    folder = tmp_path
    found: list[str] = []

    @settings(common, max_examples=400, phases=[Phase.generate])
    @given(program=programs())
    def look_for_one(program: Program) -> None:
        if program.has_lazy and not found and differences(program.source, program.eager, folder):
            found.append(program.source)

    look_for_one()
    assert found, "no program told the eager twin from the original"
