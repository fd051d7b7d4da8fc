"""From the URL of a store to the store."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from latticeflow.bindings import open_store
from latticeflow.diagnostics import UsageError
from latticeflow.providers.run_store import MemoryRunStore
from latticeflow.providers.run_store.sqlite import SqliteRunStore


def test_memory():
    assert isinstance(open_store("memory:"), MemoryRunStore)


@pytest.mark.parametrize(
    "url, path",
    [
        ("sqlite:runs.db", "runs.db"),
        ("sqlite:.flows/runs.db", ".flows/runs.db"),
        ("sqlite:///.flows/runs.db", ".flows/runs.db"),
        ("sqlite:////var/lib/runs.db", "/var/lib/runs.db"),
        ("sqlite:/var/lib/runs.db", "/var/lib/runs.db"),
        ("sqlite:///a%20b.db", "a b.db"),
    ],
)
def test_sqlite(url, path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    store = open_store(url)
    assert isinstance(store, SqliteRunStore)
    assert store.path == Path(path).resolve()
    assert list(tmp_path.iterdir()) == []  # nothing happens before it is opened


async def test_an_option_of_the_url_reaches_the_store(tmp_path):
    from latticeflow.testing.contracts.run_store import a_run

    store = open_store(f"sqlite:///{tmp_path}/runs.db?blob_threshold=4&busy_ms=5")
    await store.open()
    await store.create(a_run(arguments=b"12345"))
    await store.close()
    assert len(list(tmp_path.rglob("runs.db.blobs/??/*"))) == 1


@pytest.mark.parametrize(
    "url",
    [
        "",
        "runs.db",
        "postgres://localhost/runs",
        "memory:x",
        "memory:?a=1",
        "sqlite:",
        "sqlite:///",
        "sqlite:///folder/",
        "sqlite://runs.db",
        "sqlite:runs.db#1",
        "sqlite:runs.db?durability=off",
        "sqlite:runs.db?busy_ms=soon",
        "sqlite:runs.db?busy_ms=-1",
        "sqlite:runs.db?busy_ms=",
    ],
)
def test_what_is_no_store_is_a_finding(url):
    with pytest.raises(UsageError) as refused:
        open_store(url)
    (finding,) = refused.value.diagnostics
    assert finding.code == "STORE007"
    assert finding.hint


def test_memory_loads_no_database():
    program = (
        "import sys\n"
        "from latticeflow.bindings import open_store\n"
        "open_store('memory:')\n"
        "sys.exit('apsw' in sys.modules or 'sqlite3' in sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
