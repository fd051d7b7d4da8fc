"""The providers a local host brings along, for whoever names none."""

from __future__ import annotations

from collections.abc import Callable, Container
from importlib import import_module
from pathlib import Path
from typing import Any

OnArtifact = Callable[..., Any]


def embedded_providers(
    folder: Path | None,
    *,
    root: Path,
    without: Container[str] = (),
    on_artifact: OnArtifact | None = None,
) -> dict[str, object]:
    """Return a provider for each family this host has, made only when it is first used.

    Args:
        folder: Where durable state is kept; None keeps it in memory.
        root: The folder that files are read and written below.
        without: Families that somebody else provides.
        on_artifact: Told each artifact once its copy is safe.
    """
    makers: dict[str, Callable[[], object]] = {
        "clock": lambda: _new("clock", "SystemClock"),
        "rng": lambda: _new("rng", "SeededRng"),
        "process": lambda: _new("process", "LocalProcess", root),
        "files": lambda: _new(
            "files",
            "RootedFiles",
            root,
            artifacts=None if folder is None else folder / "artifacts",
            on_artifact=on_artifact,
        ),
    }
    return {family: make() for family, make in makers.items() if family not in without}


def _new(family: str, name: str, *args: object, **options: object) -> object:
    """Import a provider when it is made: a host pays only for what it uses."""
    module = import_module(f"latticeflow.providers.{family}")
    return getattr(module, name)(*args, **options)
