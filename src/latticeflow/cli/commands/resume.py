"""Go on with a run whose process is gone, or that waits for a decision; --all takes every one."""

from __future__ import annotations

import argparse
import asyncio
import json

from latticeflow.cli.following import INTERRUPTED, follow
from latticeflow.cli.opening import add_store, find_run, open_client, where_it_ran
from latticeflow.cli.output import Output
from latticeflow.cli.progress import make_progress
from latticeflow.cli.reporting import report_run
from latticeflow.diagnostics import LatticeFlowError, UsageError, report
from latticeflow.hosts.local import Client
from latticeflow.runs import Run, RunFilter, RunStatus

_OPEN = frozenset({RunStatus.PENDING, RunStatus.RUNNING, RunStatus.WAITING})
_ALL = 1_000_000
_TAKEN = frozenset({"DAG-CKPT-007", "RUN106"})


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `flows resume`."""
    parser.add_argument("run_id", metavar="RUN", nargs="?", help="the run, or `last`")
    parser.add_argument("--all", action="store_true", help="every run that nobody drives")
    parser.add_argument(
        "--assume", choices=("done", "retry"), help="what to believe of effects in doubt"
    )
    parser.add_argument(
        "--value",
        metavar="JSON",
        help="what the step in doubt returned, with --assume done; null if not given",
    )
    parser.add_argument(
        "--accept-code", action="store_true", help="go on although code has changed since"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object a run")
    add_store(parser)


def run(options: argparse.Namespace, output: Output) -> int:
    """Resume the run or the runs."""
    if options.all == (options.run_id is not None):
        why = "name one run, or give --all"
        raise UsageError(diagnostics=(report("CLI010", option="flows resume", why=why),))
    if options.value is not None and (options.all or options.assume != "done"):
        why = "it is what a step of one run returned; it goes with --assume done, not with --all"
        raise UsageError(diagnostics=(report("CLI010", option="--value", why=why),))
    return asyncio.run(_resume(options, output))


async def _resume(options: argparse.Namespace, output: Output) -> int:
    async with open_client(options) as client:
        if not options.all:
            return await _one(client, await find_run(client, options.run_id), options, output)
        # A run that is parked needs a decision, so only --assume takes it up.
        statuses = _OPEN if options.assume is None else _OPEN | {RunStatus.PARKED}
        code = resumed = 0
        for each in reversed(await client.runs(RunFilter(statuses=statuses, limit=_ALL))):
            if await client.store.is_live(each):
                continue
            resumed += 1
            try:
                ended = await _one(client, each, options, output)
            except LatticeFlowError as error:
                if {found.code for found in error.diagnostics} & _TAKEN:
                    continue  # another process was quicker
                # One run that cannot go on keeps none of the others.
                output.show_error(error)
                ended = 1
            if ended == INTERRUPTED:
                return ended
            code = max(code, ended)
        if not resumed:
            output.note("nothing to resume")
        return code


async def _one(client: Client, run: Run, options: argparse.Namespace, output: Output) -> int:
    progress = make_progress(output, f"{run.flow_name} {run.flow_version}")
    with where_it_ran(run):
        handle = await client.resume(
            run.run_id,
            accept_code=options.accept_code,
            assume=options.assume,
            value=_value(options.value),
            observer=progress,
        )
        result, interrupted = await follow(handle, progress)
    code = await report_run(client.store, result, output)
    return INTERRUPTED if interrupted else code


def _value(text: str | None) -> object:
    try:
        return None if text is None else json.loads(text)
    except ValueError as exc:
        raise UsageError(
            diagnostics=(report("CLI010", option="--value", why=f"it is not JSON: {exc}"),)
        ) from exc
