"""What every ledger of keys does. Subclass `DedupeContract` with `dedupe` and `clock` fixtures.

`clock` is a `VirtualClock` that only `advance` moves; `dedupe` an empty ledger that goes by it.
"""

# ruff: noqa: S101, D102 - these are tests: they assert, and their names are their sentences

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from latticeflow.capabilities import Claim, Dedupe, DedupeError, Done, New, Pending
from latticeflow.providers.clock import VirtualClock

MINUTE = timedelta(minutes=1)


def token_of(claim: Claim) -> int:
    """Return the token of a claim that succeeded."""
    assert isinstance(claim, New), claim
    return claim.token


class DedupeContract:
    """The promises of `Dedupe`."""

    async def test_first_one_gets_the_key(self, dedupe: Dedupe, clock: VirtualClock) -> None:
        token_of(await dedupe.begin("k", owner="a", lease=MINUTE))
        told = Pending(owner="a", lease_until=clock.now() + MINUTE, expired=False)
        assert await dedupe.begin("k", owner="b") == told
        assert await dedupe.begin("k", owner="a") == told
        token_of(await dedupe.begin("other", owner="b"))

    async def test_of_many_at_once_one_is_first(self, dedupe: Dedupe) -> None:
        claims = await asyncio.gather(*(dedupe.begin("k", owner=f"o{n}") for n in range(20)))
        assert sum(isinstance(claim, New) for claim in claims) == 1

    async def test_completed_key_gives_its_result(self, dedupe: Dedupe) -> None:
        token = token_of(await dedupe.begin("k", owner="a"))
        await dedupe.complete("k", token=token, result=b"\0{}")
        assert await dedupe.begin("k", owner="b") == Done(result=b"\0{}")
        assert await dedupe.take_over("k", owner="a") == Done(result=b"\0{}")

    async def test_result_may_be_none(self, dedupe: Dedupe) -> None:
        token = token_of(await dedupe.begin("k", owner="a"))
        await dedupe.complete("k", token=token)
        assert await dedupe.begin("k", owner="b") == Done(result=None)

    async def test_completing_again_changes_nothing(
        self, dedupe: Dedupe, clock: VirtualClock
    ) -> None:
        token = token_of(await dedupe.begin("k", owner="a"))
        await dedupe.complete("k", token=token, result=b"1", ttl=MINUTE)
        await clock.advance(MINUTE / 2)
        await dedupe.complete("k", token=token, result=b"2", ttl=MINUTE)
        assert await dedupe.begin("k", owner="b") == Done(result=b"1")
        await clock.advance(MINUTE / 2)
        token_of(await dedupe.begin("k", owner="b"))

    async def test_abandoned_key_is_free(self, dedupe: Dedupe) -> None:
        first = token_of(await dedupe.begin("k", owner="a"))
        await dedupe.abandon("k", token=first)
        assert token_of(await dedupe.begin("k", owner="b")) > first

    async def test_key_whose_lease_ran_out_is_in_doubt_and_not_new(
        self, dedupe: Dedupe, clock: VirtualClock
    ) -> None:
        token_of(await dedupe.begin("k", owner="a", lease=MINUTE))
        until = clock.now() + MINUTE
        await clock.advance(MINUTE)
        doubt = Pending(owner="a", lease_until=until, expired=True)
        assert await dedupe.begin("k", owner="b") == doubt
        assert await dedupe.begin("k", owner="a") == doubt

    async def test_living_claim_cannot_be_taken_over(self, dedupe: Dedupe) -> None:
        token = token_of(await dedupe.begin("k", owner="a"))
        claim = await dedupe.take_over("k", owner="b")
        assert isinstance(claim, Pending)
        await dedupe.complete("k", token=token)

    async def test_dead_claim_can_be_taken_over_and_its_holder_stays_out(
        self, dedupe: Dedupe, clock: VirtualClock
    ) -> None:
        old = token_of(await dedupe.begin("k", owner="a", lease=MINUTE))
        await clock.advance(MINUTE)
        new = token_of(await dedupe.take_over("k", owner="b", lease=MINUTE))
        assert new > old
        for late in (
            dedupe.complete("k", token=old, result=b"late"),
            dedupe.abandon("k", token=old),
            dedupe.renew("k", token=old),
        ):
            with pytest.raises(DedupeError) as caught:
                await late
            assert caught.value.diagnostics[0].code == "CAP240"
        await dedupe.complete("k", token=new, result=b"mine")
        assert await dedupe.begin("k", owner="c") == Done(result=b"mine")

    async def test_own_claim_can_be_taken_over_at_once(self, dedupe: Dedupe) -> None:
        old = token_of(await dedupe.begin("k", owner="a"))
        assert token_of(await dedupe.take_over("k", owner="a")) > old

    async def test_free_key_can_be_taken_over(self, dedupe: Dedupe) -> None:
        token_of(await dedupe.take_over("k", owner="a"))

    async def test_of_many_that_take_over_one_succeeds(
        self, dedupe: Dedupe, clock: VirtualClock
    ) -> None:
        token_of(await dedupe.begin("k", owner="dead", lease=MINUTE))
        await clock.advance(MINUTE)
        claims = await asyncio.gather(*(dedupe.take_over("k", owner=f"o{n}") for n in range(20)))
        assert sum(isinstance(claim, New) for claim in claims) == 1

    async def test_late_holder_may_complete_while_nobody_took_over(
        self, dedupe: Dedupe, clock: VirtualClock
    ) -> None:
        token = token_of(await dedupe.begin("k", owner="a", lease=MINUTE))
        await clock.advance(10 * MINUTE)
        await dedupe.complete("k", token=token, result=b"1")
        assert await dedupe.begin("k", owner="b") == Done(result=b"1")

    async def test_renewing_counts_from_now(self, dedupe: Dedupe, clock: VirtualClock) -> None:
        token = token_of(await dedupe.begin("k", owner="a", lease=MINUTE))
        await clock.advance(MINUTE / 2)
        await dedupe.renew("k", token=token, lease=MINUTE)
        told = Pending(owner="a", lease_until=clock.now() + MINUTE, expired=False)
        assert await dedupe.begin("k", owner="b") == told

    async def test_completed_key_is_forgotten_after_its_time(
        self, dedupe: Dedupe, clock: VirtualClock
    ) -> None:
        token = token_of(await dedupe.begin("k", owner="a"))
        await dedupe.complete("k", token=token, ttl=MINUTE)
        await clock.advance(MINUTE - timedelta(microseconds=1))
        assert await dedupe.begin("k", owner="b") == Done(result=None)
        await clock.advance(timedelta(microseconds=1))
        assert token_of(await dedupe.begin("k", owner="b")) > token

    async def test_completed_key_without_a_time_is_never_forgotten(
        self, dedupe: Dedupe, clock: VirtualClock
    ) -> None:
        token = token_of(await dedupe.begin("k", owner="a"))
        await dedupe.complete("k", token=token)
        await clock.advance(timedelta(days=36500))
        assert await dedupe.begin("k", owner="b") == Done(result=None)

    async def test_keys_nobody_holds_cannot_be_ended(self, dedupe: Dedupe) -> None:
        token = token_of(await dedupe.begin("k", owner="a"))
        for wrong in (
            dedupe.complete("free", token=token),
            dedupe.abandon("free", token=token),
            dedupe.renew("k", token=token + 1),
        ):
            with pytest.raises(DedupeError):
                await wrong
        await dedupe.complete("k", token=token)
        for late in (dedupe.abandon("k", token=token), dedupe.renew("k", token=token)):
            with pytest.raises(DedupeError):
                await late
