"""The providers a local host brings along, for whoever names none."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path
from typing import Any

OnArtifact = Callable[..., Any]


def embedded_providers(
    families: Iterable[str],
    folder: Path | None,
    *,
    root: Path,
    on_artifact: OnArtifact | None = None,
) -> dict[str, object]:
    """Make the provider of each of `families` that this host has.

    Args:
        families: What is needed, such as `kv` and `clock`.
        folder: Where durable state is kept; None keeps it in memory.
        root: The folder that files are read and written below.
        on_artifact: Told each artifact once its copy is safe.
    """
    artifacts = None if folder is None else folder / "artifacts"

    def durable(family: str, name: str, file: str) -> object:
        if folder is None:
            return _new(family, f"Memory{name}")
        return _new(family, f"Sqlite{name}", folder / file)

    makers: dict[str, Callable[[], object]] = {
        "clock": lambda: _new("clock", "SystemClock"),
        "rng": lambda: _new("rng", "SeededRng"),
        "process": lambda: _new("process", "LocalProcess", root),
        "files": lambda: _new(
            "files", "RootedFiles", root, artifacts=artifacts, on_artifact=on_artifact
        ),
        "kv": lambda: durable("kv", "Kv", "kv.db"),
        "dedupe": lambda: durable("dedupe", "Dedupe", "dedupe.db"),
        "db": lambda: _new("db", "SqliteDb", None if folder is None else folder / "data.db"),
    }
    return {family: makers[family]() for family in sorted(families) if family in makers}


def _new(family: str, name: str, *args: object, **options: object) -> object:
    """Import a provider when it is made: a host pays only for what it uses."""
    module = import_module(f"latticeflow.providers.{family}")
    return getattr(module, name)(*args, **options)
