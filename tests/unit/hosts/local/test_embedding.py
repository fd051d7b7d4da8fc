"""Running flows from scripts, notebooks, and modules whose source is not there."""

from __future__ import annotations

import importlib.util
import py_compile
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

import latticeflow
from latticeflow import Client, check, flow, node, run_sync
from latticeflow.authoring.dsl import FlowBuilder
from latticeflow.diagnostics import CheckError

NODES = """
import time
from latticeflow import flow, node

@node
def add_one(n: int) -> int:
    return n + 1

@node(effects="pure")
def stamp(n: int) -> int:
    return n + int(time.time() * 0)
"""
WITH_FLOW = (
    NODES
    + """
@flow
def grow(n: int) -> int:
    return add_one(add_one(n))
"""
)


@node
def double(n: int) -> int:
    """Double it."""
    return n * 2


@node
async def fail(n: int) -> int:
    """Fail."""
    raise LookupError(str(n))


@flow
def fourfold(n: int) -> int:
    """Double it twice."""
    return double(double(n))


@flow
async def failing(n: int) -> int:
    """Fail after a step."""
    return await fail(double(n))


# -- scripts and notebooks -------------------------------------------------------------------------


def test_a_script_runs_a_flow_without_a_loop() -> None:
    assert run_sync(fourfold, 3) == 12
    assert latticeflow.run_sync(fourfold, n=4) == 16
    with pytest.raises(LookupError, match="6"):
        run_sync(failing, 3)


async def test_a_notebook_cell_runs_one_although_a_loop_runs_already() -> None:
    assert run_sync(fourfold, 3) == 12
    with pytest.raises(LookupError, match="6"):
        run_sync(failing, 3)


def test_a_client_runs_from_a_script(tmp_path: Path) -> None:
    client = Client(f"sqlite:///{tmp_path}/runs.db")
    assert client.run_sync(fourfold, 3, run_id="once") == 12
    assert client.run_sync(fourfold, 3, run_id="once") == 12
    with pytest.raises(LookupError, match="6"):
        client.run_sync(failing, 3)


async def test_a_client_that_is_open_runs_from_a_notebook_cell(tmp_path: Path) -> None:
    async with Client(f"sqlite:///{tmp_path}/runs.db") as client:
        assert client.run_sync(fourfold, 3, run_id="cell") == 12
        handle = await client.get("cell")
        assert handle is not None
        assert await handle.result() == 12


# -- without source --------------------------------------------------------------------------------


@pytest.fixture
def load_compiled(tmp_path: Path) -> Iterator[Callable[[str], ModuleType]]:
    """Import a module of which there is only a .pyc."""
    names: list[str] = []

    def load(source: str) -> ModuleType:
        name = f"compiled_only_{len(names)}"
        names.append(name)
        written = tmp_path / f"{name}.py"
        written.write_text(source)
        compiled = tmp_path / f"{name}.pyc"
        py_compile.compile(str(written), cfile=str(compiled))
        written.unlink()
        spec = importlib.util.spec_from_file_location(name, compiled)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
        return module

    yield load
    for name in names:
        del sys.modules[name]


def executed(source: str) -> ModuleType:
    module = ModuleType("executed")
    exec(source, module.__dict__)
    return module


def test_nodes_without_source_run(load_compiled: Callable[[str], ModuleType]) -> None:
    for module in (executed(NODES), load_compiled(NODES)):
        builder = FlowBuilder("unread")
        number = builder.input("n", int)
        builder.output(builder.add(module.stamp, n=builder.add(module.add_one, n=number)))
        assert not any(found.is_error for found in check(builder))
        assert run_sync(builder, 3) == 4


def test_a_flow_without_source_is_refused_with_a_code(
    load_compiled: Callable[[str], ModuleType],
) -> None:
    for module in (executed(WITH_FLOW), load_compiled(WITH_FLOW)):
        assert [found.code for found in check(module.grow)] == ["FLOW001"]
        with pytest.raises(CheckError, match="FLOW001"):
            run_sync(module.grow, 3)
        # The decorated function stays what it was.
        assert module.grow(3) == 5
