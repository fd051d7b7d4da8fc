"""The front door: which names `latticeflow` has, and what importing it costs."""

import subprocess
import sys

import pytest

import latticeflow

PUBLIC = [
    "Client",
    "FlowBuilder",
    "__version__",
    "approval",
    "check",
    "each",
    "event",
    "flow",
    "granted",
    "http",
    "join",
    "manual",
    "node",
    "parallel",
    "queue",
    "rate_limit",
    "retry",
    "run",
    "saga",
    "schedule",
    "sleep",
    "static",
    "timeout",
    "up_to",
    "window",
]
COMPANIONS = [
    "Body",
    "Clock",
    "Db",
    "Decision",
    "Dedupe",
    "Files",
    "Header",
    "Http",
    "Kv",
    "NonRetryable",
    "PathParam",
    "Process",
    "RetryAfter",
    "Rng",
    "Window",
    "run_sync",
    "session",
    "sliding",
    "tumbling",
]


def fresh(program):
    """Run a program in an interpreter of its own and return what it prints."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_the_public_names_are_these():
    assert sorted(latticeflow.__all__) == sorted(PUBLIC)
    assert len(PUBLIC) <= 25


def test_every_name_can_be_had():
    for name in [*PUBLIC, *COMPANIONS]:
        assert getattr(latticeflow, name) is not None
    assert {*PUBLIC, *COMPANIONS} <= set(dir(latticeflow))


def test_an_unknown_name_is_no_attribute():
    with pytest.raises(AttributeError, match="no attribute 'nodes'"):
        latticeflow.nodes  # noqa: B018


def test_importing_it_loads_next_to_nothing():
    loaded = fresh("import sys, latticeflow; print(*sys.modules)")
    assert [name for name in loaded if name.startswith("latticeflow.")] == []
    assert not {"msgspec", "asyncio", "dataclasses", "inspect"} & set(loaded)


def test_a_module_of_nodes_loads_nothing_heavy():
    loaded = fresh(
        "import sys\n"
        "from latticeflow import node, flow, granted, Http\n"
        "@node\n"
        "def f(x: int) -> int: return x\n"
        "print(*sys.modules)"
    )
    heavy = {"asyncio", "pydantic", "apsw", "cel_expr_python", "rich", "typer", "opentelemetry"}
    assert heavy & {name.partition(".")[0] for name in loaded} == set()


@pytest.mark.parametrize(
    "program",
    [
        "import latticeflow.flow.model\nfrom latticeflow import flow",
        "from latticeflow.flow import Flow\nfrom latticeflow import flow",
        "from latticeflow import flow\nimport latticeflow.flow.lattice",
        "import latticeflow\nimport latticeflow.flow\nflow = latticeflow.flow",
    ],
)
def test_the_decorator_is_not_hidden_by_the_folder_of_its_name(program):
    assert fresh(f"{program}\nprint(flow.__module__)") == ["latticeflow.authoring.dsl.decorators"]


def test_the_folder_is_imported_as_usual():
    assert fresh(
        "from latticeflow import flow\n"
        "from latticeflow.flow import Flow\n"
        "from latticeflow.flow.model import Flow as Same\n"
        "print(Flow is Same)"
    ) == ["True"]
