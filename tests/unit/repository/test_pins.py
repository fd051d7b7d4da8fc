"""The pinned files: complete, hashed, in agreement with each other, and silent about where from."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

REQUIREMENTS = Path(__file__).resolve().parents[3] / "requirements"
PINNED = sorted(REQUIREMENTS.glob("*.txt"))
OURS = [REQUIREMENTS / f"{name}.txt" for name in ("runtime", "test", "docs", "dev")]
PIN = re.compile(r"^(?P<name>[a-z0-9][a-z0-9._-]*)==(?P<version>[^ ;\\]+)", re.MULTILINE)


def pins(path: Path) -> dict[str, str]:
    return {match["name"]: match["version"] for match in PIN.finditer(path.read_text("utf-8"))}


@pytest.mark.parametrize("path", PINNED, ids=lambda path: path.name)
def test_no_pin_names_an_address(path):
    found = [
        line
        for line in path.read_text("utf-8").splitlines()
        if "://" in line or line.startswith("-") or " @ " in line
    ]
    assert found == []


@pytest.mark.parametrize("path", PINNED, ids=lambda path: path.name)
def test_every_pin_has_a_hash(path):
    entries = re.split(r"\n(?=\S)", path.read_text("utf-8").strip())
    assert [entry for entry in entries if "--hash=sha256:" not in entry] == []
    assert len(entries) == len(PIN.findall(path.read_text("utf-8")))


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.name)
def test_development_installs_the_same_versions(path):
    assert pins(path).items() <= pins(REQUIREMENTS / "dev.txt").items()


def test_every_input_has_its_pins():
    inputs = {path.stem for path in REQUIREMENTS.glob("*.in")} - {"build"}
    assert inputs | {"runtime"} == {path.stem for path in PINNED}
