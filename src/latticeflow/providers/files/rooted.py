"""Files below a directory of this machine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from latticeflow.capabilities import ArtifactFile, FileInfo, Holder
from latticeflow.providers.files.artifacts import keep_file, matching
from latticeflow.providers.files.paths import below, failed, not_found
from latticeflow.providers.files.writing import sync_directory, write_whole

T = TypeVar("T")

OnArtifact = Callable[[ArtifactFile, Holder | None], None]
"""Told each artifact, and the step that kept it."""


class RootedFiles:
    """The files below a directory.

    Args:
        root: The directory; it need not be there yet.
        artifacts: Where copies of artifacts are kept; None keeps none.
        on_artifact: Told each artifact when its copy is safe.
    """

    def __init__(
        self,
        root: Path,
        *,
        artifacts: Path | None = None,
        on_artifact: OnArtifact | None = None,
        holder: Holder | None = None,
    ) -> None:
        self._root = root.resolve()
        self._artifacts = artifacts
        self._on_artifact = on_artifact
        self._holder = holder

    def for_step(self, holder: Holder) -> RootedFiles:
        """Return the same files, with artifacts recorded for this step."""
        return RootedFiles(
            self._root,
            artifacts=self._artifacts,
            on_artifact=self._on_artifact,
            holder=holder,
        )

    async def read_bytes(self, path: str) -> bytes:
        return await self._try(path, "read", Path.read_bytes)

    async def read_text(self, path: str, *, encoding: str = "utf-8") -> str:
        return (await self.read_bytes(path)).decode(encoding)

    async def exists(self, path: str) -> bool:
        return await asyncio.to_thread(below(self._root, path).is_file)

    async def stat(self, path: str) -> FileInfo:
        return await self._try(path, "read", lambda file: _info(path, file))

    async def glob(self, pattern: str = "**/*") -> list[FileInfo]:
        def look() -> list[FileInfo]:
            return [_info(path, file) for path, file in matching(self._root, pattern)]

        return await asyncio.to_thread(look)

    async def write_bytes(self, path: str, content: bytes) -> None:
        await self._try(path, "written", lambda file: write_whole(file, content))

    async def write_text(self, path: str, content: str, *, encoding: str = "utf-8") -> None:
        await self.write_bytes(path, content.encode(encoding))

    async def delete(self, path: str) -> bool:
        def remove(file: Path) -> bool:
            try:
                file.unlink()
            except FileNotFoundError:
                return False
            sync_directory(file.parent)
            return True

        return await self._try(path, "deleted", remove)

    async def keep(self, path: str, *, retention: timedelta | None = None) -> ArtifactFile:
        def copy(file: Path) -> ArtifactFile:
            return keep_file(file, path, into=self._artifacts, retention=retention)

        artifact = await self._try(path, "kept", copy)
        if self._on_artifact is not None:
            self._on_artifact(artifact, self._holder)
        if self._holder is not None and self._holder.on_artifact is not None:
            self._holder.on_artifact(artifact)
        return artifact

    async def _try(self, path: str, action: str, work: Callable[[Path], T]) -> T:
        file = below(self._root, path)
        try:
            return await asyncio.to_thread(work, file)
        except FileNotFoundError:
            raise not_found(path) from None
        except OSError as error:
            raise failed(path, action, error) from error


def _info(path: str, file: Path) -> FileInfo:
    facts = file.stat()
    return FileInfo(
        path=path,
        size_bytes=facts.st_size,
        modified_at=datetime.fromtimestamp(facts.st_mtime, UTC),
    )
