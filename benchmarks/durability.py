"""Runs whose every step is on disk before the next begins: ours, and the floors under it.

A contender is a coroutine function: given a folder and a number of steps it opens its store there
and returns a function that runs once, and one that closes.
"""

import asyncio
import json
import threading
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

STEPS = 100
Run = Callable[[], Awaitable[int]]
Close = Callable[..., Awaitable[object]]
Make = Callable[[str, int], Awaitable[tuple[Run, Close]]]

_INSERT = "INSERT INTO step VALUES (?, ?, ?, ?, ?)"


def _database(path: str) -> Any:
    import apsw

    database = apsw.Connection(path)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    database.execute(
        "CREATE TABLE step (run TEXT, seq INTEGER, name TEXT, output BLOB, at REAL,"
        " PRIMARY KEY (run, seq)) WITHOUT ROWID"
    )
    return database


def _row(run: str, value: int) -> tuple[object, ...]:
    return run, value, "step", json.dumps(value).encode(), time.time()


async def one_commit_a_step(folder: str, length: int) -> tuple[Run, Close]:
    """One row and one synced commit a step, from one caller: what the disk allows."""
    database = _database(f"{folder}/commits.db")

    async def run() -> int:
        name, value = uuid.uuid4().hex, 0
        for _ in range(length):
            value += 1
            database.execute(_INSERT, _row(name, value))
        return value

    async def close(*_: object) -> None:
        database.close()

    return run, close


class _Group:
    """A thread that commits whatever waits, all of it in one synced transaction."""

    def __init__(self, database: Any) -> None:
        self._database = database
        self._loop = asyncio.get_running_loop()
        self._waiting: list[tuple[tuple[object, ...], asyncio.Future[None]]] = []
        self._guard = threading.Lock()
        self._some = threading.Event()
        self._open = True
        self.thread = threading.Thread(target=self._write, daemon=True)
        self.thread.start()

    def put(self, row: tuple[object, ...]) -> asyncio.Future[None]:
        future = self._loop.create_future()
        with self._guard:
            self._waiting.append((row, future))
        self._some.set()
        return future

    def close(self) -> None:
        self._open = False
        self._some.set()

    def _write(self) -> None:
        while self._open:
            self._some.wait()
            self._some.clear()
            with self._guard:
                batch, self._waiting = self._waiting, []
            if not batch:
                continue
            self._database.execute("BEGIN IMMEDIATE")
            self._database.executemany(_INSERT, [row for row, _ in batch])
            self._database.execute("COMMIT")
            self._loop.call_soon_threadsafe(self._tell, [future for _, future in batch])

    @staticmethod
    def _tell(futures: list[asyncio.Future[None]]) -> None:
        for future in futures:
            future.set_result(None)


async def group_commit(folder: str, length: int) -> tuple[Run, Close]:
    """A row a step, committed together with those of whoever else waits: no engine around it."""
    database = _database(f"{folder}/group.db")
    group = _Group(database)

    async def run() -> int:
        name, value = uuid.uuid4().hex, 0
        for _ in range(length):
            value += 1
            await group.put(_row(name, value))
        return value

    async def close(*_: object) -> None:
        group.close()
        await asyncio.to_thread(group.thread.join)
        database.close()

    return run, close


def _ours(kind: str) -> Make:
    async def make(folder: str, length: int) -> tuple[Run, Close]:
        import ours

        from latticeflow import Client
        from latticeflow.hosts.local import prepare_flow

        client = Client(f"sqlite:///{folder}/{kind}.db")
        await client.open()
        prepared = prepare_flow(ours.line(getattr(ours, kind), length))

        async def run() -> int:
            handle = await client.start(prepared, 0)
            return await handle.result()

        async def close(*_: object) -> None:
            await client.close()

        return run, close

    return make


HERE: dict[str, Make] = {
    "ours": _ours("recorded"),
    "ours, pure strict steps": _ours("recomputable"),
    "floor: one synced commit a step": one_commit_a_step,
    "floor: raw group commit": group_commit,
}


async def measure(
    makers: dict[str, Make], folder: str, *, at_once: int, seconds: float
) -> dict[str, Any]:
    """Let each contender make `at_once` runs at once, in turn; return steps a second of each.

    Disks are shared and moody, so contenders of one process take turns of a few hundred
    milliseconds, and each turn's rates are kept.
    """
    runs: dict[str, Run] = {}
    closes: list[Close] = []
    for number, (name, make) in enumerate(makers.items()):
        runs[name], close = await make(f"{folder}/{number}", STEPS)
        closes.append(close)
        assert await runs[name]() == STEPS, name
    rates: dict[str, list[float]] = {name: [] for name in runs}
    cpu: dict[str, list[float]] = {name: [] for name in runs}
    until = time.perf_counter() + seconds
    least = 3 if len(makers) > 1 else 1
    turns = 0
    while turns < least or (turns < 40 and time.perf_counter() < until):
        for name, run in runs.items():
            began, spent, times = time.perf_counter(), time.process_time(), 0
            while times == 0 or time.perf_counter() - began < seconds / 10 / len(runs):
                results = await asyncio.gather(*[run() for _ in range(at_once)])
                assert results == [STEPS] * at_once, name
                times += 1
            steps = times * at_once * STEPS
            rates[name].append(steps / (time.perf_counter() - began))
            cpu[name].append((time.process_time() - spent) / steps)
        turns += 1
    for close in closes:
        await close(None, None, None)
    return {"steps_per_s": rates, "cpu_s_per_step": cpu}
