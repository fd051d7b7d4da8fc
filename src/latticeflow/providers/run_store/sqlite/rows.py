"""How runs and events lie in rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import msgspec

from latticeflow.providers.run_store.text import readable, readable_error, require_text
from latticeflow.runs import Event, EventKind, LogLine, Owner, Run, RunError, RunStatus

Row: TypeAlias = tuple[Any, ...]
ReadBlob: TypeAlias = Callable[[str], bytes]

# On disk for good: a number is never used for another kind.
KIND_NUMBERS: dict[EventKind, int] = {
    EventKind.RUN_STARTED: 1,
    EventKind.RUN_RESUMED: 2,
    EventKind.STEP_STARTED: 3,
    EventKind.STEP_COMPLETED: 4,
    EventKind.STEP_FAILED: 5,
    EventKind.STEP_RETRYING: 6,
    EventKind.STEP_SKIPPED: 7,
    EventKind.STEP_CANCELLED: 8,
    EventKind.STEP_IN_DOUBT: 9,
    EventKind.STEP_ASSUMED: 10,
    EventKind.ARTIFACT: 11,
    EventKind.RUN_COMPLETED: 12,
    EventKind.RUN_FAILED: 13,
    EventKind.RUN_CANCELLED: 14,
    EventKind.RUN_PARKED: 15,
}
_KINDS = {number: kind for kind, number in KIND_NUMBERS.items()}


class Origin(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What is recorded of a run once, when it is made, and never searched."""

    target: str | None = None
    durability: str = "strong"
    code_digests: dict[str, str] = {}
    seed: int = 0
    actor: str | None = None
    host: str | None = None
    product_version: str | None = None
    parent_run_id: str | None = None


class _Rest(msgspec.Struct, omit_defaults=True):
    """What few events have."""

    error: RunError | None = None
    data: dict[str, Any] = {}


_encode = msgspec.json.Encoder().encode
_decode_rest = msgspec.json.Decoder(_Rest).decode
_decode_origin = msgspec.json.Decoder(Origin).decode
_decode_error = msgspec.json.Decoder(RunError).decode
_decode_owner = msgspec.json.Decoder(Owner).decode
_decode_options = msgspec.json.Decoder(dict[str, Any]).decode

EVENT_COLUMNS = "seq, kind, at_ms, attempt, position, value, rest"
RUN_COLUMNS = (
    "run.run_id, run.flow_name, run.flow_version, run.flow_digest, document.body, run.arguments,"
    " run.created_at_ms, run.status, run.started_at_ms, run.finished_at_ms, run.result, run.error,"
    " run.options, run.origin, run.owner, run.fence, run.cancel_requested"
)


def event_row(event: Event) -> Row:
    """Return what a row holds behind its `seq`.

    Raises:
        UnicodeEncodeError: The event holds text that is no Unicode.
        TypeError: Its data cannot be written as JSON.
    """
    require_text(event.position)
    rest = None
    if event.error is not None or event.data:
        rest = _encode(_Rest(readable_error(event.error), event.data))
    return (
        KIND_NUMBERS[event.kind],
        event.at_ms,
        event.attempt,
        event.position,
        event.value,
        rest,
    )


def read_event(row: Sequence[Any], read_blob: ReadBlob) -> Event:
    """Make an event of a row of `EVENT_COLUMNS`."""
    seq, kind, at_ms, attempt, position, value, rest = row
    more = _Rest() if rest is None else _decode_rest(rest)
    return Event(
        kind=_KINDS[kind],
        at_ms=at_ms,
        position=position,
        attempt=attempt,
        value=read_blob(value) if type(value) is str else value,
        error=more.error,
        data=more.data,
        seq=seq,
    )


def state_row(run: Run) -> Row:
    """Return what changes of a run while it runs."""
    return (
        run.status.value,
        run.started_at_ms,
        run.finished_at_ms,
        run.result,
        None if run.error is None else _encode(readable_error(run.error)),
        _encode(run.options) if run.options else None,
    )


def origin_bytes(run: Run) -> bytes:
    """Return what never changes of a run."""
    return _encode(
        Origin(
            target=run.target,
            durability=run.durability,
            code_digests=run.code_digests,
            seed=run.seed,
            actor=run.actor,
            host=run.host,
            product_version=run.product_version,
            parent_run_id=run.parent_run_id,
        )
    )


def owner_bytes(owner: Owner) -> bytes:
    """Return an owner; its fence has a column of its own."""
    return _encode(msgspec.structs.replace(owner, fence=0))


def read_owner(data: bytes, fence: int) -> Owner:
    """Make an owner of its bytes and the run's fence."""
    return msgspec.structs.replace(_decode_owner(data), fence=fence)


def read_run(row: Sequence[Any], read_blob: ReadBlob) -> Run:
    """Make a run of a row of `RUN_COLUMNS`."""
    (
        run_id,
        flow_name,
        flow_version,
        flow_digest,
        flow_ir,
        arguments,
        created_at_ms,
        status,
        started_at_ms,
        finished_at_ms,
        result,
        error,
        options,
        origin_data,
        owner,
        fence,
        cancel_requested,
    ) = row
    origin = _decode_origin(origin_data)
    return Run(
        run_id=run_id,
        flow_name=flow_name,
        flow_version=flow_version,
        flow_digest=flow_digest,
        flow_ir=flow_ir,
        arguments=read_blob(arguments) if type(arguments) is str else arguments,
        created_at_ms=created_at_ms,
        status=RunStatus(status),
        started_at_ms=started_at_ms,
        finished_at_ms=finished_at_ms,
        result=read_blob(result) if type(result) is str else result,
        error=None if error is None else _decode_error(error),
        options={} if options is None else _decode_options(options),
        target=origin.target,
        durability=origin.durability,
        code_digests=origin.code_digests,
        seed=origin.seed,
        actor=origin.actor,
        host=origin.host,
        product_version=origin.product_version,
        parent_run_id=origin.parent_run_id,
        owner=None if owner is None else read_owner(owner, fence),
        cancel_requested=bool(cancel_requested),
    )


def log_row(line: LogLine) -> Row:
    """Return what a row holds behind its run."""
    return (line.position, line.attempt, line.stream, readable(line.text), line.at_ms)


def read_log(row: Sequence[Any]) -> LogLine:
    """Make a log line of a row."""
    seq, position, attempt, stream, text, at_ms = row
    return LogLine(
        position=position, attempt=attempt, stream=stream, text=text, at_ms=at_ms, seq=seq
    )
