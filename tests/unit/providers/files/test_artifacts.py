from datetime import timedelta

import pytest

from latticeflow.capabilities import FileAccessError
from latticeflow.providers.files import artifact_place, collect_artifacts


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "work"
    for path in ("out/a.csv", "out/deep/b.csv", "out/c.txt", "log.txt"):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(path)
    return root


def test_patterns_are_collected_in_order_and_once(root, tmp_path):
    into = tmp_path / "kept"
    day = timedelta(days=1)
    found = collect_artifacts(root, [("out/**/*.csv", day), ("out/*", None)], into=into)
    assert [(item.path, item.retention_ms) for item in found] == [
        ("out/a.csv", 86_400_000),
        ("out/deep/b.csv", 86_400_000),
        ("out/c.txt", None),
    ]
    for item in found:
        assert artifact_place(into, item).read_text() == item.path
        assert item.size_bytes == len(item.path)


def test_collecting_again_changes_nothing(root, tmp_path):
    into = tmp_path / "kept"
    first = collect_artifacts(root, [("**", None)], into=into)
    before = sorted(into.rglob("*"))
    assert collect_artifacts(root, [("**", None)], into=into) == first
    assert sorted(into.rglob("*")) == before


def test_records_without_copies(root):
    (found,) = collect_artifacts(root, [("log.txt", None)], into=None)
    assert (found.path, found.size_bytes) == ("log.txt", 7)


def test_no_pattern_leads_out(root, tmp_path):
    (tmp_path / "secret").write_text("x")
    (root / "link").symlink_to(tmp_path / "secret")
    assert collect_artifacts(root, [("link", None)], into=None) == ()
    with pytest.raises(FileAccessError):
        collect_artifacts(root, [("../*", None)], into=None)
