"""One file, many processes: counting with versions loses nothing."""

import asyncio
import sys
from pathlib import Path

from latticeflow.providers.kv import SqliteKv

WORKER = """
import asyncio, sys
from pathlib import Path
from latticeflow.capabilities import KvConflictError
from latticeflow.providers.kv import SqliteKv

async def main(file, times):
    kv = SqliteKv(Path(file))
    for _ in range(int(times)):
        while True:
            entry = await kv.get_entry("n")
            found, version = (int(entry.value), entry.version) if entry else (0, 0)
            try:
                await kv.put("n", b"%d" % (found + 1), if_version=version)
            except KvConflictError:
                continue
            break
    kv.close()

asyncio.run(main(*sys.argv[1:]))
"""


async def test_no_count_is_lost_and_nobody_sees_a_lock(tmp_path):
    file = tmp_path / "kv.db"
    workers = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", WORKER, str(file), "25")
        for _ in range(4)
    ]
    assert await asyncio.gather(*(worker.wait() for worker in workers)) == [0, 0, 0, 0]
    kv = SqliteKv(Path(file))
    assert await kv.get("n") == b"100"
    kv.close()
