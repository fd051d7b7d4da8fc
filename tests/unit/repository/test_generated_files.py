"""The writer of generated files: writes, notices staleness, owns its folders."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).resolve().parents[3] / "scripts" / "gen.py"


def one_file() -> str:
    return "one\n"


def a_folder() -> dict[str, str]:
    return {"a.md": "a\n", "deep/b.md": "b\n"}


def a_schema() -> dict[str, object]:
    return {"type": "object", "title": "é"}


def not_text() -> int:
    return 1


@pytest.fixture
def gen(tmp_path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("gen_under_test", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    module.ROOT = tmp_path
    yield module
    del sys.modules[spec.name]


def test_a_file_is_written_once_and_then_current(gen, tmp_path):
    row = gen.Generator("schemas/one.json", f"{__name__}:one_file")
    gen.apply(gen.stale(row))
    assert (tmp_path / "schemas/one.json").read_text() == "one\n"
    assert gen.stale(row) == {}


def test_a_change_by_hand_is_stale(gen, tmp_path):
    row = gen.Generator("one.txt", f"{__name__}:one_file")
    (tmp_path / "one.txt").write_text("two\n")
    assert gen.stale(row) == {tmp_path / "one.txt": "one\n"}


def test_a_folder_belongs_to_its_generator_alone(gen, tmp_path):
    row = gen.Generator("docs/codes/", f"{__name__}:a_folder")
    gen.apply(gen.stale(row))
    left_over = tmp_path / "docs/codes/old.md"
    left_over.write_text("old\n")
    assert gen.stale(row) == {left_over: None}
    gen.apply(gen.stale(row))
    assert not left_over.exists()
    assert (tmp_path / "docs/codes/deep/b.md").read_text() == "b\n"


def test_an_object_becomes_json(gen, tmp_path):
    row = gen.Generator("flow.schema.json", a_schema)
    gen.apply(gen.stale(row))
    text = (tmp_path / "flow.schema.json").read_text(encoding="utf-8")
    assert text == '{\n  "type": "object",\n  "title": "é"\n}\n'


@pytest.mark.parametrize("path", ["one.txt", "folder/"])
def test_a_generator_of_the_wrong_kind_is_refused(gen, path):
    with pytest.raises(TypeError, match="must return"):
        gen.stale(gen.Generator(path, f"{__name__}:not_text"))


def test_every_row_names_its_own_path(gen):
    paths = [row.path for row in gen.GENERATORS]
    assert len(paths) == len(set(paths))
