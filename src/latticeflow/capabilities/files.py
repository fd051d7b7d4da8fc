"""Files below one directory."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol

import msgspec

from latticeflow.capabilities.marking import capability


class FileInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a file; `path` is relative, with `/` between its parts."""

    path: str
    size_bytes: int
    modified_at: datetime


class ArtifactFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file kept as a result of the run: where, how large, its SHA-256 (hex), how long."""

    path: str
    size_bytes: int
    sha256: str
    retention_ms: int | None = None


class Files:
    """Files by relative path, below a directory the deployment chose.

    A path is relative, uses `/`, and may not lead out of the directory, neither by `..` nor by a
    symbolic link: such a path is refused with `FileAccessError` (CAP201), never followed.
    """

    @capability("files.read")
    class Read(Protocol):
        """Reading. A file that is not there raises `FileAccessError` (CAP202)."""

        async def read_bytes(self, path: str) -> bytes:
            """Return the whole content of the file."""
            ...

        async def read_text(self, path: str, *, encoding: str = "utf-8") -> str:
            """Return the content as text; line ends are kept as they are.

            Raises:
                UnicodeDecodeError: The content is not in `encoding`.
            """
            ...

        async def exists(self, path: str) -> bool:
            """Tell whether there is a regular file at `path`."""
            ...

        async def stat(self, path: str) -> FileInfo:
            """Return what is known of the file."""
            ...

        async def glob(self, pattern: str = "**/*") -> list[FileInfo]:
            """Return the regular files that match, ordered by path; `**` spans directories."""
            ...

    @capability("files.write")
    class Write(Read, Protocol):
        """Reading and writing. A write is whole or not at all, also across a power loss."""

        async def write_bytes(self, path: str, content: bytes) -> None:
            """Replace the file's content, making the file and its directories if needed.

            A reader sees the old or the new content, never a mixture. When this returns, the new
            content survives a power loss.

            Cancellation: the write may still happen, whole.
            """
            ...

        async def write_text(self, path: str, content: str, *, encoding: str = "utf-8") -> None:
            """Write text as `write_bytes` does; line ends are kept as they are."""
            ...

        async def delete(self, path: str) -> bool:
            """Remove the file; tell whether there was one."""
            ...

        async def keep(self, path: str, *, retention: timedelta | None = None) -> ArtifactFile:
            """Record the file, as it is now, as an artifact of the run.

            Args:
                path: The file.
                retention: How long it is kept at least; None leaves that to the deployment.

            Returns:
                The record, with the content's SHA-256.
            """
            ...
