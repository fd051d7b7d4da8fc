"""The coded errors of the run stores.

    StoreError          refused, or failed; `code` is in the table of diagnostics
    └── FencedError     STORE009: the writer no longer owns the run

The message is the table's, so that a store's error reads like any other finding.
"""

from __future__ import annotations

from latticeflow.diagnostics import lookup
from latticeflow.runs import FencedError, StoreError


def store_error(code: str, **params: object) -> StoreError:
    """Make the error of `code` with the fields of its message."""
    return StoreError(code, _message(code, **params))


def fenced(run_id: str, fence: int, current: int) -> FencedError:
    """Make the error of a write under `fence` to a run whose fence is `current`."""
    owner = f"another process (fence {current}, this write came with {fence})"
    return FencedError("STORE009", _message("STORE009", run=run_id, owner=owner))


def unknown_run(run_id: str) -> StoreError:
    """Make the error of a write to a run that does not exist."""
    return store_error("RUN104", run=run_id)


def not_open(url: str) -> StoreError:
    """Make the error of using a store before `open` or after `close`."""
    return store_error("STORE001", url=url, why="the store is not open")


def _message(code: str, **params: object) -> str:
    return " ".join(lookup(code).template.format_map(params).splitlines())
