"""The data of a run: the run itself, its owner, its events, its log lines."""

from __future__ import annotations

from enum import Enum
from typing import Any

import msgspec


class RunStatus(Enum):
    """Where a run stands. `PARKED` waits for a person: a step is in doubt."""

    PENDING = "pending"
    RUNNING = "running"
    WAITING = "waiting"
    PARKED = "parked"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


TERMINAL = frozenset({RunStatus.SUCCEEDED, RunStatus.FAILED, RunStatus.CANCELLED})


class StepStatus(Enum):
    """Where a step stands."""

    PENDING = "pending"
    RUNNING = "running"
    RETRYING = "retrying"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"
    IN_DOUBT = "in_doubt"


class EventKind(Enum):
    """What an event records."""

    RUN_STARTED = "run_started"
    RUN_RESUMED = "run_resumed"
    STEP_STARTED = "step_started"
    STEP_COMPLETED = "step_completed"
    STEP_FAILED = "step_failed"
    STEP_RETRYING = "step_retrying"
    STEP_SKIPPED = "step_skipped"
    STEP_CANCELLED = "step_cancelled"
    STEP_IN_DOUBT = "step_in_doubt"
    STEP_ASSUMED = "step_assumed"
    ARTIFACT = "artifact"
    RUN_COMPLETED = "run_completed"
    RUN_FAILED = "run_failed"
    RUN_CANCELLED = "run_cancelled"
    RUN_PARKED = "run_parked"


class RunError(msgspec.Struct, kw_only=True, omit_defaults=True, frozen=True):
    """A failure as data: it crosses processes and hosts.

    `type` is the qualified name of the exception, `bases` those of its base classes (nearest
    first, without `object`), so that a handler can match without the class at hand. `result` is
    what a command that failed has given nonetheless: its output and its exit code.
    """

    type: str
    message: str
    code: str | None = None
    bases: tuple[str, ...] = ()
    position: str | None = None
    attempt: int | None = None
    details: str | None = None
    result: dict[str, Any] | None = None


class Event(msgspec.Struct, kw_only=True, omit_defaults=True, frozen=True):
    """One record of the append-only history.

    `seq` is given by the store, from 1 within a run; 0 means not stored yet. `value` holds the
    JSON bytes of a completed step's value, or None where the event has none; a value larger than
    the store's threshold is kept aside and comes back whole on read. `at_ms` is milliseconds
    since the epoch.
    """

    kind: EventKind
    at_ms: int
    position: str = ""
    attempt: int = 0
    value: bytes | None = None
    error: RunError | None = None
    data: dict[str, Any] = {}
    seq: int = 0


class Owner(msgspec.Struct, kw_only=True, frozen=True):
    """The process that drives a run; `fence` grows with each change of hands."""

    boot_id: str
    pid: int
    process_started: str
    host: str
    fence: int = 0


class Run(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What is known of one run.

    `flow_ir` is the canonical JSON of what runs, `target` the locator it came from, `arguments`
    the JSON of its inputs. Times are milliseconds since the epoch.
    """

    run_id: str
    flow_name: str
    flow_version: str
    flow_digest: str
    flow_ir: bytes
    arguments: bytes
    created_at_ms: int
    status: RunStatus = RunStatus.PENDING
    target: str | None = None
    durability: str = "strong"
    code_digests: dict[str, str] = {}
    seed: int = 0
    actor: str | None = None
    host: str | None = None
    product_version: str | None = None
    options: dict[str, Any] = {}
    started_at_ms: int | None = None
    finished_at_ms: int | None = None
    result: bytes | None = None
    error: RunError | None = None
    owner: Owner | None = None
    cancel_requested: bool = False
    parent_run_id: str | None = None


class LogLine(msgspec.Struct, kw_only=True, frozen=True):
    """One line a step wrote. `stream` is `stdout`, `stderr` or `log`; `seq` is the store's."""

    position: str
    attempt: int
    stream: str
    text: str
    at_ms: int
    seq: int = 0


class RunFilter(msgspec.Struct, kw_only=True, frozen=True):
    """Which runs to list, newest first."""

    flow_name: str | None = None
    statuses: frozenset[RunStatus] = frozenset()
    created_after_ms: int | None = None
    created_before_ms: int | None = None
    limit: int = 50
