"""The reference page of the command line, made from the parsers themselves."""

from __future__ import annotations

import argparse

from latticeflow.cli.command_table import COMMANDS
from latticeflow.cli.dispatch import load, parser_of

_HEAD = """\
# Command line

`flows COMMAND [ARGUMENT…]`. A TARGET is `file.py`, `file.py:flow`, `package.module:flow`,
`workflow.toml` or a Flow IR `.json`. Results are written to standard output, everything else to
standard error.

Exit codes: 0 good, 1 a run failed or errors were found, 2 wrong use, 130 interrupted.

Every command also takes `--color auto|always|never`, `--quiet` and `--verbose`; `NO_COLOR` is
honoured. Settings come from `[tool.latticeflow]` in `pyproject.toml` or from `flows.toml`, then
from `FLOWS_*` variables, then from options.
"""
_SHARED = frozenset({"--help", "--color", "--quiet", "--verbose"})


def command_reference() -> str:
    """Return the page, in Markdown."""
    return "\n".join([_HEAD, *(_command(name) for name in COMMANDS)])


def _command(name: str) -> str:
    command = load(name)
    parser = parser_of(name, command)
    lines = [f"## flows {name}", "", (parser.description or "").strip(), ""]
    rows = [row for action in parser._actions if (row := _row(action))]  # noqa: SLF001  (see 0007)
    if rows:
        lines += ["| argument | |", "|---|---|", *rows, ""]
    return "\n".join(lines)


def _row(action: argparse.Action) -> str | None:
    if _SHARED & set(action.option_strings):
        return None
    value = action.metavar or ("|".join(map(str, action.choices)) if action.choices else "")
    if not isinstance(value, str):
        value = " ".join(value)
    if action.option_strings:
        name = ", ".join(action.option_strings)
        text = f"{name} {value}".strip() if action.nargs != 0 else name
    else:
        text = value or action.dest.upper()
    return f"| `{text.replace('|', chr(92) + '|')}` | {action.help or ''} |"
