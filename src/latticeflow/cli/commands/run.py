"""Run a flow and print what it returns.

On a terminal a live tree shows the steps; in a pipe each event is a line on standard error, and
the result alone is written to standard output. With --json one object is written.
"""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path
from typing import Any

from latticeflow.bindings import read_config
from latticeflow.cli.following import INTERRUPTED, follow
from latticeflow.cli.output import Output
from latticeflow.cli.preparing import count, given_inputs, prepared_target, seconds_of
from latticeflow.cli.progress import make_progress
from latticeflow.cli.reporting import report_run
from latticeflow.hosts.local import Client, Prepared
from latticeflow.hosts.local.arguments import decode_arguments


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `flows run`."""
    parser.add_argument("target", metavar="TARGET", help="the flow")
    parser.add_argument("--input", metavar="JSON", help="its inputs: JSON, @file or - (stdin)")
    parser.add_argument(
        "--param", action="append", default=[], metavar="NAME=VALUE", help="one input"
    )
    parser.add_argument("--store", metavar="URL", help="where runs are kept")
    parser.add_argument(
        "--durability", choices=("strong", "partial", "off"), help="when steps are committed"
    )
    parser.add_argument("--parallel", type=count, metavar="N", help="how many steps at once")
    parser.add_argument("--timeout", metavar="TIME", help="cancel the run after it, such as 30s")
    parser.add_argument(
        "--run-id", metavar="ID", help="an id of your own: a second start is a no-op"
    )
    parser.add_argument("--strict", action="store_true", help="count warnings as errors")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(options: argparse.Namespace, output: Output) -> int:
    """Run the target to its end."""
    prepared = prepared_target(options.target, output, strict=options.strict)
    arguments = decode_arguments(prepared, given_inputs(options, prepared))
    return asyncio.run(_run(options, output, prepared, arguments))


async def _run(
    options: argparse.Namespace, output: Output, prepared: Prepared, arguments: dict[str, Any]
) -> int:
    config = read_config()
    store = options.store or config["store"]
    progress = make_progress(output, f"{prepared.flow.name} {prepared.flow.version}")
    timeout = None if options.timeout is None else seconds_of("--timeout", options.timeout)
    durability = options.durability or config["durability"]
    async with Client(store, durability=durability) as client:
        handle = await client.start(
            prepared,
            *(arguments[name] for name in prepared.flow.inputs),
            run_id=options.run_id,
            deadline=timeout,
            max_parallel=options.parallel or config["parallel"],
            observer=progress,
            options={"cwd": str(Path.cwd())},
        )
        result, interrupted = await follow(handle, progress)
        code = await report_run(client.store, result, output)
    return INTERRUPTED if interrupted else code
