"""Who this process is, so that a run can say who drives it."""

from __future__ import annotations

import functools
import os
import socket
import time
from pathlib import Path

from latticeflow.runs import Owner

_STAT_START_TIME = 19  # field 22 of proc(5)'s stat, counted behind the command's closing bracket


def this_process() -> Owner:
    """Return the identity of the calling process, with fence 0.

    Two processes never share one: a pid is only used again after a reboot (another boot id) or
    with another start time. A forked child is another process than its parent.
    """
    return _identify(os.getpid())


@functools.cache
def _identify(pid: int) -> Owner:
    return Owner(
        boot_id=_boot_id(),
        pid=pid,
        process_started=_started(),
        host=socket.gethostname(),
    )


def _boot_id() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""  # the start time below tells processes of different boots apart


def _started() -> str:
    try:
        stat = Path("/proc/self/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        # No /proc: the moment of the first question is as good, for it is only ever compared.
        return f"at-{time.time_ns()}"
    return stat.rpartition(")")[2].split()[_STAT_START_TIME]
