"""The plugin as another project has it: found by its entry point, light, with or without asyncio."""

import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

PROJECT = """
import asyncio
import sys

from latticeflow import Kv, flow, granted, node


@node(retry=4, idempotency="x")
async def save(x: int, *, kv: Kv.Write = granted) -> int:
    '''Save.'''
    await kv.put("x", str(x).encode())
    await asyncio.sleep(3600)
    return x


@flow
async def main(x: int) -> int:
    '''Save.'''
    return await save(x)


def test_runs(flow_runner, virtual_time, grants):
    result = flow_runner.run_sync(main, 3)
    assert result.value == 3
    assert virtual_time.elapsed.total_seconds() == 3600
    assert [effect.call for effect in result.effects] == ["kv.put"]
    assert asyncio.run(grants.kv.get("x")) == b"3"


def test_calls(grants):
    asyncio.run(asyncio.wait_for(read(), 5))


async def read():
    assert await read_back() is None


@node
async def read_back(*, kv: Kv.Read = granted) -> bytes | None:
    '''Read.'''
    return await kv.get("x")
"""

LIGHT = """
import sys


def test_light():
    loaded = {name for name in sys.modules if name.partition(".")[0] == "latticeflow"}
    assert loaded == {"latticeflow", "latticeflow.testing", "latticeflow.testing.plugin"}
    assert not {"msgspec", "asyncio.base_events"} & set(sys.modules)
"""


def run_pytest(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    (folder / "pytest.ini").write_text("[pytest]\n")
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", "-p", "no:xdist", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_pytest_finds_it() -> None:
    (found,) = entry_points(group="pytest11", name="latticeflow")
    assert found.value == "latticeflow.testing.plugin"


def test_until_a_fixture_is_used_nothing_is_imported(tmp_path: Path) -> None:
    (tmp_path / "test_light.py").write_text(LIGHT)
    plugins = ("asyncio", "hypothesispytest", "_hypothesis_pytestplugin", "anyio")
    done = run_pytest(tmp_path, *[word for name in plugins for word in ("-p", f"no:{name}")])
    assert "1 passed" in done.stdout, done.stdout + done.stderr


@pytest.mark.parametrize("without", [(), ("-p", "no:asyncio")], ids=["asyncio", "plain"])
def test_a_project_uses_it(tmp_path: Path, without: tuple[str, ...]) -> None:
    (tmp_path / "test_project.py").write_text(PROJECT)
    done = run_pytest(tmp_path, *without)
    assert "2 passed" in done.stdout, done.stdout + done.stderr
