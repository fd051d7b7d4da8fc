"""Show one run: how it stands, its steps, its artifacts, who started what and when."""

from __future__ import annotations

import argparse
import asyncio
from datetime import datetime
from typing import Any

from latticeflow.cli.opening import add_run, find_run, open_client
from latticeflow.cli.output import Output
from latticeflow.cli.reporting import artifacts_of, duration, run_object, shown, steps_of
from latticeflow.runs import Event, Run, decode_value

_MARKS = {"succeeded": "✓", "failed": "✗", "skipped": "·", "cancelled": "-", "in_doubt": "?"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `flows show`."""
    add_run(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(options: argparse.Namespace, output: Output) -> int:
    """Print the run."""
    return asyncio.run(_show(options, output))


async def _show(options: argparse.Namespace, output: Output) -> int:
    async with open_client(options) as client:
        found = await find_run(client, options.run_id)
        events = await client.store.history(found.run_id)
    if output.is_json:
        output.json(run_object(found, None, events))
        return 0
    for name, value in _facts(found):
        output.line(f"{name:<10} {value}")
    _steps(steps_of(events), output)
    _artifacts(events, output)
    if found.result is not None and (value := decode_value(found.result)) is not None:
        output.line(f"\nresult\n{shown(value)}")
    return 0


def _facts(run: Run) -> list[tuple[str, str]]:
    facts = [
        ("run", run.run_id),
        ("flow", f"{run.flow_name} {run.flow_version} ({run.flow_digest[:19]})"),
        ("status", run.status.value),
        ("target", run.target or "none"),
        ("started", _moment(run.started_at_ms)),
        ("took", duration(run)),
        ("by", f"{run.actor or 'nobody known'} on {run.host or 'no host known'}"),
        ("with", f"latticeflow {run.product_version or 'unknown'}, {run.durability}"),
        ("input", run.arguments.decode()),
    ]
    if run.parent_run_id is not None:
        facts.append(("retries", run.parent_run_id))
    if run.error is not None:
        facts.append(("error", f"{run.error.type.rpartition(':')[2]}: {run.error.message}"))
    return facts


def _moment(at_ms: int | None) -> str:
    if at_ms is None:
        return "not yet"
    return f"{datetime.fromtimestamp(at_ms / 1000).astimezone():%Y-%m-%d %H:%M:%S %z}"


def _steps(steps: list[dict[str, Any]], output: Output) -> None:
    if steps:
        output.line("\nsteps")
    for step in steps:
        took = step.get("duration_ms")
        line = f"  {_MARKS.get(step['status'], '…')} {step['position']}  {step['status']}"
        if took is not None:
            line += f"  {took} ms"
        if step["attempts"] > 1:
            line += f"  {step['attempts']} attempts"
        output.line(line)
        if "error" in step:
            output.line(f"      {step['error']['message']}")


def _artifacts(events: list[Event], output: Output) -> None:
    artifacts = artifacts_of(events)
    if artifacts:
        output.line("\nartifacts")
    for each in artifacts:
        output.line(f"  {each['path']}  {each['size_bytes']} bytes  sha256:{each['sha256'][:12]}")
