"""The entry point of `flows`: finds the command, imports only that one, and runs it."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from latticeflow.cli.command_table import COMMANDS

USAGE = "usage: flows COMMAND [ARGUMENT…]"


def main(argv: Sequence[str] | None = None) -> int:
    """Run `flows` with the given arguments and return its exit code.

    0 is good, 1 a failed run or errors found, 2 a wrong use, 130 an interruption.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
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
