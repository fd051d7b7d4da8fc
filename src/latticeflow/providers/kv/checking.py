"""What keys and options a key-value store takes."""

from __future__ import annotations

from datetime import datetime, timedelta

from latticeflow.capabilities import MAX_KEY_BYTES, KvConflictError, KvError
from latticeflow.diagnostics import report

MAX_PAGE = 10_000


def key_bytes(key: str) -> bytes:
    """Return the key as UTF-8.

    Raises:
        KvError: It is empty, too long, or no UTF-8 (CAP220).
    """
    try:
        encoded = key.encode()
    except UnicodeEncodeError:
        raise refused(key, "it is no UTF-8") from None
    if not encoded:
        raise refused(key, "it is empty")
    if len(encoded) > MAX_KEY_BYTES:
        raise refused(f"{key[:32]}…", f"it is longer than {MAX_KEY_BYTES} bytes")
    return encoded


def check_limit(limit: int) -> None:
    """Refuse a page of an impossible size."""
    if not 1 <= limit <= MAX_PAGE:
        raise refused("*", f"a page has 1 to {MAX_PAGE} keys, not {limit}")


def expiry(key: str, now: datetime, ttl: timedelta | None) -> datetime | None:
    """Return when a value that lives for `ttl` is gone."""
    if ttl is None:
        return None
    if ttl <= timedelta(0):
        raise refused(key, "a value that lives for no time cannot be written")
    return now + ttl


def check_version(key: str, *, found: int, wanted: int | None) -> None:
    """Make sure a key is at the version the caller knows.

    Raises:
        KvConflictError: It is at another (CAP221).
    """
    if wanted is not None and found != wanted:
        finding = report("CAP221", key=key, found=found, wanted=wanted)
        raise KvConflictError(diagnostics=(finding,), retryable=False)


def refused(key: str, why: str) -> KvError:
    """Return the error of a key or option that cannot be taken."""
    shown = key.encode("utf-8", "backslashreplace").decode()
    return KvError(diagnostics=(report("CAP220", key=shown, why=why),))
