"""The files a run is to leave, by the patterns its flow declares."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from latticeflow.capabilities import ArtifactFile
from latticeflow.flow.model import Flow
from latticeflow.providers.files import collect_artifacts

Note = Callable[[str, ArtifactFile], None]
"""Told the position of the step an artifact is of (empty: the run's), and the artifact."""


class ArtifactKeeper:
    """Keeps what matches the flow's artifacts of kind `output`. Serves one run.

    Args:
        flow: The flow.
        root: Where the run works.
        into: The folder of copies; None records files without copying them.
        note: Told each artifact, on the event loop, once its copy is safe.
    """

    def __init__(self, flow: Flow, *, root: Path, into: Path | None, note: Note) -> None:
        self._patterns = [
            (
                artifact.path,
                None
                if artifact.retention_ms is None
                else timedelta(milliseconds=artifact.retention_ms),
            )
            for artifact in flow.artifacts
            if artifact.kind == "output"
        ]
        self._root = root
        self._into = into
        self._note = note
        self._loop = asyncio.get_running_loop()

    def collect(self, workspace: Path, position: str) -> None:
        """Keep what a workspace holds that is about to be removed; called in a thread.

        What is noted is noted before the step that worked there ends.

        Raises:
            FileAccessError: A pattern leads out of the workspace (CAP201).
        """
        for artifact in collect_artifacts(workspace, self._patterns, into=self._into):
            self._loop.call_soon_threadsafe(self._note, position, artifact)

    async def collect_all(self) -> None:
        """Keep what the run leaves where it worked; called at its end.

        Raises:
            FileAccessError: A pattern leads out of the root (CAP201).
        """
        if self._patterns:
            kept = await asyncio.to_thread(
                collect_artifacts, self._root, self._patterns, into=self._into
            )
            for artifact in kept:
                self._note("", artifact)
