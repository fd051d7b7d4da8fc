"""Type checkers over the public surface: silent on right programs, loud on every mistake."""

import importlib.util
import json
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

HERE = Path(__file__).parent
GOOD, BAD = "surface.py", "mistakes.py"
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"

pytestmark = pytest.mark.typing


@dataclass(frozen=True)
class Checker:
    """A type checker: the module that has to be installed, and how it is run."""

    name: str
    module: str
    command: tuple[str, ...]
    finding: str = r"(?P<file>\w+\.py):(?P<line>\d+)(:\d+)?(?:-\d+)?:? *-? *(?P<said>.*)"
    config: tuple[str, str] | None = None


CHECKERS = [
    Checker(
        "mypy --strict",
        "mypy",
        ("mypy", "--strict", "--no-incremental", "--config-file="),
        r"(?P<file>\w+\.py):(?P<line>\d+): error: (?P<said>.*)",
    ),
    Checker(
        "pyright strict",
        "pyright",
        ("pyright", "--pythonpath", sys.executable),
        r"(?P<file>\w+\.py):(?P<line>\d+):\d+ - error: (?P<said>.*)",
        ("pyrightconfig.json", json.dumps({"typeCheckingMode": "strict", "pythonVersion": PYTHON})),
    ),
    Checker(
        "ty",
        "ty",
        ("ty", "check", "--output-format", "concise", "--python", sys.executable),
        r"(?P<file>\w+\.py):(?P<line>\d+):\d+: error(?P<said>.*)",
    ),
    Checker(
        "pyrefly strict",
        "pyrefly",
        (
            "pyrefly",
            "check",
            "--preset=strict",
            "--output-format=min-text",
            f"--python-interpreter-path={sys.executable}",
            "--search-path=.",
        ),
        r"ERROR (?P<file>\w+\.py):(?P<line>\d+):\S+ (?P<said>.*)",
    ),
]


@pytest.fixture(scope="module", params=CHECKERS, ids=lambda checker: checker.name)
def findings(request, tmp_path_factory):
    """Run one checker once over both files, away from this repository's own configuration."""
    checker = request.param
    program = Path(sys.executable).with_name(checker.command[0])
    if importlib.util.find_spec(checker.module) is None or not program.exists():
        pytest.skip(f"{checker.module} is not installed")
    folder = tmp_path_factory.mktemp("typing")
    for name in (GOOD, BAD):
        shutil.copy(HERE / name, folder)
    if checker.config is not None:
        (folder / checker.config[0]).write_text(checker.config[1])
    command = [str(program), *checker.command[1:], GOOD, BAD]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, timeout=300
    )
    found = [
        (match["file"], int(match["line"]), match["said"])
        for line in done.stdout.splitlines()
        if (match := re.search(checker.finding, line))
    ]
    # A checker that could not even run would find nothing in the right program.
    assert found, f"{checker.name} said nothing at all:\n{done.stdout}\n{done.stderr}"
    return found


def test_the_right_program_is_silent(findings):
    assert [finding for finding in findings if finding[0] == GOOD] == []


def test_every_mistake_is_found_at_its_line_and_nothing_else(findings):
    lines = (HERE / BAD).read_text().splitlines()
    planted = {number for number, line in enumerate(lines, 1) if "# E " in line}
    found = {line: said for file, line, said in findings if file == BAD}
    assert len(planted) >= 30
    assert planted - set(found) == set(), "not found"
    assert {line: said for line, said in found.items() if line not in planted} == {}
