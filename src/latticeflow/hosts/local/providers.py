"""What a local host grants and runs things with, made on first use."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from latticeflow.bindings import embedded_providers
from latticeflow.capabilities.grants import Grants
from latticeflow.engine import ShellRunner, WorkerRunner
from latticeflow.engine.workers import WorkerPool
from latticeflow.hosts.local.needs import Needs

OnArtifact = Callable[..., Any]


class Providers:
    """The providers of a host: those that were given, else embedded ones, made on first use.

    What must survive lies beside the store: without a store, or with `memory:`, it is kept in
    memory.

    Args:
        store_url: The URL of the store of runs, if there is one.
        given: Providers by family, or a whole set of grants.
        root: The folder that files are read and written below; by default the working one.
        on_artifact: Told each artifact that a step kept.
    """

    def __init__(
        self,
        store_url: str | None = None,
        given: Grants | Mapping[str, object] | None = None,
        *,
        root: Path | None = None,
        on_artifact: OnArtifact | None = None,
    ) -> None:
        self._folder = store_folder(store_url)
        self._whole = given if isinstance(given, Grants) else None
        self._given = {} if given is None or isinstance(given, Grants) else dict(given)
        self._made: dict[str, object] = {}
        self._root = root
        self._on_artifact = on_artifact

    def grants_for(self, needs: Needs) -> Grants:
        """Return what the nodes of a flow are granted, and the ledger of its keys.

        Raises:
            CapabilityMissingError: nothing provides what a node asks for (CAP101).
        """
        if not needs.families and not needs.specs:
            return _NOTHING
        if self._whole is not None:
            grants = self._whole
        else:
            missing = needs.families - self._given.keys() - self._made.keys()
            self._made.update(
                embedded_providers(
                    missing,
                    self._folder,
                    root=self._root or Path.cwd(),
                    on_artifact=self._on_artifact,
                )
                if missing
                else {}
            )
            grants = Grants({**self._made, **self._given})
        grants.require(needs.specs)
        return grants

    async def close(self) -> None:
        """Close the providers made here. A second call does nothing."""
        made, self._made = self._made, {}
        for provider in made.values():
            close = getattr(provider, "close", None)
            if close is not None:
                close()


_NOTHING = Grants({})


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


def shell_runner(
    cwd: Path | None = None, *, collect: Callable[[Path, str], None] | None = None
) -> ShellRunner:
    """Return what runs shell steps; `collect` sees ephemeral workspaces before they go."""
    from latticeflow.components.shell import ShellSteps  # noqa: PLC0415  (only shell steps pay)

    return ShellSteps(cwd, collect=collect)
