"""The end of a run, for people and for scripts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from latticeflow.cli.output import Output
from latticeflow.diagnostics import report
from latticeflow.hosts.local import Result
from latticeflow.runs import (
    Event,
    EventKind,
    Run,
    RunError,
    RunStatus,
    RunStore,
    decode_value,
    to_json,
)

_PACKAGE = Path(__file__).resolve().parent.parent
_STATES = {
    EventKind.STEP_STARTED: "running",
    EventKind.STEP_COMPLETED: "succeeded",
    EventKind.STEP_FAILED: "failed",
    EventKind.STEP_RETRYING: "retrying",
    EventKind.STEP_SKIPPED: "skipped",
    EventKind.STEP_CANCELLED: "cancelled",
    EventKind.STEP_IN_DOUBT: "in_doubt",
}


async def report_run(store: RunStore, result: Result, output: Output) -> int:
    """Print how a run ended and return the exit code."""
    run = result.run
    good = result.status is RunStatus.SUCCEEDED
    if output.is_json:
        events = await store.history(run.run_id)
        output.json(run_object(run, result.value if good else None, events))
    elif good:
        if result.value is not None:
            output.line(shown(to_json(result.value)))
        output.note(f"run {run.run_id} succeeded in {duration(run)}")
    else:
        show_failure(run, result.error, output)
    if good and not output.is_json:
        output.show(result.diagnostics)
    return 0 if good else 1


def show_failure(run: Run, error: RunError | None, output: Output) -> None:
    """Print why a run did not succeed, and what can be done."""
    if run.status is RunStatus.PARKED:
        step = "" if error is None else error.position or ""
        hint = f"look whether it happened, then `flows resume {run.run_id} --assume done|retry`"
        output.show([report("RUN105", run=run.run_id, step=step, hint=hint)])
        return
    if error is not None and error.position:
        code = error.code or "STEP001"
        output.error_line(f"error[{code}]: `{error.position}` failed: {_words(error)}")
        if details := _frames_of_users(error.details or ""):
            output.error_line(details)
    elif error is not None:
        output.error_line(f"error[{error.code or 'STEP001'}]: {error.message}")
    output.note(f"run {run.run_id} {run.status.value} after {duration(run)}")


def _frames_of_users(details: str) -> str:
    """Return a traceback without the frames of this package: they tell a user nothing."""
    kept: list[str] = []
    is_ours = False
    for line in details.splitlines():
        if line.startswith('  File "'):
            is_ours = line.startswith(f'  File "{_PACKAGE}')
        elif not line.startswith("    "):
            is_ours = False
        if not is_ours:
            kept.append(line)
    return "\n".join(kept).rstrip()


def _words(error: RunError) -> str:
    name = error.type.rpartition(":")[2]
    return f"{name}: {error.message}" if error.message else name


def run_object(run: Run, value: object, events: list[Event]) -> dict[str, Any]:
    """Return a run as one JSON object."""
    if value is None and run.result is not None:
        value = decode_value(run.result)
    return {
        "run_id": run.run_id,
        "flow": {"name": run.flow_name, "version": run.flow_version, "digest": run.flow_digest},
        "status": run.status.value,
        "result": None if value is None else to_json(value),
        "error": None if run.error is None else msgspec.to_builtins(run.error),
        "started_at_ms": run.started_at_ms,
        "finished_at_ms": run.finished_at_ms,
        "target": run.target,
        "actor": run.actor,
        "host": run.host,
        "product_version": run.product_version,
        "steps": steps_of(events),
        "artifacts": artifacts_of(events),
    }


def artifacts_of(events: list[Event]) -> list[dict[str, Any]]:
    """Return what is known of each artifact, in the order they were kept."""
    return [
        {"position": event.position, **event.data}
        for event in events
        if event.kind is EventKind.ARTIFACT
    ]


def steps_of(events: list[Event]) -> list[dict[str, Any]]:
    """Return each step by position: state, attempts, times, error."""
    steps: dict[str, dict[str, Any]] = {}
    for event in events:
        state = _STATES.get(event.kind)
        if state is None:
            continue
        step = steps.setdefault(
            event.position,
            {"position": event.position, "status": state, "attempts": 0, "started_at_ms": None},
        )
        step["status"] = state
        step["attempts"] = max(step["attempts"], event.attempt)
        if state == "running":
            step["started_at_ms"] = event.at_ms
        else:
            began = step["started_at_ms"]
            took = event.data.get("ms") if began is None else event.at_ms - began
            step["finished_at_ms"] = event.at_ms
            step["duration_ms"] = took
        if event.error is not None:
            step["error"] = msgspec.to_builtins(event.error)
        elif state == "succeeded":
            step.pop("error", None)
    return list(steps.values())


def shown(value: object) -> str:
    """Return a result as text: a text as it is, anything else as JSON."""
    if isinstance(value, str):
        return value
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()


def duration(run: Run) -> str:
    """Return how long a run took, in words."""
    if run.started_at_ms is None or run.finished_at_ms is None:
        return "no time"
    seconds = (run.finished_at_ms - run.started_at_ms) / 1000
    return f"{seconds:.2f} s" if seconds < 60 else f"{seconds / 60:.1f} min"
