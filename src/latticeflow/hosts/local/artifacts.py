"""The files a run leaves: kept beside the store, recorded in the run's history."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import msgspec

from latticeflow.capabilities import ArtifactFile
from latticeflow.diagnostics import Diagnostic, LatticeFlowError, report
from latticeflow.engine import Journal
from latticeflow.flow.model import Flow
from latticeflow.runs import EventKind

FOLDER = "artifacts"


class Artifacts:
    """Keeps what the patterns of a flow name, and records every artifact of its run.

    Args:
        flow: The flow; its artifacts of kind `output` are patterns.
        journal: The history of the run.
        into: Where copies are kept; None records files without keeping them.
    """

    def __init__(self, flow: Flow, journal: Journal, into: Path | None) -> None:
        self._patterns = [
            (
                each.path,
                None if each.retention_ms is None else timedelta(milliseconds=each.retention_ms),
            )
            for each in flow.artifacts
            if each.kind == "output"
        ]
        self._journal = journal
        self._into = into
        self._loop = asyncio.get_running_loop()

    def record(self, artifact: ArtifactFile, position: str = "", attempt: int = 0) -> None:
        """Write an artifact into the history."""
        data = msgspec.to_builtins(artifact)
        _ = self._journal.write(EventKind.ARTIFACT, position, attempt, data=data)

    def collector(self) -> Callable[[Path, str], None] | None:
        """Return what takes artifacts from a workspace that is about to go; None if none wants."""
        return self._collect_workspace if self._patterns else None

    def _collect_workspace(self, workspace: Path, position: str) -> None:
        for artifact in self._collect(workspace):
            # This runs in a thread; the history belongs to the loop.
            self._loop.call_soon_threadsafe(self.record, artifact, position)

    async def collect(self, root: Path) -> tuple[Diagnostic, ...]:
        """Keep and record what the run left below `root`; return what could not be kept."""
        if not self._patterns:
            return ()
        try:
            found = await asyncio.to_thread(self._collect, root)
        except LatticeFlowError as error:
            return error.diagnostics
        except OSError as error:
            return (report("CLI012", path=error.filename or root, why=error.strerror or error),)
        for artifact in found:
            self.record(artifact)
        return ()

    def _collect(self, root: Path) -> tuple[ArtifactFile, ...]:
        # Late: most flows leave no files.
        from latticeflow.providers.files import collect_artifacts  # noqa: PLC0415

        return collect_artifacts(root, self._patterns, into=self._into)
