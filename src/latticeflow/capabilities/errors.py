"""What using a capability can raise.

    LatticeFlowError
    └── CapabilityError             anything a capability refuses or fails at
        ├── CapabilityMissingError  nothing provides what a flow needs (CAP101)
        ├── CapabilityDeniedError   a node touched what it was not granted (CAP110)
        ├── FileAccessError         a path leads out of the granted files, or is not there
        ├── ProcessError            a program cannot be started
        ├── KvError                 a key-value store refused or failed
        │   └── KvConflictError     the key's version is not the expected one
        ├── DbError                 a statement or the database failed
        │   └── DbReadOnlyError     a statement that writes, where only reading was granted
        ├── DedupeError             a claim was lost, or never held
        └── HttpError               a request got no usable response
            └── HttpTimeoutError    … in time

`retryable` tells whether the same call may succeed later without anyone changing anything.
"""

from __future__ import annotations

from latticeflow.diagnostics import Diagnostic, LatticeFlowError


class CapabilityError(LatticeFlowError):
    """Anything a capability refuses or fails at.

    Args:
        message: One line; when empty, the first diagnostic's code and message.
        diagnostics: The findings.
        retryable: Whether the same call may succeed later.
    """

    def __init__(
        self,
        message: str = "",
        diagnostics: tuple[Diagnostic, ...] = (),
        *,
        retryable: bool = False,
    ) -> None:
        super().__init__(message, diagnostics)
        self.retryable = retryable

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return (_rebuild, (type(self), self.message, self.diagnostics, self.retryable))


class CapabilityMissingError(CapabilityError):
    """Nothing provides a capability that a flow needs."""


class CapabilityDeniedError(CapabilityError):
    """A node touched a capability it does not declare."""


class FileAccessError(CapabilityError):
    """A path leads out of the granted files, or there is nothing at it."""


class ProcessError(CapabilityError):
    """A program cannot be started."""


class KvError(CapabilityError):
    """A key-value store refused or failed."""


class KvConflictError(KvError):
    """A key's version is not the one the caller expected; nothing was written."""


class DbError(CapabilityError):
    """A statement, or the database itself, failed; its transaction was rolled back."""


class DbReadOnlyError(DbError):
    """A statement would write where only reading was granted; nothing was written."""


class DedupeError(CapabilityError):
    """A claim was lost or never held; nothing was recorded."""


class HttpError(CapabilityError):
    """A request got no usable response."""


class HttpTimeoutError(HttpError):
    """A request got no response in time; whether it was acted upon is not known."""


def _rebuild(
    kind: type[CapabilityError],
    message: str,
    diagnostics: tuple[Diagnostic, ...],
    retryable: bool,  # noqa: FBT001 - called by pickle, by position
) -> CapabilityError:
    return kind(message, diagnostics, retryable=retryable)
