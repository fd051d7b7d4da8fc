"""Who lives: told by the system's locks, not by a lease."""

from __future__ import annotations

import os
import subprocess
import sys

import msgspec
import pytest

from latticeflow.providers.run_store import this_process
from latticeflow.providers.run_store.sqlite import SqliteRunStore
from latticeflow.providers.run_store.sqlite.liveness import OwnerLocks
from latticeflow.runs import StoreError
from latticeflow.testing.contracts.run_store import DEAD, a_run

# Takes its own lock, forks a child that outlives it, and is killed.
KILLED_PARENT = """
import os, signal, sys, msgspec
from pathlib import Path
from latticeflow.providers.run_store import this_process
from latticeflow.providers.run_store.sqlite.liveness import OwnerLocks
OwnerLocks(Path(sys.argv[1]), "u").hold(this_process())
owner = msgspec.json.encode(this_process())
if os.fork() == 0:
    sys.stdin.read()  # lives until the test lets go
    os._exit(0)
sys.stdout.buffer.write(owner)
sys.stdout.flush()
os.kill(os.getpid(), signal.SIGKILL)
"""

# Looks from another process, which would take what it could.
LOOKS = """
import sys, msgspec
from pathlib import Path
from latticeflow.runs import Owner
from latticeflow.providers.run_store.sqlite.liveness import OwnerLocks
locks = OwnerLocks(Path(sys.argv[1]), "u")
locks.sweep()
print(locks.is_live(msgspec.json.decode(sys.argv[2], type=Owner)))
"""


@pytest.fixture
def locks(tmp_path):
    locks = OwnerLocks(tmp_path / "owners", "u")
    yield locks
    locks.drop()


def test_a_process_lives_while_it_holds(locks, tmp_path):
    me, other = this_process(), OwnerLocks(tmp_path / "owners", "u")
    assert not other.is_live(me)
    locks.hold(me)
    locks.hold(me)
    assert locks.is_live(me)
    assert other.is_live(me)
    locks.drop()
    assert not other.is_live(me)
    assert list((tmp_path / "owners").iterdir()) == []


def test_the_last_of_a_process_to_drop_decides(locks, tmp_path):
    me, other = this_process(), OwnerLocks(tmp_path / "owners", "u")
    locks.hold(me)
    other.hold(me)
    locks.drop()
    assert locks.is_live(me)
    other.drop()
    assert not locks.is_live(me)


def test_only_the_process_itself_can_show_that_it_lives(locks):
    locks.hold(DEAD)
    assert not locks.is_live(DEAD)


def test_looking_does_not_let_go(locks, tmp_path):
    me = this_process()
    locks.hold(me)
    for _ in range(3):
        OwnerLocks(tmp_path / "owners", "u").sweep()
        assert OwnerLocks(tmp_path / "owners", "u").is_live(me)
    seen = subprocess.run(
        [sys.executable, "-c", LOOKS, str(tmp_path / "owners"), msgspec.json.encode(me).decode()],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert seen.stdout.strip() == "True"
    assert len(list((tmp_path / "owners").iterdir())) == 1


def test_a_forked_child_does_not_keep_its_killed_parent_alive(locks, tmp_path):
    with subprocess.Popen(
        [sys.executable, "-c", KILLED_PARENT, str(tmp_path / "owners")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as parent:
        owner = msgspec.json.decode(os.read(parent.stdout.fileno(), 4096), type=type(DEAD))
        assert parent.wait(60) == -9
        files = list((tmp_path / "owners").iterdir())
        assert len(files) == 1
        assert not locks.is_live(owner)
        locks.sweep()
        assert list((tmp_path / "owners").iterdir()) == []
        parent.stdin.close()


async def test_a_place_without_a_folder_for_locks_is_refused(tmp_path):
    (tmp_path / "runs.db.owners").write_text("in the way")
    with pytest.raises(StoreError) as refused:
        await SqliteRunStore(tmp_path / "runs.db").open()
    assert refused.value.code == "STORE001"


async def test_two_names_of_one_file_are_one_store(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path)
    first = SqliteRunStore(tmp_path / "runs.db")
    second = SqliteRunStore(tmp_path / "link" / "runs.db")
    await first.open()
    await second.open()
    run, _ = await first.create(a_run(), this_process())
    assert await second.is_live(run)
    assert await second.claim("run-1", this_process()) is None
    await first.close()
    await second.close()
