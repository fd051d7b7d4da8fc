"""Text that can be kept: what is no Unicode would otherwise fail far from who gave it."""

from __future__ import annotations

import msgspec

from latticeflow.runs import RunError


def readable(text: str) -> str:
    """Return `text` with a question mark for each byte of output that was no text."""
    if text.isascii():
        return text
    return text.encode("utf-8", "replace").decode("utf-8")


def require_text(*texts: str) -> None:
    """Refuse what cannot be kept.

    Raises:
        UnicodeEncodeError: One of `texts` holds half of a surrogate pair.
    """
    for text in texts:
        if not text.isascii():
            text.encode("utf-8")


def readable_error(error: RunError | None) -> RunError | None:
    """Return `error` with its texts readable: a message may quote a file's name that is none."""
    if error is None or (error.message.isascii() and (error.details or "").isascii()):
        return error
    details = None if error.details is None else readable(error.details)
    return msgspec.structs.replace(error, message=readable(error.message), details=details)
