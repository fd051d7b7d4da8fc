from __future__ import annotations

import importlib.util
import itertools
import linecache
import sys

import pytest

_numbers = itertools.count()


@pytest.fixture
def load(tmp_path):
    """Load a module from its source; it stands in a file, as a user's would."""

    def load_source(source: str, name: str | None = None):
        name = name or f"compiled_{next(_numbers)}"
        path = tmp_path / f"{name}.py"
        path.write_text(source, encoding="utf-8")
        linecache.checkcache(str(path))
        spec = importlib.util.spec_from_file_location(name, path)
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
        loaded.append(name)
        return module

    loaded: list[str] = []
    yield load_source
    for name in loaded:
        sys.modules.pop(name, None)
