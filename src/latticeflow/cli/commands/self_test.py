"""Check that this installation works: judge, run, kill the run, resume it, read the store.

Everything happens in a temporary folder, which is gone afterwards.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from latticeflow.cli.output import Output
from latticeflow.hosts.local import Client, Prepared, judge, read_target
from latticeflow.runs import EventKind, RunStatus

_GOOD = """\
id = "self_test"

[steps.first]
run = "echo ran >> first.txt; echo first"

[steps.second]
needs = ["first"]
run = "touch begun; test -e go || sleep 600"

[outputs]
text = "${{ steps.first.stdout }}"
"""
_WAIT_SECONDS = 60
_POLL_SECONDS = 0.05
_BAD = _GOOD.replace('needs = ["first"]', 'needs = ["nobody"]')


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `flows self-test`."""
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(options: argparse.Namespace, output: Output) -> int:
    """Do every check, also after one has failed."""
    del options  # there are none of its own
    with tempfile.TemporaryDirectory(prefix="flows-self-test-") as folder:
        results = asyncio.run(_all(Path(folder), output))
    good = all(problem is None for _, problem in results)
    if output.is_json:
        checks = [{"check": name, "problem": problem} for name, problem in results]
        output.json({"status": "ok" if good else "failed", "checks": checks})
    else:
        output.line("everything works" if good else "this installation does not work")
    return 0 if good else 1


async def _all(folder: Path, output: Output) -> list[tuple[str, str | None]]:
    checks: dict[str, Callable[[Path], Awaitable[str | None]]] = {
        "a wrong workflow is refused": _refuses,
        "a run that was killed goes on where it was": _survives,
        "the store is whole": _reads_store,
    }
    results: list[tuple[str, str | None]] = []
    for name, check in checks.items():
        try:
            problem = await check(folder)
        except Exception as exc:  # noqa: BLE001  (whatever it is, it is the finding)
            problem = f"{type(exc).__name__}: {exc}"
        results.append((name, problem))
        if not output.is_json:
            output.line(f"{'ok    ' if problem is None else 'FAILED'} {name}")
            if problem is not None:
                output.line(f"       {problem}")
    return results


def _store(folder: Path) -> str:
    return f"sqlite:///{folder / 'runs.db'}"


def _read(folder: Path, text: str) -> Prepared | None:
    file = folder / "workflow.toml"
    # Steps work in the temporary folder, whatever the working directory of the command is.
    file.write_text(text.replace('run = "', f'run = "cd {folder}; '), encoding="utf-8")
    return judge(read_target(str(file), root=folder), target=str(file)).prepared


async def _refuses(folder: Path) -> str | None:
    return None if _read(folder, _BAD) is None else "a step that waits for nobody was accepted"


async def _survives(folder: Path) -> str | None:
    prepared = _read(folder, _GOOD)
    if prepared is None:
        return "a good workflow was refused"
    await _run_and_kill(folder)
    (folder / "go").touch()
    async with Client(_store(folder)) as client:
        result = await (await client.resume("killed", flow=prepared)).wait()
    if result.status is not RunStatus.SUCCEEDED:
        return f"the resumed run is {result.status.value}"
    if (folder / "first.txt").read_text(encoding="utf-8") != "ran\n":
        return "a step that was committed ran again"
    return None


async def _run_and_kill(folder: Path) -> None:
    """Start the workflow in a process of its own and kill that within the second step."""
    code = "import sys; from latticeflow.cli import main; sys.exit(main())"
    workflow = str(folder / "workflow.toml")
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", code, "run", workflow, "--run-id", "killed", "--quiet"),
        *("--store", _store(folder)),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(_WAIT_SECONDS):
            # The other process can only be watched from outside.
            while not (folder / "begun").exists() and child.returncode is None:  # noqa: ASYNC110
                await asyncio.sleep(_POLL_SECONDS)
    finally:
        if child.returncode is None:
            child.kill()
        await child.wait()


async def _reads_store(folder: Path) -> str | None:
    async with Client(_store(folder)) as client:
        run = await client.store.get("killed")
        events = await client.store.history("killed")
    if run is None:
        return "the run is not there"
    if [event.seq for event in events] != list(range(1, len(events) + 1)):
        return "the history of the run has gaps"
    if run.status is not RunStatus.SUCCEEDED or events[-1].kind is not EventKind.RUN_COMPLETED:
        return "the history does not end as the run did"
    return None
