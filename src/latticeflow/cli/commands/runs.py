"""List runs, newest first."""

from __future__ import annotations

import argparse
import asyncio
import time
from datetime import UTC, datetime

from latticeflow.authoring.dsl import parse_duration
from latticeflow.cli.opening import add_store, open_client
from latticeflow.cli.output import Output
from latticeflow.cli.preparing import count
from latticeflow.cli.reporting import duration
from latticeflow.diagnostics import UsageError, report
from latticeflow.runs import Run, RunFilter, RunStatus


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `flows runs`."""
    parser.add_argument("--flow", metavar="NAME", help="only runs of this flow")
    parser.add_argument(
        "--status",
        action="append",
        default=[],
        choices=[status.value for status in RunStatus],
        help="only runs in this state; may be given several times",
    )
    parser.add_argument("--since", metavar="TIME", help="only later ones: 2h, or 2026-01-31")
    parser.add_argument("--limit", type=count, default=20, metavar="N", help="how many (20)")
    parser.add_argument("--json", action="store_true", help="print a JSON list")
    add_store(parser)


def run(options: argparse.Namespace, output: Output) -> int:
    """Print the runs."""
    which = RunFilter(
        flow_name=options.flow,
        statuses=frozenset(RunStatus(name) for name in options.status),
        created_after_ms=None if options.since is None else since_ms(options.since),
        limit=options.limit,
    )
    return asyncio.run(_list(options, output, which))


async def _list(options: argparse.Namespace, output: Output, which: RunFilter) -> int:
    async with open_client(options) as client:
        found = await client.runs(which)
    if output.is_json:
        output.json([_object(each) for each in found])
    elif found:
        rows = [("RUN", "FLOW", "STATUS", "CREATED", "TOOK"), *map(_row, found)]
        widths = [max(len(row[column]) for row in rows) for column in range(5)]
        for row in rows:
            cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            output.line("  ".join(cells).rstrip())
    else:
        output.note("no runs")
    return 0


def _row(run: Run) -> tuple[str, ...]:
    created = datetime.fromtimestamp(run.created_at_ms / 1000).astimezone()
    took = "" if run.finished_at_ms is None else duration(run)
    flow = f"{run.flow_name} {run.flow_version}"
    return run.run_id, flow, run.status.value, f"{created:%Y-%m-%d %H:%M:%S}", took


def _object(run: Run) -> dict[str, object]:
    return {
        "run_id": run.run_id,
        "flow": run.flow_name,
        "version": run.flow_version,
        "status": run.status.value,
        "created_at_ms": run.created_at_ms,
        "started_at_ms": run.started_at_ms,
        "finished_at_ms": run.finished_at_ms,
        "parent_run_id": run.parent_run_id,
    }


def since_ms(text: str) -> int:
    """Return the time that `text` means: so long ago, or a date.

    Raises:
        UsageError: it is neither (CLI010).
    """
    try:
        return int(time.time() * 1000 - parse_duration(text).total_seconds() * 1000)
    except (ValueError, TypeError):
        pass
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as exc:
        why = "write a time such as 2h, or a date such as 2026-01-31"
        raise UsageError(diagnostics=(report("CLI010", option="--since", why=why),)) from exc
    local = moment if moment.tzinfo is not None else moment.astimezone()
    return int(local.astimezone(UTC).timestamp() * 1000)
