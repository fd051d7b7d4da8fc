"""Processes that do not outlive the one that started them."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1


def dies_with_parent(parent: int) -> Callable[[], None]:
    """Return a function by which a new process binds its life to `parent`'s.

    Call it in the child, before anything else: once the parent is gone, however it ended, the
    kernel kills the child. It holds through `exec`. Only Linux can do that; elsewhere the function
    does nothing. To be precise, the child lives as long as the *thread* that started it.

    Args:
        parent: The process id of the parent.
    """
    if sys.platform != "linux":
        return _nothing
    # Looked up here, in the parent: a child between fork and exec should do as little as it can.
    import ctypes  # noqa: PLC0415  (most runs start no process)

    prctl = ctypes.CDLL(None, use_errno=True).prctl
    getppid, kill, getpid = os.getppid, os.kill, os.getpid
    deadly = int(signal.SIGKILL)

    def bind() -> None:
        prctl(_PR_SET_PDEATHSIG, deadly, 0, 0, 0)
        if getppid() != parent:  # it died before the line above
            kill(getpid(), deadly)

    return bind


def _nothing() -> None:
    return
