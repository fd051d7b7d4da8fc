"""The entry point of `flows`: finds the command, imports only that one, and runs it."""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence

from latticeflow.cli.command_table import COMMANDS

USAGE = "usage: flows COMMAND [ARGUMENT…]"


NEW_OBJECTS_PER_COLLECTION = 50_000


def main(argv: Sequence[str] | None = None) -> int:
    """Run `flows` with the given arguments and return its exit code.

    0 is good, 1 a failed run or errors found, 2 a wrong use, 130 an interruption. Without `argv`
    this process is taken to be for the command alone.
    """
    if argv is not None:
        return _run(list(argv))
    # Nearly all that a start makes is modules and types, which live until the end: with Python's
    # default of 700 objects the collector goes over them a hundred times and finds nothing.
    gc.set_threshold(NEW_OBJECTS_PER_COLLECTION)
    try:
        return _run(sys.argv[1:])
    finally:
        # Nor is there anything to gain from collecting what the end of the process frees.
        gc.freeze()


def _run(arguments: list[str]) -> int:
    if arguments[:1] in (["--version"], ["-V"]):
        sys.stdout.write(f"flows {version()}\n")
        return 0
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        (sys.stdout if arguments else sys.stderr).write(overview())
        return 0 if arguments else 2
    from latticeflow.cli.dispatch import dispatch

    return dispatch(arguments)


def version() -> str:
    """Return the version of the package."""
    return str(sys.modules["latticeflow"].__version__)


def overview() -> str:
    """Return the list of commands."""
    width = max(map(len, COMMANDS))
    lines = [USAGE, "", "commands:"]
    lines += [f"  {name:<{width}}  {what}" for name, what in COMMANDS.items()]
    lines += ["", "`flows COMMAND --help` tells more about one."]
    return "\n".join(lines) + "\n"
