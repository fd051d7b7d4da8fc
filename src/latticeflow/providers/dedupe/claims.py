"""What a key's row says, and what may be done with it: one rule for every store."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from latticeflow.capabilities import Claim, DedupeError, Done, Pending
from latticeflow.diagnostics import report


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """What is stored for a key."""

    state: Literal["pending", "done"]
    owner: str
    token: int
    lease_until: datetime
    result: bytes | None = None
    expires_at: datetime | None = None


def answer(row: Row | None, now: datetime) -> Claim | None:
    """Return what a caller is told who wants the key; None when it is free."""
    if row is None or is_forgotten(row, now):
        return None
    if row.state == "done":
        return Done(result=row.result)
    return Pending(owner=row.owner, lease_until=row.lease_until, expired=row.lease_until <= now)


def may_take_over(claim: Claim | None, owner: str) -> bool:
    """Tell whether `owner` may have the key that stands like this."""
    return claim is None or (isinstance(claim, Pending) and (claim.expired or claim.owner == owner))


def is_forgotten(row: Row, now: datetime) -> bool:
    """Tell whether a row's time to live is over."""
    return row.expires_at is not None and row.expires_at <= now


def held(row: Row | None, *, key: str, token: int) -> Row:
    """Return the row of a claim that is held under `token`.

    Raises:
        DedupeError: It is not (CAP240).
    """
    if row is None:
        raise _lost(key, "the key is free")
    if row.token != token:
        raise _lost(key, f"`{row.owner}` has taken it over")
    return row


def pending(row: Row | None, *, key: str, token: int) -> Row:
    """Return the row of a claim that is held under `token` and not completed."""
    found = held(row, key=key, token=token)
    if found.state == "done":
        raise _lost(key, "it is completed")
    return found


def _lost(key: str, why: str) -> DedupeError:
    return DedupeError(diagnostics=(report("CAP240", key=key, why=why),))
