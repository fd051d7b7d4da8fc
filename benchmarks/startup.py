"""How long a person waits before anything happens: whole processes, from outside."""

import os
import resource
import subprocess
import time
from pathlib import Path
from typing import NamedTuple

ONE_NODE = '''\
"""A flow of one step."""

from latticeflow import flow, node


@node
def double(number: int) -> int:
    """Twice the number."""
    return 2 * number


@flow
def doubled(number: int = 21) -> int:
    """One step."""
    return double(number)
'''


def commands(python: Path, folder: Path) -> dict[str, list[str]]:
    """Return what is started, by the name it is reported under."""
    target = folder / "one_node.py"
    target.write_text(ONE_NODE, encoding="utf-8")
    flows = str(python.with_name("flows"))
    return {
        "bare interpreter": [str(python), "-c", "pass"],
        "import latticeflow": [str(python), "-c", "import latticeflow"],
        "flows --version": [flows, "--version"],
        "flows run, one node, no store": [flows, "run", str(target), "--store", "memory:"],
        "flows run, one node, SQLite": [flows, "run", str(target)],
    }


class Taken(NamedTuple):
    """What one process took, in seconds."""

    wall_s: float
    cpu_s: float


def once(command: list[str], folder: Path) -> Taken:
    """Run one process to its end.

    Raises:
        RuntimeError: it did not end with 0.
    """
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    done = subprocess.run(
        command,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": ""},
    )
    wall = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        last = (done.stderr or done.stdout).strip().splitlines()[-1:]
        raise RuntimeError(last[0] if last else f"exit code {done.returncode}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Taken(wall, cpu)
