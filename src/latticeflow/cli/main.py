"""The entry point of `flows`: finds the command, imports only that one, and runs it."""

from __future__ import annotations

import sys
from collections.abc import Sequence

COMMANDS = {
    "init": "write a first workflow",
    "check": "judge flows without running them",
    "graph": "print the graph of a flow",
    "plan": "tell what a run would do",
    "run": "run a flow",
    "runs": "list runs",
    "show": "show one run",
    "logs": "print what a run's steps wrote",
    "cancel": "cancel a run",
    "resume": "go on with a run that was interrupted",
    "retry": "run again what failed",
    "gc": "remove old runs and what belongs to them",
    "explain": "explain a code",
    "config": "show the configuration and where it comes from",
    "self-test": "check that this installation works",
    "completion": "print a completion script for a shell",
}

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
