"""Remove runs and artifacts that have been kept long enough.

Without options only what has outlived the retention that its own workflow declares goes.
"""

from __future__ import annotations

import argparse
import asyncio

from latticeflow.cli.opening import add_store, open_client
from latticeflow.cli.output import Output
from latticeflow.cli.preparing import seconds_of
from latticeflow.diagnostics import UsageError, report
from latticeflow.hosts.local.artifacts import FOLDER
from latticeflow.hosts.local.cleaning import clean, plan_cleaning


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `flows gc`."""
    parser.add_argument("--older-than", metavar="TIME", help="runs that ended longer ago: 30d")
    parser.add_argument("--keep", type=int, metavar="N", help="the newest N runs stay")
    parser.add_argument("--dry-run", action="store_true", help="only tell what would go")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    add_store(parser)


def run(options: argparse.Namespace, output: Output) -> int:
    """Clean the store."""
    older_than_ms = None
    if options.older_than is not None:
        older_than_ms = int(seconds_of("--older-than", options.older_than) * 1000)
    if options.keep is not None and options.keep < 0:
        why = "it is a whole number from 0"
        raise UsageError(diagnostics=(report("CLI010", option="--keep", why=why),))
    return asyncio.run(_clean(options, output, older_than_ms))


async def _clean(options: argparse.Namespace, output: Output, older_than_ms: int | None) -> int:
    async with open_client(options) as client:
        folder = None if client.folder is None else client.folder / FOLDER
        cleaning = await plan_cleaning(
            client.store, folder, older_than_ms=older_than_ms, keep=options.keep
        )
        if not options.dry_run:
            await clean(client.store, cleaning)
    if output.is_json:
        output.json(
            {
                "dry_run": options.dry_run,
                "runs": list(cleaning.run_ids),
                "artifacts": [str(path) for path in cleaning.artifacts],
                "size_bytes": cleaning.size_bytes,
            }
        )
        return 0
    word = "would remove" if options.dry_run else "removed"
    for run_id in cleaning.run_ids if options.dry_run else ():
        output.line(run_id)
    output.note(
        f"{word} {len(cleaning.run_ids)} runs and {len(cleaning.artifacts)} artifacts"
        f" ({cleaning.size_bytes} bytes)"
    )
    return 0
