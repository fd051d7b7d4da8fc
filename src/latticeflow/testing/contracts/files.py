"""What every provider of files does. Subclass `FilesContract` and give it a `files` fixture.

The fixture gives an empty place for files.
"""

# ruff: noqa: S101, D102 - these are tests: they assert, and their names are their sentences

from __future__ import annotations

import asyncio
import hashlib
from datetime import timedelta

import pytest

from latticeflow.capabilities import FileAccessError, Files


def code_of(error: pytest.ExceptionInfo[FileAccessError]) -> str:
    """Return the code of the only finding of an error."""
    (finding,) = error.value.diagnostics
    return finding.code


class FilesContract:
    """The promises of `Files.Write`."""

    async def test_what_was_written_is_read(self, files: Files.Write) -> None:
        await files.write_bytes("a/b/c.bin", b"\0\xff")
        await files.write_text("a/t.txt", "one\r\ntwo\n☃")
        assert await files.read_bytes("a/b/c.bin") == b"\0\xff"
        assert await files.read_text("a/t.txt") == "one\r\ntwo\n☃"
        assert await files.read_bytes("a/t.txt") == "one\r\ntwo\n☃".encode()

    async def test_writing_replaces_all_of_it(self, files: Files.Write) -> None:
        await files.write_bytes("f", b"long content")
        await files.write_bytes("f", b"short")
        assert await files.read_bytes("f") == b"short"

    async def test_other_encodings_can_be_named(self, files: Files.Write) -> None:
        await files.write_text("f", "é", encoding="latin-1")
        assert await files.read_bytes("f") == b"\xe9"
        assert await files.read_text("f", encoding="latin-1") == "é"
        with pytest.raises(UnicodeDecodeError):
            await files.read_text("f")

    async def test_existence_is_of_files(self, files: Files.Write) -> None:
        await files.write_bytes("d/f", b"")
        assert await files.exists("d/f")
        assert not await files.exists("d")
        assert not await files.exists("d/g")

    async def test_facts_are_told(self, files: Files.Write) -> None:
        await files.write_bytes("d/f", b"12345")
        info = await files.stat("d/f")
        assert (info.path, info.size_bytes) == ("d/f", 5)
        assert info.modified_at.utcoffset() == timedelta(0)

    async def test_what_is_not_there_is_told_by_name(self, files: Files.Write) -> None:
        for look in (files.read_bytes, files.read_text, files.stat, files.keep):
            with pytest.raises(FileAccessError, match="no/such") as caught:
                await look("no/such")
            assert code_of(caught) == "CAP202"

    async def test_deleting_tells_whether_there_was_one(self, files: Files.Write) -> None:
        await files.write_bytes("f", b"x")
        assert await files.delete("f")
        assert not await files.delete("f")
        assert not await files.exists("f")

    @pytest.mark.parametrize(
        ("pattern", "expected"),
        [
            ("**/*", ["a.csv", "b.txt", "d/a.csv", "d/e/z.csv"]),
            ("**", ["a.csv", "b.txt", "d/a.csv", "d/e/z.csv"]),
            ("*.csv", ["a.csv"]),
            ("**/*.csv", ["a.csv", "d/a.csv", "d/e/z.csv"]),
            ("d/*", ["d/a.csv"]),
            ("d/**", ["d/a.csv", "d/e/z.csv"]),
            ("?.[a-c]sv", ["a.csv"]),
            ("d/a.csv", ["d/a.csv"]),
            ("nothing*", []),
        ],
    )
    async def test_patterns(self, files: Files.Write, pattern: str, expected: list[str]) -> None:
        for path in ("d/e/z.csv", "d/a.csv", "b.txt", "a.csv"):
            await files.write_bytes(path, b"x")
        assert [info.path for info in await files.glob(pattern)] == expected

    @pytest.mark.parametrize(
        "path", ["../f", "/etc/passwd", "a/../../f", "", ".", "a\0b", "a\\..\\b", "d/.."]
    )
    async def test_no_path_leads_out(self, files: Files.Write, path: str) -> None:
        await files.write_bytes("a/x", b"")
        for use in (files.read_bytes, files.exists, files.stat, files.delete, files.keep):
            with pytest.raises(FileAccessError) as caught:
                await use(path)
            assert code_of(caught) == "CAP201"
        with pytest.raises(FileAccessError) as caught:
            await files.write_bytes(path, b"out")
        assert code_of(caught) == "CAP201"

    async def test_no_pattern_leads_out(self, files: Files.Write) -> None:
        for pattern in ("../*", "/etc/*", "a/../../*"):
            with pytest.raises(FileAccessError) as caught:
                await files.glob(pattern)
            assert code_of(caught) == "CAP201"

    async def test_artifact_is_described_as_it_is(self, files: Files.Write) -> None:
        await files.write_bytes("out/map.svg", b"<svg/>")
        kept = await files.keep("out/map.svg", retention=timedelta(days=2))
        assert kept.path == "out/map.svg"
        assert kept.size_bytes == 6
        assert kept.sha256 == hashlib.sha256(b"<svg/>").hexdigest()
        assert kept.retention_ms == 2 * 24 * 3600 * 1000
        assert (await files.keep("out/map.svg")).retention_ms is None

    async def test_readers_see_the_old_or_the_new_and_no_mixture(self, files: Files.Write) -> None:
        contents = {bytes([letter]) * 200_000 for letter in b"ab"}
        await files.write_bytes("f", min(contents))
        seen: set[bytes] = set()

        async def write() -> None:
            for _ in range(10):
                for content in contents:
                    await files.write_bytes("f", content)

        async def read(writing: asyncio.Task[None]) -> None:
            while not writing.done():
                seen.add(await files.read_bytes("f"))
                await asyncio.sleep(0)

        writing = asyncio.ensure_future(write())
        await asyncio.gather(writing, read(writing))
        assert seen <= contents
