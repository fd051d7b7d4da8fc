"""What a flow requires of the machine."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from latticeflow.flow import Requirement
from latticeflow.hosts.local.requirements import meets, unmet_requirements


@pytest.mark.parametrize(
    ("version", "wanted", "expected"),
    [
        ("2.30", ">=2.30", True),
        ("2.30.1", ">=2.30,<3", True),
        ("3.0", ">=2.30,<3", False),
        ("2.9", ">=2.30", False),
        ("3.11.7", "3.11", True),
        ("3.12.0", "3.11", False),
        ("3.11", "==3.11.0", True),
        ("1.4.2", "~=1.4.1", True),
        ("1.5.0", "~=1.4.1", False),
        ("1.0rc1", "!=1.1", True),
        ("1.0", "> 0.9", True),
        ("1.0", "<=0.9", False),
        ("nothing", ">=1", False),
    ],
)
def test_versions_are_compared_by_their_numbers(
    version: str, wanted: str, *, expected: bool
) -> None:
    assert meets(version, wanted) is expected


def messages(*requirements: Requirement) -> list[str]:
    found = unmet_requirements(requirements)
    assert all(each.code == "TOML018" for each in found)
    return [each.message for each in found]


def test_what_is_there_gives_no_finding() -> None:
    assert (
        messages(
            Requirement(kind="python", name="python", version=">=3.11"),
            Requirement(kind="tool", name="sh"),
            Requirement(kind="package", name="msgspec", version=">=0.18"),
            Requirement(kind="package", name="pytest"),
        )
        == []
    )


def test_what_is_missing_is_named() -> None:
    assert messages(
        Requirement(kind="python", name="python", version=">=4"),
        Requirement(kind="tool", name="no-such-tool-here"),
        Requirement(kind="package", name="no-such-package-here"),
        Requirement(kind="package", name="pytest", version=">=999"),
        Requirement(kind="tool", name="sh", version="new"),
    )[1:3] == [
        "the tool `no-such-tool-here` is not installed",
        "the package `no-such-package-here` is not installed",
    ]


def test_a_tool_is_asked_for_its_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool = tmp_path / "mytool"
    tool.write_text("#!/bin/sh\necho mytool version 1.2.3 >&2\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert messages(Requirement(kind="tool", name="mytool", version=">=1.2")) == []
    assert messages(Requirement(kind="tool", name="mytool", version=">=2")) == [
        "the tool `mytool` is 1.2.3, not >=2"
    ]
