"""What commands about runs do first: open the store and find the run that is meant."""

from __future__ import annotations

import argparse
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, chdir, contextmanager
from pathlib import Path

from latticeflow.bindings import read_config
from latticeflow.diagnostics import UsageError, report
from latticeflow.hosts.local import Client
from latticeflow.runs import Run, RunFilter

_ALL = 1_000_000
_SHOWN_CHOICES = 5


def add_store(parser: argparse.ArgumentParser) -> None:
    """Declare `--store`."""
    parser.add_argument("--store", metavar="URL", help="where runs are kept")


def add_run(parser: argparse.ArgumentParser) -> None:
    """Declare the argument that names a run, and `--store`."""
    parser.add_argument(
        "run_id", metavar="RUN", help="its id, the beginning of one, or `last` for the newest"
    )
    add_store(parser)


@asynccontextmanager
async def open_client(options: argparse.Namespace) -> AsyncIterator[Client]:
    """Give a client on the store that the options or the configuration name."""
    # Absolute: who goes on with a run works where the run did.
    url = absolute(options.store or read_config()["store"])
    if not _is_there(url):
        url = "memory:"  # looking for runs makes no store
    async with Client(url) as client:
        yield client


def absolute(url: str) -> str:
    """Return the URL of a store that means the same in every working directory."""
    path, mark, options = url.partition("?")
    for prefix in ("sqlite:///", "sqlite:"):
        if path.startswith(prefix):
            place = path.removeprefix(prefix)
            return f"sqlite:///{Path.cwd() / place}{mark}{options}" if place else url
    return url


@contextmanager
def where_it_ran(run: Run) -> Iterator[None]:
    """Work in the directory that a run was started in, if it is still there."""
    place = run.options.get("cwd")
    if isinstance(place, str) and Path(place).is_dir():
        with chdir(place):
            yield
    else:
        yield


def _is_there(url: str) -> bool:
    if not url.startswith("sqlite:"):
        return True
    path = url.removeprefix("sqlite:").partition("?")[0]
    return Path(path.removeprefix("///")).exists()


async def find_run(client: Client, given: str) -> Run:
    """Return the run that `given` means.

    Raises:
        UsageError: none or several begin so (CLI007).
    """
    run = await client.store.get(given)
    if run is not None:
        return run
    if given == "last":
        newest = await client.runs(RunFilter(limit=1))
        if newest:
            return newest[0]
    matching = [
        each for each in await client.runs(RunFilter(limit=_ALL)) if each.run_id.startswith(given)
    ]
    if len(matching) == 1:
        return matching[0]
    hint = "`flows runs` lists them"
    if matching:
        names = ", ".join(each.run_id for each in matching[:_SHOWN_CHOICES])
        hint = f"{len(matching)} runs begin so: {names}"
    raise UsageError(diagnostics=(report("CLI007", run=given, hint=hint),))
