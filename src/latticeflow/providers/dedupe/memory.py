"""A ledger of keys in this process."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

import msgspec

from latticeflow.capabilities import DEFAULT_LEASE, Claim, Clock, New
from latticeflow.providers.clock import SystemClock
from latticeflow.providers.dedupe.claims import Row, answer, held, may_take_over, pending


class MemoryDedupe:
    """A ledger that ends with the process.

    Args:
        clock: What leases and times to live go by.
    """

    def __init__(self, *, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._rows: dict[str, Row] = {}
        self._token = 0

    async def begin(self, key: str, *, owner: str, lease: timedelta = DEFAULT_LEASE) -> Claim:
        found = answer(self._rows.get(key), self._clock.now())
        return self._claim(key, owner, lease) if found is None else found

    async def take_over(self, key: str, *, owner: str, lease: timedelta = DEFAULT_LEASE) -> Claim:
        found = answer(self._rows.get(key), self._clock.now())
        if found is None or may_take_over(found, owner):
            return self._claim(key, owner, lease)
        return found

    async def renew(self, key: str, *, token: int, lease: timedelta = DEFAULT_LEASE) -> None:
        row = pending(self._rows.get(key), key=key, token=token)
        self._rows[key] = msgspec.structs.replace(row, lease_until=self._clock.now() + lease)

    async def complete(
        self, key: str, *, token: int, result: bytes | None = None, ttl: timedelta | None = None
    ) -> None:
        row = held(self._rows.get(key), key=key, token=token)
        if row.state == "pending":
            expires_at = None if ttl is None else self._clock.now() + ttl
            self._rows[key] = msgspec.structs.replace(
                row, state="done", result=result, expires_at=expires_at
            )

    async def abandon(self, key: str, *, token: int) -> None:
        pending(self._rows.get(key), key=key, token=token)
        del self._rows[key]

    def consistency(self) -> Literal["process", "machine", "cluster"]:
        return "process"

    def _claim(self, key: str, owner: str, lease: timedelta) -> New:
        self._token += 1
        self._rows[key] = Row(
            state="pending",
            owner=owner,
            token=self._token,
            lease_until=self._clock.now() + lease,
        )
        return New(token=self._token)
