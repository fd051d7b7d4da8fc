"""Importing the package loads what it needs and nothing else: judged by a list, not by a clock."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {
    "apsw",
    "asyncpg",
    "cel_expr_python",
    "fastapi",
    "httpx",
    "jsonschema",
    "msgspec",
    "opentelemetry",
    "prometheus_client",
    "psycopg",
    "pydantic",
    "redis",
    "rich",
    "sqlite3",
    "starlette",
    "structlog",
    "temporalio",
    "tomlkit",
    "tree_sitter",
    "typer",
    "uvicorn",
}


NOT_FOR_ONE_NODE = {
    "latticeflow.authoring.toml",
    "latticeflow.components.shell",
    "latticeflow.engine.workers.process",
    "latticeflow.expr.checker",
    "latticeflow.providers.files",
    "latticeflow.providers.process",
    "shutil",
    "tempfile",
    "zoneinfo",
}
"""What only other flows need: a workflow.toml, shell steps, worker processes, expressions, files."""

ONE_NODE = '''
from latticeflow import flow, node


@node
def double(number: int) -> int:
    """Twice the number."""
    return 2 * number


@flow
def doubled(number: int = 21) -> int:
    """One step."""
    return double(number)
'''

RUN = """
from latticeflow.cli import main
assert main(["run", "one_node.py", "--store", "sqlite:///runs.db"]) == 0
print()
"""

DATACLASSES = """
import sys
print(*{
    f"{kind.__module__}.{kind.__qualname__}"
    for name, module in list(sys.modules.items()) if name.startswith("latticeflow.")
    for kind in vars(module).values()
    if isinstance(kind, type) and "__dataclass_fields__" in vars(kind)
})
"""


def last_line_of(program: str, folder: Path | None = None) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        cwd=folder,
    )
    return set(done.stdout.splitlines()[-1].split())


def modules_of(program: str, folder: Path | None = None) -> set[str]:
    return last_line_of(f"{program}\nimport sys\nprint(*sys.modules)", folder)


def loaded_by(program: str, folder: Path | None = None) -> set[str]:
    return {name.partition(".")[0] for name in modules_of(program, folder)}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "one_node.py").write_text(ONE_NODE, encoding="utf-8")
    return tmp_path


def test_importing_the_package_loads_no_heavy_library():
    loaded = loaded_by("import latticeflow")
    assert "latticeflow" in loaded
    assert loaded & HEAVY == set()


def test_a_heavy_library_would_be_seen():
    assert loaded_by("import rich.console") & HEAVY == {"rich"}


def test_running_one_node_loads_the_store_and_no_more(folder):
    loaded = modules_of(RUN, folder)
    heads = {name.partition(".")[0] for name in loaded}
    assert heads & HEAVY == {"apsw", "msgspec"}
    assert loaded & NOT_FOR_ONE_NODE == set()


def test_running_one_node_defines_few_dataclasses(folder):
    """Each costs as much time as thirty structs; see the decision about msgspec."""
    found = last_line_of(RUN + DATACLASSES, folder)
    assert len(found) <= 6, sorted(found)
