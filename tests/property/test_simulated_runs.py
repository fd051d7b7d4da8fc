"""Results and errors do not depend on the order in which steps end, nor on restarts between.

Every program and every graph is run by the simulator in several orders; then again with its whole
state put away as JSON and taken up again at random points.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from tests.property.nodes import RecordingKv
from tests.property.programs import Program, programs
from tests.property.test_calling_is_running import called, load, outcome

from latticeflow.capabilities import Grants
from latticeflow.hosts.local import Prepared, prepare_flow
from latticeflow.testing.simulate import Conditions, Simulation, simulate

EXAMPLES = 2_000 if os.environ.get("FLOWS_VERIFY") else 100
ORDERS = 3

common = settings(
    deadline=None,
    database=None,
    max_examples=EXAMPLES,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate, Phase.shrink],
)


def simulated(prepared: Prepared, n: int, **conditions: Any) -> tuple[Simulation, RecordingKv]:
    kv = RecordingKv()
    run = simulate(prepared.plan, {"n": n}, Conditions(**conditions), grants=Grants({"kv": kv}))
    return run, kv


@settings(common)
@given(program=programs())
def test_the_order_of_ends_changes_nothing(
    program: Program, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder: Path = tmp_path_factory.getbasetemp()
    main = load(program.source, folder).main
    prepared = prepare_flow(main)
    for n in (0, 3):
        by_call = outcome(lambda kv, n=n: called(main, n, kv))
        for seed in range(ORDERS):
            run, kv = simulated(prepared, n, seed=seed)
            ended = run.outcome
            if ended.failure is None:
                seen: tuple[Any, ...] = ("value", ended.value)
            else:
                error = ended.failure.error
                seen = ("error", error.type.partition(":")[2], error.message)
            assert (*seen, tuple(kv.writes)) == by_call, (program.source, n, seed)


@settings(common)
@given(program=programs())
def test_restarts_from_the_snapshot_change_nothing(
    program: Program, tmp_path_factory: pytest.TempPathFactory
) -> None:
    prepared = prepare_flow(load(program.source, tmp_path_factory.getbasetemp()).main)
    for n in (0, 3):
        straight, _ = simulated(prepared, n)
        for seed in range(ORDERS):
            run, _ = simulated(prepared, n, seed=seed, restarts=0.2)
            assert run.ending == straight.ending, (program.source, n, seed)
