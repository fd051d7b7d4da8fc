"""What a local host grants and runs things with, made on first use."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from latticeflow.capabilities.grants import Grants
from latticeflow.engine import ShellRunner, WorkerRunner
from latticeflow.engine.workers import WorkerPool

FAMILIES = ("clock", "rng", "files", "process", "kv", "db", "dedupe")


def default_grants(
    store_url: str | None, given: Mapping[str, object] | None, *, root: Path | None = None
) -> Grants:
    """Return the providers of this host: those of `given`, else embedded ones.

    What must survive lies beside the store: without a store, or with `memory:`, it is kept in
    memory.
    """
    from latticeflow.bindings import embedded_providers  # noqa: PLC0415  (opens databases)

    folder = store_folder(store_url)
    providers = embedded_providers(folder, root=root or Path.cwd(), without=given or ())
    return Grants({**providers, **(given or {})})


def store_folder(store_url: str | None) -> Path | None:
    """Return the folder of an embedded store, None for one in memory."""
    if store_url is None or not store_url.startswith("sqlite:"):
        return None
    path = store_url.removeprefix("sqlite:").partition("?")[0]
    if path.startswith("///"):
        path = path.removeprefix("///")
    return Path(path).parent


def workers() -> WorkerRunner:
    """Return the pool of worker processes of the running loop; nothing starts until it is used."""
    loop = asyncio.get_running_loop()
    pool = _POOLS.get(loop)
    if pool is None:
        for other in [known for known in _POOLS if known.is_closed()]:
            _POOLS.pop(other).close_now()
        pool = _POOLS[loop] = WorkerPool()
    return pool


_POOLS: dict[Any, WorkerPool] = {}


def shell_runner(cwd: Path | None = None) -> ShellRunner:
    """Return what runs shell steps."""
    from latticeflow.components.shell import ShellSteps  # noqa: PLC0415  (only shell steps pay)

    return ShellSteps(cwd)
