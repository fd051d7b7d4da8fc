"""Where settings come from, and which one wins."""

from __future__ import annotations

from pathlib import Path

import pytest

from latticeflow.bindings import read_config
from latticeflow.diagnostics import UsageError


def codes(error: UsageError) -> list[str]:
    return [each.code for each in error.diagnostics]


def test_without_a_file_everything_is_by_default(tmp_path: Path) -> None:
    config = read_config(tmp_path, {})
    assert config["durability"] == "strong"
    assert config["parallel"] is None
    assert {each.origin for each in config.values.values()} == {"default"}


def test_the_nearest_file_is_the_project(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / "flows.toml").write_text("parallel = 1\n")
    (tmp_path / "a" / "pyproject.toml").write_text("[tool.latticeflow]\nparallel = 2\n")
    config = read_config(inner, {})
    assert (config.root, config["parallel"]) == (tmp_path / "a", 2)


def test_a_project_file_of_somebody_else_is_none(tmp_path: Path) -> None:
    inner = tmp_path / "a"
    inner.mkdir()
    (tmp_path / "flows.toml").write_text("parallel = 1\n")
    (inner / "pyproject.toml").write_text("[tool.other]\nparallel = 2\n")
    assert read_config(inner, {}).root == tmp_path


def test_a_variable_wins_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "flows.toml").write_text('durability = "off"\nparallel = 2\n')
    config = read_config(tmp_path, {"FLOWS_DURABILITY": "partial"})
    assert config["durability"] == "partial"
    assert config.values["durability"].origin == "FLOWS_DURABILITY"
    assert config["parallel"] == 2


@pytest.mark.parametrize("store", ["sqlite:///kept/runs.db", "sqlite:kept/runs.db"])
def test_a_store_of_a_file_is_relative_to_it(tmp_path: Path, store: str) -> None:
    inner = tmp_path / "a"
    inner.mkdir()
    (tmp_path / "flows.toml").write_text(f'store = "{store}?busy_ms=5"\n')
    expected = f"sqlite:///{tmp_path}/kept/runs.db?busy_ms=5"
    assert read_config(inner, {})["store"] == expected


def test_the_default_store_lies_in_the_project(tmp_path: Path) -> None:
    inner = tmp_path / "a"
    inner.mkdir()
    (tmp_path / "flows.toml").write_text("")
    assert read_config(inner, {})["store"] == f"sqlite:///{tmp_path}/.flows/runs.db"


def test_other_stores_stay_as_they_are(tmp_path: Path) -> None:
    inner = tmp_path / "a"
    inner.mkdir()
    for url in ("memory:", "sqlite:////absolute/runs.db"):
        (tmp_path / "flows.toml").write_text(f'store = "{url}"\n')
        assert read_config(inner, {})["store"] == url
    given = read_config(inner, {"FLOWS_STORE": "sqlite:///here.db"})
    assert given["store"] == "sqlite:///here.db"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("parallel = ", "CONF001"),
        ("paralel = 1\n", "CONF002"),
        ("parallel = 0\n", "CONF003"),
        ("parallel = true\n", "CONF003"),
        ('durability = "weak"\n', "CONF003"),
        ("store = 5\n", "CONF003"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path: Path, text: str, code: str) -> None:
    (tmp_path / "flows.toml").write_text(text)
    with pytest.raises(UsageError) as caught:
        read_config(tmp_path, {})
    assert codes(caught.value) == [code]


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "flows.toml").write_text("paralel = 1\nparallel = 0\n")
    with pytest.raises(UsageError) as caught:
        read_config(tmp_path, {"FLOWS_DURABILITY": "weak"})
    assert codes(caught.value) == ["CONF002", "CONF003", "CONF003"]
    assert "did you mean `parallel`" in caught.value.diagnostics[0].message
