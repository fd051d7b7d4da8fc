"""What every key-value store does. Subclass `KvContract` and give it `kv` and `clock` fixtures.

`clock` is a `VirtualClock` that only `advance` moves; `kv` an empty store that goes by it.
"""

# ruff: noqa: S101, D102 - these are tests: they assert, and their names are their sentences

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from latticeflow.capabilities import MAX_KEY_BYTES, Kv, KvConflictError, KvError
from latticeflow.providers.clock import VirtualClock


class KvContract:
    """The promises of `Kv.Write`."""

    async def test_what_was_put_is_got(self, kv: Kv.Write) -> None:
        await kv.put("a", b"\0\xff")
        await kv.put("empty", b"")
        assert await kv.get("a") == b"\0\xff"
        assert await kv.get("empty") == b""
        assert await kv.get("b") is None
        assert await kv.get_entry("b") is None

    async def test_what_was_given_as_a_buffer_is_kept_as_it_was(self, kv: Kv.Write) -> None:
        content = bytearray(b"before")
        await kv.put("a", bytes(content))
        content[:] = b"after!"
        assert await kv.get("a") == b"before"

    async def test_entry_has_version_and_metadata(self, kv: Kv.Write) -> None:
        first = await kv.put("a", b"1", metadata={"by": "ada", "é": "☃"})
        entry = await kv.get_entry("a")
        assert entry is not None
        assert (entry.value, entry.version, entry.expires_at) == (b"1", first, None)
        assert entry.metadata == {"by": "ada", "é": "☃"}
        await kv.put("a", b"2")
        replaced = await kv.get_entry("a")
        assert replaced is not None
        assert replaced.metadata == {}
        assert replaced.version > first

    async def test_deleting_tells_whether_there_was_one(self, kv: Kv.Write) -> None:
        await kv.put("a", b"1")
        assert await kv.delete("a")
        assert not await kv.delete("a")
        assert await kv.get("a") is None

    async def test_version_is_never_given_twice(self, kv: Kv.Write) -> None:
        first = await kv.put("a", b"1")
        await kv.delete("a")
        second = await kv.put("a", b"1")
        assert second > first
        with pytest.raises(KvConflictError):
            await kv.put("a", b"2", if_version=first)

    async def test_write_at_another_version_is_refused_and_writes_nothing(
        self, kv: Kv.Write
    ) -> None:
        first = await kv.put("a", b"1")
        second = await kv.put("a", b"2", if_version=first)
        with pytest.raises(KvConflictError) as caught:
            await kv.put("a", b"3", if_version=first)
        assert caught.value.diagnostics[0].code == "CAP221"
        with pytest.raises(KvConflictError):
            await kv.delete("a", if_version=first)
        assert await kv.get("a") == b"2"
        assert await kv.delete("a", if_version=second)

    async def test_version_zero_means_there_is_none(self, kv: Kv.Write) -> None:
        await kv.put("a", b"1", if_version=0)
        with pytest.raises(KvConflictError):
            await kv.put("a", b"2", if_version=0)
        with pytest.raises(KvConflictError):
            await kv.put("b", b"2", if_version=1)
        assert not await kv.delete("c", if_version=0)

    async def test_of_many_at_once_one_is_first(self, kv: Kv.Write) -> None:
        async def claim(number: int) -> bool:
            try:
                await kv.put("lock", str(number).encode(), if_version=0)
            except KvConflictError:
                return False
            return True

        assert sum(await asyncio.gather(*(claim(n) for n in range(20)))) == 1

    async def test_counting_with_versions_loses_nothing(self, kv: Kv.Write) -> None:
        await kv.put("n", b"0")

        async def add() -> None:
            while True:
                entry = await kv.get_entry("n")
                assert entry is not None
                try:
                    await kv.put("n", b"%d" % (int(entry.value) + 1), if_version=entry.version)
                except KvConflictError:
                    continue
                return

        await asyncio.gather(*(add() for _ in range(8)))
        assert await kv.get("n") == b"8"

    async def test_value_is_gone_at_the_end_of_its_life(
        self, kv: Kv.Write, clock: VirtualClock
    ) -> None:
        await kv.put("a", b"1", ttl=timedelta(seconds=10))
        await kv.put("b", b"1")
        entry = await kv.get_entry("a")
        assert entry is not None
        assert entry.expires_at == clock.now() + timedelta(seconds=10)
        await clock.advance(timedelta(seconds=9.999999))
        assert await kv.get("a") == b"1"
        await clock.advance(timedelta(microseconds=1))
        assert await kv.get("a") is None
        assert (await kv.list()).keys == ("b",)
        assert not await kv.delete("a")
        await kv.put("a", b"2", if_version=0)

    async def test_writing_again_sets_another_life(self, kv: Kv.Write, clock: VirtualClock) -> None:
        await kv.put("a", b"1", ttl=timedelta(seconds=10))
        await kv.put("a", b"2")
        await clock.advance(timedelta(days=1))
        assert await kv.get("a") == b"2"

    async def test_no_life_at_all_is_refused(self, kv: Kv.Write) -> None:
        for ttl in (timedelta(0), timedelta(seconds=-1)):
            with pytest.raises(KvError):
                await kv.put("a", b"1", ttl=ttl)

    async def test_keys_come_in_order_of_code_points(self, kv: Kv.Write) -> None:
        keys = ["b", "a", "a/1", "a/10", "a/2", "é", "\U0001f389", "\uffee", "A", "a\x00b"]
        for key in keys:
            await kv.put(key, b"")
        assert (await kv.list()).keys == tuple(sorted(keys))
        assert (await kv.list("a/")).keys == ("a/1", "a/10", "a/2")
        assert (await kv.list("\uffee")).keys == ("\uffee",)
        assert (await kv.list("zz")).keys == ()

    async def test_pages_hold_every_key_once(self, kv: Kv.Write) -> None:
        keys = [f"k{number:03}" for number in range(25)]
        for key in [*keys, "other"]:
            await kv.put(key, b"")
        seen: list[str] = []
        cursor = None
        while True:
            page = await kv.list("k", cursor=cursor, limit=10)
            seen += page.keys
            cursor = page.cursor
            if cursor is None:
                break
            assert len(page.keys) == 10
        assert seen == keys

    async def test_last_page_says_so(self, kv: Kv.Write) -> None:
        for key in "abc":
            await kv.put(key, b"")
        assert (await kv.list(limit=3)).cursor is None
        assert (await kv.list(limit=2)).cursor is not None

    @pytest.mark.parametrize("key", ["", "x" * (MAX_KEY_BYTES + 1), "é" * 513, "\ud800"])
    async def test_impossible_keys_are_refused(self, kv: Kv.Write, key: str) -> None:
        with pytest.raises(KvError) as caught:
            await kv.put(key, b"")
        assert caught.value.diagnostics[0].code == "CAP220"
        with pytest.raises(KvError):
            await kv.get(key)

    async def test_longest_key_is_taken(self, kv: Kv.Write) -> None:
        await kv.put("é" * (MAX_KEY_BYTES // 2), b"1")
        assert await kv.get("é" * (MAX_KEY_BYTES // 2)) == b"1"

    @pytest.mark.parametrize("limit", [0, -1, 10_001])
    async def test_impossible_pages_are_refused(self, kv: Kv.Write, limit: int) -> None:
        with pytest.raises(KvError):
            await kv.list(limit=limit)

    def test_store_tells_what_it_offers(self, kv: Kv.Write) -> None:
        assert kv.info().consistency in ("strong", "eventual")
