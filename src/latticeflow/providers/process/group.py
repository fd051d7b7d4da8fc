"""Which process group belongs to an attempt, told so that a later process can end it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Final

import msgspec

TOKEN_VARIABLE: Final = "FLOWS_ATTEMPT_TOKEN"  # noqa: S105 - a name, and no secret
KILL_WITHIN_SECONDS: Final = 5.0

_PROC = Path("/proc")
_STARTED_FIELD = 19  # of what follows the command's name in /proc/PID/stat


class ProcessGroup(msgspec.Struct, frozen=True, kw_only=True):
    """What identifies a process group beyond its number, which may be reused.

    `started` is when its leader started, in the system's own words; `token` is in the environment
    of every process that descends from it, unless that process threw it away.
    """

    pgid: int
    started: str
    boot_id: str
    token: str


def identify(pgid: int, token: str) -> ProcessGroup:
    """Describe the group whose leader, `pgid`, is alive now."""
    return ProcessGroup(pgid=pgid, started=started_at(pgid) or "", boot_id=boot_id(), token=token)


def started_at(pid: int) -> str | None:
    """Return when a process started, as text that is equal only for the same process."""
    if sys.platform != "linux":
        return _run("ps", "-o", "lstart=", "-p", str(pid))
    fields = _stat(pid)
    return fields[_STARTED_FIELD].decode() if fields else None


@cache
def boot_id() -> str:
    """Return what names the time since this machine was started."""
    if sys.platform != "linux":
        return _run("sysctl", "-n", "kern.bootsessionuuid") or ""
    return (_PROC / "sys/kernel/random/boot_id").read_text().strip()


def kill_group(group: ProcessGroup) -> int:
    """Kill what is left of a group, and of what it started, and wait until it is gone.

    A process is killed only if it is known to be of this group: the leader by its start, any
    other by its token. So a number that was reused since harms nobody.

    Returns:
        How many processes were killed.

    Raises:
        TimeoutError: A process cannot be killed.
    """
    if group.boot_id != boot_id():
        return 0
    killed: set[int] = set()
    deadline = time.monotonic() + KILL_WITHIN_SECONDS
    while survivors := set(_survivors(group)):
        for pid in survivors:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        killed |= survivors
        if time.monotonic() > deadline:
            raise TimeoutError(f"process {min(survivors)} cannot be killed")
        time.sleep(0.005)
    return len(killed)


def _survivors(group: ProcessGroup) -> Iterator[int]:
    if _is_leader_alive(group):
        yield group.pgid
    if sys.platform != "linux":
        return
    mark = f"{TOKEN_VARIABLE}={group.token}".encode()
    for entry in os.scandir(_PROC):
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                environment = Path(entry.path, "environ").read_bytes()
            except OSError:  # gone meanwhile, or another user's
                continue
            if mark in environment.split(b"\0"):
                yield int(entry.name)


def _is_leader_alive(group: ProcessGroup) -> bool:
    if not group.started or started_at(group.pgid) != group.started:
        return False
    if sys.platform != "linux":
        return True
    # A zombie is dead; it waits for its parent only.
    return _stat(group.pgid)[:1] not in ([b"Z"], [b"X"], [])


def _stat(pid: int) -> list[bytes]:
    """Return the fields of /proc/PID/stat after the command's name; none if it is gone."""
    try:
        return (_PROC / str(pid) / "stat").read_bytes().rpartition(b")")[2].split()
    except OSError:
        return []


def _run(*command: str) -> str | None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() or None
