"""One ledger, many processes, some of them killed: no key is ever new twice."""

import asyncio
import os
import signal
import sys
from collections import Counter
from datetime import timedelta

import pytest

from latticeflow.capabilities import Done, New, Pending
from latticeflow.providers.clock import SystemClock
from latticeflow.providers.dedupe import SqliteDedupe

# Says what it does on standard output, each line before the next step, so that what was answered
# is known even of a process that was killed.
WORKER = """
import asyncio, sys
from pathlib import Path
from latticeflow.capabilities import New
from latticeflow.providers.dedupe import SqliteDedupe

async def main(file, owner, keys, stop_at):
    ledger = SqliteDedupe(Path(file))
    news = 0
    for number in range(int(keys)):
        key = f"k{number}"
        claim = await ledger.begin(key, owner=owner)
        print(type(claim).__name__, key, flush=True)
        if isinstance(claim, New):
            news += 1
            if news == int(stop_at):
                await asyncio.Event().wait()
            await ledger.complete(key, token=claim.token, result=owner.encode())
            print("completed", key, flush=True)
    ledger.close()

asyncio.run(main(*sys.argv[1:]))
"""


async def start(file, owner, keys, *, stop_at=0):
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        WORKER,
        str(file),
        owner,
        str(keys),
        str(stop_at),
        stdout=asyncio.subprocess.PIPE,
    )


async def test_every_key_is_new_to_one_process(tmp_path):
    file = tmp_path / "dedupe.db"
    workers = [await start(file, f"o{n}", 40) for n in range(4)]
    lines = []
    for worker in workers:
        out, _ = await worker.communicate()
        assert worker.returncode == 0
        lines += out.decode().splitlines()
    news = Counter(line.split()[1] for line in lines if line.startswith("New"))
    assert set(news.values()) == {1}
    assert len(news) == 40


@pytest.mark.faults
async def test_killed_holder_leaves_its_key_in_doubt_and_nothing_else(tmp_path):
    file = tmp_path / "dedupe.db"
    told = Counter()
    for number in range(8):
        worker = await start(file, f"o{number}", 400, stop_at=10 if number % 2 else 0)
        news = completed = 0
        while line := await worker.stdout.readline():
            what, key = line.decode().split()
            told[what, key] += 1
            news += what == "New"
            completed += what == "completed"
            if news >= 10:  # every other one holds its key then, the others may be anywhere
                os.kill(worker.pid, signal.SIGKILL)
        await worker.wait()
    assert all(count == 1 for (what, _), count in told.items() if what in ("New", "completed"))

    class Later(SystemClock):
        def now(self):
            return super().now() + timedelta(days=1)

    ledger = SqliteDedupe(file, clock=Later())
    doubts = 0
    for number in range(400):
        claim = await ledger.begin(f"k{number}", owner="judge")
        if ("completed", f"k{number}") in told:
            assert isinstance(claim, Done), "what was acknowledged is there"
        elif ("New", f"k{number}") in told and isinstance(claim, Pending):
            assert claim.expired
            doubts += 1
        else:
            assert isinstance(claim, New | Done | Pending)
    assert doubts >= 4
    ledger.close()
