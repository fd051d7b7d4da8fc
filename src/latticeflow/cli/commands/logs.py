"""Print what the steps of a run wrote; with -f also what they write until the run ends."""

from __future__ import annotations

import argparse
import asyncio

from latticeflow.cli.opening import add_run, find_run, open_client
from latticeflow.cli.output import Output
from latticeflow.hosts.local import Client
from latticeflow.runs import TERMINAL, LogLine, RunStatus

_POLL_SECONDS = 0.2
_PAGE = 1000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `flows logs`."""
    add_run(parser)
    parser.add_argument("-f", "--follow", action="store_true", help="go on until the run ends")
    parser.add_argument("--step", metavar="STEP", help="only what this step wrote")
    parser.add_argument("--json", action="store_true", help="print a JSON object a line")


def run(options: argparse.Namespace, output: Output) -> int:
    """Print the lines."""
    return asyncio.run(_logs(options, output))


async def _logs(options: argparse.Namespace, output: Output) -> int:
    async with open_client(options) as client:
        run_id = (await find_run(client, options.run_id)).run_id
        after = 0
        while True:
            # Asked before reading: what was written until then is surely among the lines.
            is_over = not options.follow or await _is_over(client, run_id)
            after = await _print(client, run_id, after, options, output)
            if is_over:
                return 0
            await asyncio.sleep(_POLL_SECONDS)


async def _print(
    client: Client, run_id: str, after: int, options: argparse.Namespace, output: Output
) -> int:
    while lines := await client.store.logs(run_id, after, _PAGE):
        after = lines[-1].seq
        for line in lines:
            if options.step is None or _is_of(line, options.step):
                _write(line, output)
        output.out.flush()
    return after


def _is_of(line: LogLine, step: str) -> bool:
    return line.position == step or line.position.startswith((f"{step}/", f"{step}["))


def _write(line: LogLine, output: Output) -> None:
    if output.is_json:
        output.json_line(line)
    else:
        output.line(f"{line.position}: {line.text}")


async def _is_over(client: Client, run_id: str) -> bool:
    run = await client.store.get(run_id)
    return run is None or run.status in TERMINAL or run.status is RunStatus.PARKED
