"""What the children do: drive the example, and die at a boundary if told so."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.faults.boundaries import Boundaries, KilledLedger, KilledStore, Ledger

from latticeflow import Client
from latticeflow.bindings import open_store
from latticeflow.hosts.local import judge, read_target
from latticeflow.providers.db import SqliteDb
from latticeflow.providers.dedupe import SqliteDedupe
from latticeflow.providers.files import RootedFiles
from latticeflow.runs import RunStatus, to_json

EXAMPLE = Path(__file__).parents[3] / "examples" / "quakes"
RUN = "week"
# Read and checked once, in the process that all children are forks of.
FLOW = judge(read_target(str(EXAMPLE / "quakes.py"))).prepared


class Killed:
    """Anything whose calls are awaited, with a boundary before and after each."""

    def __init__(self, inner: Any, boundaries: Boundaries) -> None:
        self._inner = inner
        self._boundaries = boundaries

    def __getattr__(self, name: str) -> Any:
        if name == "for_step":  # what is handed to a step has its boundaries, too
            raise AttributeError(name)
        inner = getattr(self._inner, name)

        async def call(*args: Any, **options: Any) -> Any:
            self._boundaries.here()
            result = await inner(*args, **options)
            self._boundaries.here()
            return result

        return call


class KilledDb(Killed):
    """A database with boundaries inside its transactions, too."""

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Any]:
        self._boundaries.here()
        async with self._inner.transaction() as transaction:
            yield Killed(transaction, self._boundaries)
        self._boundaries.here()


def drive(folder: str, die_at: int, assume: str | None = None) -> None:
    """Start the run, or take it up where it was left, and write how it ended."""
    asyncio.run(_drive(Path(folder), Boundaries(die_at), assume))


async def _drive(place: Path, boundaries: Boundaries, assume: str | None) -> None:
    assert FLOW is not None
    db = SqliteDb(place / "data.db")
    grants = {
        "files": Killed(RootedFiles(place), boundaries),
        "db": KilledDb(db, boundaries),
        "dedupe": KilledLedger(SqliteDedupe(place / "dedupe.db"), boundaries),
    }
    store = KilledStore(
        open_store(f"sqlite:///{place}/runs.db"), boundaries, Ledger(place / "ledger")
    )
    async with Client(store, grants=grants) as client:
        handle = await client.get(RUN)
        if handle is None:
            handle = await client.start(FLOW, "week.json", run_id=RUN)
        elif await handle.status() is not RunStatus.SUCCEEDED:
            handle = await client.resume(RUN, flow=FLOW, assume=assume)
        result = await handle.wait()
    found = await db.query("SELECT count(*) AS n FROM searches") if _made(place) else [{"n": 0}]
    outcome = {
        "status": result.status.value,
        "value": to_json(result.value),
        "searches": found[0]["n"],
        "boundaries": boundaries.passed,
        "doubt": None if result.error is None else result.error.message,
    }
    (place / "outcome").write_text(json.dumps(outcome))


def _made(place: Path) -> bool:
    import apsw

    with apsw.Connection(str(place / "data.db")) as db:
        names = db.execute("SELECT name FROM sqlite_master WHERE name = 'searches'").fetchall()
    return bool(names)
