"""Files: below a directory, or in memory; and files that are kept as artifacts."""

from latticeflow.providers.files.artifacts import (
    artifact_place,
    collect_artifacts,
    keep_file,
)
from latticeflow.providers.files.memory import MemoryFiles
from latticeflow.providers.files.rooted import OnArtifact, RootedFiles

__all__ = [
    "MemoryFiles",
    "OnArtifact",
    "RootedFiles",
    "artifact_place",
    "collect_artifacts",
    "keep_file",
]
