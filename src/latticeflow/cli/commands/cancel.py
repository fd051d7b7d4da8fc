"""Cancel a run, also one that another process drives."""

from __future__ import annotations

import argparse
import asyncio

from latticeflow.cli.opening import add_run, find_run, open_client
from latticeflow.cli.output import Output
from latticeflow.diagnostics import UsageError, report


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `flows cancel`."""
    add_run(parser)


def run(options: argparse.Namespace, output: Output) -> int:
    """Ask for the cancellation."""
    return asyncio.run(_cancel(options, output))


async def _cancel(options: argparse.Namespace, output: Output) -> int:
    async with open_client(options) as client:
        found = await find_run(client, options.run_id)
        if not await client.store.request_cancel(found.run_id):
            hint = "only a run that has not ended can be cancelled"
            given = report("RUN106", run=found.run_id, status=found.status.value, hint=hint)
            raise UsageError(diagnostics=(given,))
        if await client.store.is_live(found):
            output.note(f"run {found.run_id} is asked to stop")
        else:
            output.note(f"run {found.run_id} stops when it is resumed; no process drives it now")
    return 0
