"""The root of every exception this product raises on purpose.

    LatticeFlowError            a broken promise; carries the diagnostics that say which
    ├── CheckError              a flow, or what it needs, was refused before it ran
    ├── UsageError              a command, argument or file that cannot be used as asked
    └── InternalError           a bug of this product, never of the user

Packages below add their own subclasses in their `errors.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from latticeflow.diagnostics.model import Diagnostic


class LatticeFlowError(Exception):
    """A broken promise, with the diagnostics that describe it.

    Args:
        message: One line; when empty, the first diagnostic's code and message.
        diagnostics: The findings, worst first as the caller ordered them.
    """

    def __init__(self, message: str = "", diagnostics: tuple[Diagnostic, ...] = ()) -> None:
        self.diagnostics = tuple(diagnostics)
        self.message = message or _first(self.diagnostics)
        super().__init__(self.message)

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        # The default would pickle the message alone and lose what makes the error useful.
        return (type(self), (self.message, self.diagnostics))


class CheckError(LatticeFlowError):
    """A flow, or what it needs, was refused before it ran."""


class UsageError(LatticeFlowError):
    """A command, argument or file that cannot be used as asked."""


class InternalError(LatticeFlowError):
    """A bug of this product; please report it with the text shown."""


def _first(diagnostics: tuple[Diagnostic, ...]) -> str:
    if not diagnostics:
        return ""
    head = f"{diagnostics[0].code}: {diagnostics[0].message}"
    return head if len(diagnostics) == 1 else f"{head} (and {len(diagnostics) - 1} more)"
