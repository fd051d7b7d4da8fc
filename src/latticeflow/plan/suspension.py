"""Whether a coroutine function can suspend, read off its code."""

from __future__ import annotations

import dis
import inspect
from collections.abc import Callable
from typing import Any

_SEND = dis.opmap["SEND"]


def never_suspends(call: Callable[..., Any]) -> bool:
    """Tell whether `call` is a coroutine function without any `await`.

    Such a coroutine ends with its first `send`, so it can be stepped by hand: it meets nothing
    that looks for the task it runs in. Every waiting construct compiles to the opcode `SEND`.
    """
    if not inspect.isfunction(call) or not inspect.iscoroutinefunction(call):
        return False
    return _SEND not in call.__code__.co_code[::2]
