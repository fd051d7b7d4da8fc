import errno
import os

import pytest

from latticeflow.capabilities import FileAccessError, Holder
from latticeflow.providers.files import RootedFiles


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    return root


@pytest.fixture
def outside(tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("secret")
    return outside


def code_of(caught):
    (finding,) = caught.value.diagnostics
    return finding.code


async def test_links_lead_nowhere_else(root, outside):
    (root / "dir").symlink_to(outside)
    (root / "file").symlink_to(outside / "secret")
    (root / "up").symlink_to("..")
    files = RootedFiles(root)
    for path in ("dir/secret", "file", "up/outside/secret", "dir/new"):
        for use in (files.read_bytes, files.delete, files.stat, files.exists, files.keep):
            with pytest.raises(FileAccessError) as caught:
                await use(path)
            assert code_of(caught) == "CAP201"
        with pytest.raises(FileAccessError):
            await files.write_text(path, "mine")
    assert await files.glob() == []
    assert (outside / "secret").read_text() == "secret"
    assert [path.name for path in outside.iterdir()] == ["secret"]


async def test_links_inside_are_followed(root):
    (root / "real").write_text("x")
    (root / "link").symlink_to("real")
    assert await RootedFiles(root).read_text("link") == "x"


async def test_root_may_be_a_link_itself(tmp_path, root):
    (tmp_path / "alias").symlink_to(root)
    files = RootedFiles(tmp_path / "alias")
    await files.write_text("a/b", "x")
    assert (root / "a" / "b").read_text() == "x"
    assert [info.path for info in await files.glob()] == ["a/b"]


async def test_directory_is_no_file(root):
    (root / "d").mkdir()
    for use in (RootedFiles(root).read_bytes, RootedFiles(root).delete):
        with pytest.raises(FileAccessError) as caught:
            await use("d")
        assert code_of(caught) == "CAP203"


async def test_permissions_are_kept(root):
    script = root / "run.sh"
    script.write_text("old")
    script.chmod(0o750)
    await RootedFiles(root).write_text("run.sh", "new")
    assert script.stat().st_mode & 0o777 == 0o750
    assert script.read_text() == "new"


async def test_new_files_obey_the_umask(root):
    before = os.umask(0o027)
    try:
        await RootedFiles(root).write_text("f", "x")
    finally:
        os.umask(before)
    assert (root / "f").stat().st_mode & 0o777 == 0o640


async def test_failed_write_leaves_the_old_and_nothing_else(root):
    files = RootedFiles(root)
    await files.write_text("d/f", "old")
    (root / "d" / "taken").mkdir()
    with pytest.raises(FileAccessError) as caught:
        await files.write_text("d/taken", "new")
    assert code_of(caught) == "CAP203"
    assert caught.value.diagnostics[0].message.endswith(os.strerror(errno.EISDIR).lower())
    assert [path.name for path in sorted((root / "d").iterdir())] == ["f", "taken"]
    assert (root / "d" / "f").read_text() == "old"


async def test_what_a_crash_left_half_written_is_no_file(root):
    (root / ".flows-writing-0123").write_text("half")
    (root / ".hidden").write_text("whole")
    assert [info.path for info in await RootedFiles(root).glob()] == [".hidden"]


async def test_artifacts_are_copied_by_content_and_told_with_their_step(root, tmp_path):
    told = []
    kept = tmp_path / "kept"
    files = RootedFiles(root, artifacts=kept, on_artifact=lambda *what: told.append(what))
    told_host = []
    holder = Holder(node="draw", position="draw", on_artifact=told_host.append)
    mine = files.for_step(holder)
    await mine.write_text("a.svg", "<svg/>")
    first = await mine.keep("a.svg")
    await mine.write_text("a.svg", "changed since")
    await mine.write_text("b.svg", "<svg/>")
    second = await mine.keep("b.svg")
    assert told == [(first, holder), (second, holder)]
    assert told_host == [first, second]
    assert first.sha256 == second.sha256
    copies = [path for path in kept.rglob("*") if path.is_file()]
    assert [copy.read_text() for copy in copies] == ["<svg/>"]
    assert copies[0].relative_to(kept).as_posix() == f"{first.sha256[:2]}/{first.sha256}"
