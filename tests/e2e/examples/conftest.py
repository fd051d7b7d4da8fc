"""Copies of the examples, so that runs leave nothing in the repository."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.e2e.cli.conftest import Flows

REPOSITORY = Path(__file__).parents[3]


@pytest.fixture
def example(tmp_path: Path) -> Iterator[Callable[..., Flows]]:
    """Return a function that copies an example, under a name of its own, to run `flows` in."""
    made: list[Flows] = []

    def copy(name: str, into: str = "copy") -> Flows:
        folder = tmp_path / into
        leftovers = shutil.ignore_patterns(".flows", "out", "__pycache__")
        shutil.copytree(REPOSITORY / "examples" / name, folder, ignore=leftovers)
        made.append(Flows(folder))
        return made[-1]

    yield copy
    for flows in made:
        flows.end()
