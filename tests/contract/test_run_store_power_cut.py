"""What was acknowledged survives a power cut: the disk keeps what was synced, and scraps of the rest.

The store runs on a file system that remembers what a disk would still hold. At points of a run the
power is cut: a copy is made of the synced content with any of the later writes, whole or torn, in
no order. The copy must open, and hold everything that had been acknowledged.
"""

from __future__ import annotations

import random
import threading
from pathlib import Path

import apsw
import msgspec
import pytest

from latticeflow.providers.run_store import this_process
from latticeflow.providers.run_store.sqlite import SqliteRunStore
from latticeflow.runs import StoreError
from latticeflow.testing.contracts.run_store import a_run, completed

pytestmark = pytest.mark.faults


class Disk(apsw.VFS):
    """The system's files, and beside them what of each has reached the disk."""

    def __init__(self, name):
        self.guard = threading.RLock()
        self.synced = {}
        self.later = {}
        super().__init__(name, "")

    def xOpen(self, name, flags):
        return DiskFile(self, name, flags)

    def xDelete(self, name, sync):
        with self.guard:
            for kept in (self.synced, self.later):
                kept.pop(str(name), None)
        super().xDelete(name, sync)

    def cut(self, folder, chance):
        """Write what a power cut would leave into `folder`."""
        with self.guard:
            for name in {*self.synced, *self.later}:
                content = bytearray(self.synced.get(name, b""))
                later = list(self.later.get(name, ()))
                chance.shuffle(later)
                for change in later[: chance.randint(0, len(later))]:
                    apply(content, change, chance)
                (folder / Path(name).name).write_bytes(content)


class DiskFile(apsw.VFSFile):
    def __init__(self, disk, name, flags):
        self.disk = disk
        self.name = name.filename() if isinstance(name, apsw.URIFilename) else str(name)
        super().__init__("", name, flags)

    def xWrite(self, data, offset):
        with self.disk.guard:
            self.disk.later.setdefault(self.name, []).append((offset, bytes(data)))
            super().xWrite(data, offset)

    def xTruncate(self, size):
        with self.disk.guard:
            self.disk.later.setdefault(self.name, []).append((size, None))
            super().xTruncate(size)

    def xSync(self, flags):
        with self.disk.guard:
            super().xSync(flags)
            content = bytearray(self.disk.synced.get(self.name, b""))
            for change in self.disk.later.pop(self.name, ()):
                apply(content, change)
            self.disk.synced[self.name] = bytes(content)


def apply(content, change, chance=None):
    offset, data = change
    if data is None:
        del content[offset:]
        return
    if chance is not None and chance.random() < 0.3:
        data = data[: chance.randint(0, len(data))]
    if len(content) < offset + len(data):
        content.extend(bytes(offset + len(data) - len(content)))
    content[offset : offset + len(data)] = data


@pytest.fixture
def disk():
    disk = Disk("remembering-disk")
    yield disk
    disk.unregister()


async def lost_in_power_cuts(disk, folder, synchronous):
    """Drive a run, cut the power after acknowledgements; return the events that were lost."""
    chance = random.Random(7)
    store = SqliteRunStore(folder / "runs.db", vfs="remembering-disk")
    await store.open()
    store._ledger.connection.execute(f"PRAGMA synchronous = {synchronous}")
    store._ledger._tidy_at = 40  # work the log into the database now and then
    await store.create(a_run(), this_process())
    lost = []
    for number in range(150):
        events = [completed(number, b"%d" % number * chance.randint(1, 3000))]
        await store.append("run-1", events, fence=1)
        if number % 5 == 0 or number > 140:
            left = folder / f"cut-{number}"
            left.mkdir()
            disk.cut(left, chance)
            found = await found_in(left)
            lost += [n for n in range(number + 1) if n not in found]
    await store.close()
    return lost


async def found_in(folder):
    store = SqliteRunStore(folder / "runs.db")
    try:
        await store.open()
        found = {event.at_ms - 2_000 for event in await store.history("run-1")}
        await store.close()
    except (StoreError, msgspec.MsgspecError, KeyError):  # not even a store any more
        return set()
    return found


async def test_what_was_acknowledged_survives_a_power_cut(disk, tmp_path):
    assert await lost_in_power_cuts(disk, tmp_path, "FULL") == []


@pytest.mark.parametrize("synchronous", ["NORMAL", "OFF"])
async def test_a_store_that_does_not_sync_every_commit_is_caught(disk, tmp_path, synchronous):
    assert await lost_in_power_cuts(disk, tmp_path, synchronous) != []
