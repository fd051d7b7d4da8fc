"""Runs as data: what happened, durably; and the port of the store that keeps it."""

from latticeflow.runs.model import (
    TERMINAL,
    Event,
    EventKind,
    LogLine,
    Owner,
    Run,
    RunError,
    RunFilter,
    RunStatus,
    StepStatus,
)
from latticeflow.runs.position import Position, format_position, parse_position
from latticeflow.runs.store import FencedError, RunStore, StoreError
from latticeflow.runs.values import UnencodableValueError, decode_value, encode_value, to_json

__all__ = [
    "TERMINAL",
    "Event",
    "EventKind",
    "FencedError",
    "LogLine",
    "Owner",
    "Position",
    "Run",
    "RunError",
    "RunFilter",
    "RunStatus",
    "RunStore",
    "StepStatus",
    "StoreError",
    "UnencodableValueError",
    "decode_value",
    "encode_value",
    "format_position",
    "parse_position",
    "to_json",
]
