"""Importing the package loads what it needs and nothing else: judged by a list, not by a clock."""

from __future__ import annotations

import subprocess
import sys

HEAVY = {
    "apsw",
    "asyncpg",
    "cel_expr_python",
    "fastapi",
    "httpx",
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


def loaded_by(program: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"{program}\nimport sys\nprint(*sys.modules)"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return {name.partition(".")[0] for name in done.stdout.split()}


def test_importing_the_package_loads_no_heavy_library():
    loaded = loaded_by("import latticeflow")
    assert "latticeflow" in loaded
    assert loaded & HEAVY == set()


def test_a_heavy_library_would_be_seen():
    assert loaded_by("import rich.console") & HEAVY == {"rich"}
