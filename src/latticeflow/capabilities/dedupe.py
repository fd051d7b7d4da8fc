"""Doing an effect at most once per key."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal, Protocol, TypeAlias

import msgspec

from latticeflow.capabilities.marking import capability

DEFAULT_LEASE = timedelta(minutes=5)


class New(msgspec.Struct, frozen=True, kw_only=True, tag="new"):
    """The key is the caller's now. `token` proves it, and grows with each change of hands."""

    token: int


class Pending(msgspec.Struct, frozen=True, kw_only=True, tag="pending"):
    """The key is claimed, by `owner`, until `lease_until`.

    `expired`: the lease has run out. Whether the effect happened is then not known, and nobody
    else is told that the key is new.
    """

    owner: str
    lease_until: datetime
    expired: bool


class Done(msgspec.Struct, frozen=True, kw_only=True, tag="done"):
    """The effect happened; `result` is what was recorded with it."""

    result: bytes | None


Claim: TypeAlias = New | Pending | Done


@capability("dedupe")
class Dedupe(Protocol):
    """A ledger of keys, in two states: pending under a lease, then done until its TTL ends.

    Every call is atomic: of many callers that begin one key at once, one gets `New`. What a
    durable store has answered survives a crash.
    """

    async def begin(self, key: str, *, owner: str, lease: timedelta = DEFAULT_LEASE) -> Claim:
        """Claim a key, or learn who has it or how it ended.

        A key that is pending is never given out again by this call, not even to the same owner
        and not after its lease: see `take_over`.

        Args:
            key: What identifies the effect.
            owner: Who claims; told to whoever finds the key pending.
            lease: For how long the claim is believed to be alive.
        """
        ...

    async def take_over(self, key: str, *, owner: str, lease: timedelta = DEFAULT_LEASE) -> Claim:
        """Claim a key whose holder is gone, accepting that its effect may have happened.

        It succeeds (`New`, with a greater token) where the lease has run out, where the pending
        claim is `owner`'s own, and where there is no claim; else it answers as `begin`.
        """
        ...

    async def renew(self, key: str, *, token: int, lease: timedelta = DEFAULT_LEASE) -> None:
        """Extend a claim from now on.

        Raises:
            DedupeError: `token` does not hold the key.
        """
        ...

    async def complete(
        self, key: str, *, token: int, result: bytes | None = None, ttl: timedelta | None = None
    ) -> None:
        """Record that the effect happened. Saying the same again changes nothing.

        Args:
            key: The key.
            token: From `New`.
            result: Given to whoever begins the key afterwards.
            ttl: After which the key is forgotten; None never.

        Raises:
            DedupeError: `token` does not hold the key.
        """
        ...

    async def abandon(self, key: str, *, token: int) -> None:
        """Give the key back: the effect certainly did not happen.

        Raises:
            DedupeError: `token` does not hold the key.
        """
        ...

    def consistency(self) -> Literal["process", "machine", "cluster"]:
        """Return how far a key is known: this process, this machine, or every machine."""
        ...
