"""How a call in a worker fails, beyond raising what the function raises.

LatticeFlowError
├── WorkerCallError   the call cannot be sent to another process (STEP014)
└── WorkerDiedError   the process ended in the middle of the call (STEP007)
RemoteError           the function raised something that cannot be raised here
RemoteTraceback       the cause of an error from a worker: where it was raised
"""

from __future__ import annotations

from latticeflow.diagnostics import LatticeFlowError
from latticeflow.runs import RunError


class WorkerCallError(LatticeFlowError):
    """A function or its arguments cannot be sent to another process."""

    non_retryable = True


class WorkerDiedError(LatticeFlowError):
    """A worker ended in the middle of a call: a crash, `os._exit`, or no memory left."""


class WorkerGoneError(WorkerDiedError):
    """A worker had ended before it took the call; the pool tries another, nobody else sees it."""


class RemoteError(Exception):
    """An error of a function in a worker, as data: its class cannot be raised here.

    Args:
        error: What was raised, with the traceback as text in `details`.
    """

    def __init__(self, error: RunError) -> None:
        super().__init__(error.message)
        self.error = error


class RemoteTraceback(Exception):  # noqa: N818 - it is shown as the cause, not caught
    """Where in the worker an error was raised."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text

    def __str__(self) -> str:
        return f"\n{self.text}"
