"""Files that are nowhere but in this process; for tests."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from latticeflow.capabilities import ArtifactFile, Clock, FileInfo
from latticeflow.providers.clock import SystemClock
from latticeflow.providers.files.paths import check_path, not_found


class MemoryFiles:
    """Files by path in a dictionary.

    Args:
        files: What is there at first.
        clock: Where times of change come from.

    Attributes:
        kept: The artifacts, in the order they were kept.
    """

    def __init__(
        self, files: Mapping[str, bytes] | None = None, *, clock: Clock | None = None
    ) -> None:
        self._clock = clock or SystemClock()
        now = self._clock.now()
        self._files = {_name(path): (content, now) for path, content in (files or {}).items()}
        self.kept: list[ArtifactFile] = []

    async def read_bytes(self, path: str) -> bytes:
        return self._at(path)[0]

    async def read_text(self, path: str, *, encoding: str = "utf-8") -> str:
        return self._at(path)[0].decode(encoding)

    async def exists(self, path: str) -> bool:
        return _name(path) in self._files

    async def stat(self, path: str) -> FileInfo:
        content, modified_at = self._at(path)
        return FileInfo(path=path, size_bytes=len(content), modified_at=modified_at)

    async def glob(self, pattern: str = "**/*") -> list[FileInfo]:
        wanted = _expression(_name(pattern))
        return [
            FileInfo(path=path, size_bytes=len(content), modified_at=at.astimezone(UTC))
            for path, (content, at) in sorted(self._files.items())
            if wanted.fullmatch(path)
        ]

    async def write_bytes(self, path: str, content: bytes) -> None:
        self._files[_name(path)] = (bytes(content), self._clock.now())

    async def write_text(self, path: str, content: str, *, encoding: str = "utf-8") -> None:
        await self.write_bytes(path, content.encode(encoding))

    async def delete(self, path: str) -> bool:
        return self._files.pop(_name(path), None) is not None

    async def keep(self, path: str, *, retention: timedelta | None = None) -> ArtifactFile:
        content, _ = self._at(path)
        artifact = ArtifactFile(
            path=path,
            size_bytes=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
            retention_ms=None if retention is None else int(retention.total_seconds() * 1000),
        )
        self.kept.append(artifact)
        return artifact

    def _at(self, path: str) -> tuple[bytes, datetime]:
        try:
            return self._files[_name(path)]
        except KeyError:
            raise not_found(path) from None


def _name(path: str) -> str:
    return check_path(path).as_posix()


def _expression(pattern: str) -> re.Pattern[str]:
    if pattern == "**" or pattern.endswith("/**"):
        pattern += "/*"
    parts = re.split(r"(\*\*/|\*|\?|\[[^\]]+\])", pattern)
    meanings = {"**/": "(?:[^/]+/)*", "*": "[^/]*", "?": "[^/]"}
    return re.compile(
        "".join(
            meanings.get(part) or (_set(part) if part.startswith("[") else re.escape(part))
            for part in parts
        )
    )


def _set(part: str) -> str:
    return f"[^{part[2:]}" if part.startswith("[!") else part
