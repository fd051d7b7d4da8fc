"""Take a program's output as it comes: line by line to whoever watches, the end kept as text."""

from __future__ import annotations

import codecs
from collections.abc import Callable

DEFAULT_LIMIT_BYTES = 16 * 1024 * 1024
MAX_LINE_CHARACTERS = 64 * 1024


class Capture:
    """One stream's output, in bounded memory.

    What is no UTF-8 becomes the replacement character. A line longer than 65,536 characters is
    told in pieces.

    Args:
        limit_bytes: How much of the end is kept.
        on_line: Told each line, without its end, once it is complete.
    """

    __slots__ = ("_decoder", "_kept", "_limit", "_on_line", "_partial", "_seen")

    def __init__(self, limit_bytes: int, on_line: Callable[[str], None] | None) -> None:
        self._limit = limit_bytes
        self._on_line = on_line
        self._kept = bytearray()
        self._seen = 0
        self._partial = ""
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")

    @property
    def truncated(self) -> bool:
        """Whether only the end was kept."""
        return self._seen > self._limit

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes."""
        self._seen += len(chunk)
        self._kept += chunk
        if len(self._kept) > 2 * self._limit:
            del self._kept[: -self._limit or None]
        if self._on_line is not None:
            self._tell(self._decoder.decode(chunk))

    def close(self) -> None:
        """Tell the last line, if it has no end."""
        if self._on_line is not None:
            self._tell(self._decoder.decode(b"", final=True))
            if self._partial:
                self._on_line(self._partial.removesuffix("\r"))
                self._partial = ""

    def text(self) -> str:
        """Return what was kept; where something was left out, a first line says so."""
        if not self.truncated:
            return self._kept.decode(errors="replace")
        start = len(self._kept) - self._limit
        while start < len(self._kept) and self._kept[start] & 0xC0 == 0x80:
            start += 1  # not in the middle of a character
        kept = self._kept[start:].decode(errors="replace")
        return f"[{self._seen - (len(self._kept) - start)} bytes left out]\n{kept}"

    def _tell(self, text: str) -> None:
        assert self._on_line is not None  # noqa: S101 - both callers have looked
        *lines, partial = text.split("\n")
        if not lines:
            self._partial += partial
        else:
            lines[0] = self._partial + lines[0]
            for line in lines:
                self._on_line(line.removesuffix("\r"))
            self._partial = partial
        while len(self._partial) > MAX_LINE_CHARACTERS:
            self._on_line(self._partial[:MAX_LINE_CHARACTERS])
            self._partial = self._partial[MAX_LINE_CHARACTERS:]
