"""The examples, loaded as `flows` loads them."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest

from latticeflow.authoring.dsl import load_python

EXAMPLES = Path(__file__).parents[3] / "examples"


def load(file: str) -> ModuleType:
    loaded = load_python(str(EXAMPLES / file))
    assert loaded.module is not None, loaded.diagnostics
    return loaded.module


@pytest.fixture(scope="session")
def quakes() -> ModuleType:
    return load("quakes/quakes.py")


@pytest.fixture(scope="session")
def echo() -> ModuleType:
    return load("s1_echo/echo.py")
