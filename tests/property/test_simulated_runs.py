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
from hypothesis import strategies as st
from tests.property.graphs import CATALOG, Drawn, plans, sometimes_fails, takes_a_while
from tests.property.nodes import RecordingKv
from tests.property.programs import Program, programs
from tests.property.test_calling_is_running import called, load, outcome
from tests.unit.engine.graphs import component, edge, graph, node

from latticeflow.capabilities import Grants
from latticeflow.flow import Catalog
from latticeflow.hosts.local import Prepared, prepare_flow
from latticeflow.plan import lower_graph
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


# -- graphs with everything in them: timeouts, retries, failures, bodies in bodies -----------------

GRAPHS = 10_000 if os.environ.get("FLOWS_VERIFY") else 300
many = settings(common, max_examples=GRAPHS)


@settings(many)
@given(drawn=plans(), x=st.integers(0, 20))
def test_the_order_of_a_graph_changes_nothing(drawn: Drawn, x: int) -> None:
    def run(seed: int) -> Simulation:
        conditions = Conditions(seed=seed, error=sometimes_fails, duration_ms=takes_a_while)
        return simulate(drawn.plan, {"x": x}, conditions)

    first, *others = [run(seed) for seed in range(ORDERS)]
    for other in others:
        assert other.ending == first.ending
        assert len(set(other.starts)) == len(other.starts)
        if first.outcome.status == "succeeded":
            assert other.elapsed_ms == first.elapsed_ms
        if not {fact.kind for fact in first.facts} & {"failed", "retrying", "cancelled"}:
            # What else a failing body had begun is nobody's business.
            assert sorted(other.starts) == sorted(first.starts)


@settings(many)
@given(drawn=plans(timed=False), x=st.integers(0, 20), limit=st.integers(1, 3))
def test_the_number_of_steps_at_once_changes_nothing(drawn: Drawn, x: int, limit: int) -> None:
    free = simulate(drawn.plan, {"x": x}, Conditions(error=sometimes_fails))
    bound = simulate(
        drawn.plan, {"x": x}, Conditions(seed=1, error=sometimes_fails, max_parallel=limit)
    )
    assert bound.ending == free.ending


@settings(many)
@given(drawn=plans(timed=False), x=st.integers(0, 20))
def test_restarts_of_a_graph_change_nothing(drawn: Drawn, x: int) -> None:
    straight = simulate(drawn.plan, {"x": x}, Conditions(error=sometimes_fails))
    for seed in range(ORDERS):
        conditions = Conditions(
            seed=seed, restarts=0.3, error=sometimes_fails, duration_ms=takes_a_while
        )
        assert simulate(drawn.plan, {"x": x}, conditions).ending == straight.ending


@settings(many)
@given(
    drawn=plans(),
    x=st.integers(0, 20),
    turn=st.integers(1, 40),
    deadline=st.none() | st.integers(0, 10),
    seed=st.integers(0, 5),
    restarts=st.sampled_from([0.0, 0.3]),
)
def test_a_cancelled_run_ends_and_leaves_nothing(
    drawn: Drawn, x: int, turn: int, deadline: int | None, seed: int, restarts: float
) -> None:
    conditions = Conditions(
        seed=seed,
        restarts=restarts,
        cancel_at=turn,
        deadline_ms=deadline,
        error=sometimes_fails,
        duration_ms=takes_a_while,
    )
    run = simulate(drawn.plan, {"x": x}, conditions)
    assert run.outcome.status in ("cancelled", "succeeded", "failed")
    if run.turns > turn:
        assert run.outcome.status == "cancelled"


def test_a_rule_that_looks_at_the_order_would_be_found() -> None:
    """The negative control: a merge by arrival, which the same comparison has to tell."""
    arrived: list[str] = []

    def first_come(name: str) -> Any:
        def come(x: int) -> str:
            arrived.append(name)
            return arrived[0]

        return come

    flow = graph(
        [node("input", "std.trigger.manual"), node("a", "a"), node("b", "b"), node("c", "pick")],
        [
            edge("input -> a.x", select="/x"),
            edge("input -> b.x", select="/x"),
            edge("a -> c.x"),
            edge("b -> c"),
        ],
        output="c",
    )
    catalog = Catalog(
        [
            component("a", first_come("a")),
            component("b", first_come("b")),
            component("pick", lambda x: x),
        ]
    )
    plan = lower_graph(flow, catalog)
    endings = set()
    for seed in range(20):
        arrived.clear()
        endings.add(simulate(plan, {"x": 1}, Conditions(seed=seed)).ending)
    assert len(endings) == 2


def test_the_same_seed_gives_the_same_run() -> None:
    plan = lower_graph(
        graph(
            [node("input", "std.trigger.manual"), *(node(f"n{i}", "add") for i in range(9))],
            [edge(f"input -> n{i}.x", select="/x") for i in range(9)],
        ),
        CATALOG,
    )
    runs = [simulate(plan, {"x": 1}, Conditions(seed=seed)).starts for seed in (1, 1, 2)]
    assert runs[0] == runs[1] != runs[2]
