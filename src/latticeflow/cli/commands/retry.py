"""Run again what failed, as a new run that takes over what succeeded.

With --from STEP that step and all that follows from it run again, whatever came of them before.
"""

from __future__ import annotations

import argparse
import asyncio

from latticeflow.cli.following import INTERRUPTED, follow
from latticeflow.cli.opening import add_run, find_run, open_client, where_it_ran
from latticeflow.cli.output import Output
from latticeflow.cli.progress import make_progress
from latticeflow.cli.reporting import report_run


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `flows retry`."""
    add_run(parser)
    parser.add_argument("--from", dest="step", metavar="STEP", help="run again from this step")
    parser.add_argument(
        "--accept-code", action="store_true", help="go on although code has changed since"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(options: argparse.Namespace, output: Output) -> int:
    """Start the new run and wait for its end."""
    return asyncio.run(_retry(options, output))


async def _retry(options: argparse.Namespace, output: Output) -> int:
    async with open_client(options) as client:
        old = await find_run(client, options.run_id)
        progress = make_progress(output, f"{old.flow_name} {old.flow_version}")
        with where_it_ran(old):
            handle = await client.retry(
                old.run_id,
                from_step=options.step,
                accept_code=options.accept_code,
                observer=progress,
            )
            result, interrupted = await follow(handle, progress)
        code = await report_run(client.store, result, output)
    return INTERRUPTED if interrupted else code
