"""Large values: checked at every read, shared, and removed only when nobody needs them."""

from __future__ import annotations

import os

import pytest

from latticeflow.providers.run_store.sqlite import SqliteRunStore
from latticeflow.providers.run_store.sqlite.blobs import BlobFolder
from latticeflow.runs import RunFilter, RunStatus, StoreError
from latticeflow.testing.contracts.run_store import a_run, completed

LARGE = bytes(range(256)) * 16


@pytest.fixture
async def store(tmp_path):
    store = SqliteRunStore(tmp_path / "runs.db", blob_threshold=1000)
    await store.open()
    yield store
    await store.close()


def files(tmp_path):
    folder = tmp_path / "runs.db.blobs"
    return sorted(path for path in folder.rglob("*") if path.is_file())


async def test_only_what_is_larger_than_the_threshold_is_a_file(store, tmp_path):
    await store.create(a_run(arguments=b"a" * 1000, result=b"b" * 1001))
    await store.append("run-1", [completed(0, b"c" * 1000), completed(1, b"d" * 1001)], fence=0)
    assert [path.read_bytes()[:1] for path in files(tmp_path)].count(b"b") == 1
    assert {path.read_bytes()[:1] for path in files(tmp_path)} == {b"b", b"d"}


async def test_equal_values_are_one_file(store, tmp_path):
    for name in ("run-1", "run-2"):
        await store.create(a_run(name))
        await store.append(name, [completed(n, LARGE) for n in range(3)], fence=0)
    assert len(files(tmp_path)) == 1


@pytest.mark.parametrize(
    "damage, code",
    [
        (lambda path: path.unlink(), "STORE006"),
        (lambda path: path.write_bytes(LARGE[:-1] + b"?"), "STORE008"),
        (lambda path: path.write_bytes(LARGE[:-1]), "STORE008"),
        (lambda path: path.write_bytes(b""), "STORE008"),
    ],
    ids=["gone", "altered", "cut short", "emptied"],
)
async def test_a_damaged_file_is_never_taken_for_the_value(store, tmp_path, damage, code):
    await store.create(a_run())
    await store.append("run-1", [completed(0), completed(1, LARGE)], fence=0)
    (file,) = files(tmp_path)
    damage(file)
    with pytest.raises(StoreError) as refused:
        await store.history("run-1")
    assert refused.value.code == code
    assert file.parent.name + file.name in str(refused.value)


async def test_putting_a_value_again_mends_its_file(store, tmp_path):
    await store.create(a_run())
    await store.append("run-1", [completed(0, LARGE)], fence=0)
    (file,) = files(tmp_path)
    file.write_bytes(b"broken")
    await store.append("run-1", [completed(1, LARGE)], fence=0)
    assert [event.value for event in await store.history("run-1")] == [LARGE, LARGE]


async def test_a_file_is_removed_with_the_last_run_that_needs_it(store, tmp_path):
    ended = RunStatus.SUCCEEDED
    await store.create(a_run("run-1", status=ended, arguments=LARGE))
    await store.create(a_run("run-2", status=ended, result=LARGE))
    await store.create(a_run("run-3", status=ended, arguments=LARGE[::-1]))
    await store.delete(["run-1", "run-3"])
    assert [path.read_bytes() for path in files(tmp_path)] == [LARGE]
    assert (await store.get("run-2")).result == LARGE
    await store.delete(["run-2"])
    assert files(tmp_path) == []
    assert await store.find(RunFilter()) == []


async def test_a_refused_write_leaves_nothing_once_cleaned(store, tmp_path):
    await store.create(a_run("run-1", status=RunStatus.FAILED))
    with pytest.raises(StoreError):
        await store.append("run-1", [completed(0, LARGE)], fence=7)
    await store.delete(["run-1"])
    assert files(tmp_path) == []


class SweptOnce(BlobFolder):
    """Loses the first file right after it was put, as another process's cleaning may do."""

    swept = False

    def put(self, value):
        digest = super().put(value)
        if not self.swept:
            self.swept = True
            self.remove(digest)
        return digest


async def test_cleaning_between_the_file_and_its_record_does_no_harm(store, tmp_path):
    await store.create(a_run())
    store._ledger.blobs = SweptOnce(tmp_path / "runs.db.blobs")
    await store.append("run-1", [completed(0, LARGE)], fence=0)
    assert store._ledger.blobs.swept
    assert [event.value for event in await store.history("run-1")] == [LARGE]


def test_what_dead_writers_began_is_removed_after_a_day(tmp_path):
    folder = BlobFolder(tmp_path)
    folder.put(b"x")
    old, new = tmp_path / "begun" / "old", tmp_path / "begun" / "new"
    for file in (old, new):
        file.write_bytes(b"half")
    os.utime(old, (0, 0))
    folder.remove_left_overs()
    assert (old.exists(), new.exists()) == (False, True)
    assert len(list(folder.names())) == 1


def test_names_are_those_of_values(tmp_path):
    folder = BlobFolder(tmp_path)
    digests = {folder.put(b"a"), folder.put(b"b")}
    assert set(folder.names()) == digests
    assert all(folder.has(digest) for digest in digests)
