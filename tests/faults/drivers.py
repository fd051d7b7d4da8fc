"""What the children do: start a run, or take it up again, and die on the way if told so."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import Any

from tests.faults import flows
from tests.faults.boundaries import (
    Boundaries,
    KilledLedger,
    KilledStore,
    Ledger,
    OutsideWorld,
)

from latticeflow import Client
from latticeflow.bindings import open_store
from latticeflow.hosts.local import judge, read_target
from latticeflow.providers.dedupe import SqliteDedupe
from latticeflow.runs import RunStatus

RUN = "run-1"


def drive(
    folder: str,
    flow: str,
    argument: Any,
    die_at: int,
    *,
    lazy: bool = False,
    again: bool = False,
    assume: str | None = None,
) -> None:
    """Start (or resume) the run of `flow` and write how it ended to `folder`/outcome."""
    place = Path(folder)
    os.chdir(place)
    Ledger(place / "ledger").note("process")
    boundaries = Boundaries(die_at)
    asyncio.run(_drive(place, flow, argument, boundaries, lazy=lazy, again=again, assume=assume))


async def _drive(
    place: Path,
    flow: str,
    argument: Any,
    boundaries: Boundaries,
    *,
    lazy: bool,
    again: bool,
    assume: str | None,
) -> None:
    ledger = Ledger(place / "ledger")
    store = open_store(f"sqlite:///{place}/runs.db")
    grants = {
        "kv": OutsideWorld(boundaries, ledger),
        "dedupe": KilledLedger(SqliteDedupe(place / "dedupe.db"), boundaries),
    }
    killed = KilledStore(store, boundaries, ledger, lazy=lazy)
    async with Client(killed, grants=grants) as client:
        handle = None
        if again:
            known = await client.get(RUN)
            if known is not None and await known.status() is RunStatus.SUCCEEDED:
                handle = known
            elif known is not None:
                handle = await client.resume(RUN, flow=runnable(place, flow), assume=assume)
        if handle is None:
            handle = await client.start(runnable(place, flow), argument, run_id=RUN)
        result = await handle.wait()
    (place / "outcome").write_text(
        json.dumps(
            {
                "status": result.status.value,
                "value": result.value,
                "error": None if result.error is None else result.error.message,
                "boundaries": boundaries.passed,
            }
        )
    )


def runnable(place: Path, flow: str) -> Any:
    """Return the flow function of a name, or the prepared workflow of that name."""
    found = getattr(flows, flow)
    if not isinstance(found, str):
        return found
    file = place / "workflow.toml"
    file.write_text(found)
    return judge(read_target(str(file)), target=str(file)).prepared


def drive_again(folder: str, flow: str, argument: Any, die_at: int) -> None:
    """Take up the run where it was left, or start it if it never was."""
    drive(folder, flow, argument, die_at, again=True)


def drive_lazily(folder: str, flow: str, argument: Any, die_at: int) -> None:
    """Start the run over a store that acknowledges before it writes."""
    drive(folder, flow, argument, die_at, lazy=True)


def decide(folder: str, flow: str, assume: str) -> None:
    """Take up a parked run with a person's decision."""
    drive(folder, flow, None, 0, again=True, assume=assume)
