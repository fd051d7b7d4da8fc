"""How a shell step fails.

LatticeFlowError
├── ShellConfigError    what the step says cannot be run (STEP013, TOML011)
├── CommandFailedError  the command ended with a code that is no success, or by a signal
└── ShellOutputError    what the command left in its output file cannot be used
"""

from __future__ import annotations

from latticeflow.diagnostics import Diagnostic, LatticeFlowError


class ShellConfigError(LatticeFlowError):
    """What a shell step says cannot be run."""

    non_retryable = True


class CommandFailedError(LatticeFlowError):
    """A command ended with an exit code other than 0, or by a signal.

    Args:
        message: The fact, and the end of what the command wrote to its errors.
        diagnostics: STEP004 or STEP012.
        result: The step's record, as a success would have given it.
    """

    def __init__(
        self, message: str, diagnostics: tuple[Diagnostic, ...], result: dict[str, object]
    ) -> None:
        super().__init__(message, diagnostics)
        self.result = result

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return (type(self), (self.message, self.diagnostics, self.result))


class ShellOutputError(LatticeFlowError):
    """What a command left in its output file cannot be used."""
