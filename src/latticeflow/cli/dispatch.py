"""From arguments to a command, and from whatever it raises to an exit code."""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import NoReturn, Protocol, cast

from latticeflow.cli.command_table import COMMANDS
from latticeflow.cli.output import Output
from latticeflow.diagnostics import (
    DOCS_ROOT,
    Diagnostic,
    LatticeFlowError,
    Severity,
    UsageError,
    did_you_mean,
    lookup,
    report,
)
from latticeflow.runs import StoreError

GOOD, FAILED, WRONG_USE, INTERRUPTED = 0, 1, 2, 130


class Command(Protocol):
    """What a module of `cli.commands` offers."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the command's arguments."""

    def run(self, options: argparse.Namespace, output: Output) -> int:
        """Do it and return the exit code."""


class Parser(argparse.ArgumentParser):
    """A parser whose errors are diagnostics."""

    def error(self, message: str) -> NoReturn:
        """Refuse the arguments.

        Raises:
            UsageError: always (CLI010).
        """
        found = report(
            "CLI010",
            option=self.prog,
            why=message,
            hint=f"`{self.prog} --help` shows how it is used",
        )
        raise UsageError(diagnostics=(found,))


class HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """Writes help as argparse does.

    argparse makes a formatter for every argument that is declared, and finds its width by a module
    that imports the compression libraries: every command would pay for what few ask for.
    """

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=_columns() - 2)


def _columns() -> int:
    """Return the width of the terminal, as `shutil.get_terminal_size` finds it."""
    try:
        return int(os.environ["COLUMNS"]) or 80
    except (KeyError, ValueError):
        pass
    try:
        return os.get_terminal_size(sys.__stdout__.fileno()).columns or 80  # type: ignore[union-attr]
    except (AttributeError, ValueError, OSError):
        return 80


def dispatch(arguments: Sequence[str]) -> int:
    """Run the command that `arguments` name."""
    output = Output.for_streams(arguments)
    try:
        name, rest = _command_first(arguments)
        if name not in COMMANDS:
            suggestion = did_you_mean(name, COMMANDS)
            found = report("CLI010", option=name, why=f"there is no such command{suggestion}")
            raise UsageError(diagnostics=(found,))
        command = load(name)
        options = parser_of(name, command).parse_args(rest)
        output.configure(options)
        code = command.run(options, output)
        output.out.flush()
        return code
    except UsageError as error:
        output.show_error(error)
        return WRONG_USE
    except LatticeFlowError as error:
        output.show_error(error)
        return FAILED
    except StoreError as error:
        found = Diagnostic(
            error.code,
            Severity.ERROR,
            str(error),
            hint=lookup(error.code).hint,
            url=f"{DOCS_ROOT}{error.code}",
        )
        output.show((found,))
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has enough; there is nobody left to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return GOOD
    except SystemExit as exit_:
        return exit_.code if isinstance(exit_.code, int) else WRONG_USE
    except Exception:  # noqa: BLE001  (a defect: the user gets one line, the file the rest)
        return _internal_error(output)


def _command_first(arguments: Sequence[str]) -> tuple[str, list[str]]:
    """Return the command and its arguments; options may stand before it too."""
    before: list[str] = []
    rest = list(arguments)
    while rest and rest[0].startswith("-"):
        before.append(rest.pop(0))
        if before[-1] in ("--color", "--store") and rest:
            before.append(rest.pop(0))
    if not rest:
        found = report("CLI010", option=" ".join(before), why="a command is missing")
        raise UsageError(diagnostics=(found,))
    return rest[0], before + rest[1:]


def load(name: str) -> Command:
    """Import the module of a command."""
    module = import_module(f"latticeflow.cli.commands.{name.replace('-', '_')}")
    return cast("Command", module)


def parser_of(name: str, command: Command) -> Parser:
    """Return the parser of a command, with the options all commands share."""
    parser = Parser(
        prog=f"flows {name}",
        description=getattr(command, "__doc__", None),
        formatter_class=HelpFormatter,
    )
    command.add_arguments(parser)
    shared = parser.add_argument_group("output")
    shared.add_argument(
        "--color",
        choices=("auto", "always", "never"),
        help="when to use colours (default: on a terminal)",
    )
    shared.add_argument(
        "--verbose", action="store_true", help="print what is only for information too"
    )
    shared.add_argument("--quiet", action="store_true", help="print only results and errors")
    return parser


def _internal_error(output: Output) -> int:
    text = traceback.format_exc()
    if os.environ.get("FLOWS_DEBUG"):
        sys.stderr.write(text)
        return FAILED
    folder = Path(".flows")
    try:
        folder.mkdir(exist_ok=True)
        place = folder / "internal-error.txt"
        place.write_text(text)
        where = f"the details are in {place}"
    except OSError:
        where = "FLOWS_DEBUG=1 shows the details"
    last = text.strip().splitlines()[-1]
    output.error_line(f"internal error: {last}\nThis is a defect of flows, not yours; {where}.")
    return FAILED
