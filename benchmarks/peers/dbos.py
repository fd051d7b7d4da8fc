"""DBOS: a workflow of steps on its SQLite system database, as it is shipped."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from dbos import DBOS

PACKAGES = ("dbos",)


async def durable(folder: str, length: int) -> tuple[Callable[[], Awaitable[int]], Any]:
    """Return a run whose every step is recorded before the next."""
    DBOS(
        config={
            "name": "bench",
            "log_level": "ERROR",
            "system_database_url": f"sqlite:///{folder}/dbos.db",
        }
    )

    @DBOS.step()
    async def step(value: int) -> int:
        return value + 1

    @DBOS.workflow()
    async def workflow(value: int) -> int:
        for _ in range(length):
            value = await step(value)
        return value

    await asyncio.to_thread(DBOS.launch)

    async def run() -> int:
        return await workflow(0)

    async def close(*_: object) -> None:
        DBOS.destroy()

    return run, close
