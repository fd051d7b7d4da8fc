"""Explain a code: what it means, what to do."""

from __future__ import annotations

import argparse

from latticeflow.cli.output import Output
from latticeflow.diagnostics import UsageError, all_codes, did_you_mean, explain, report


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `flows explain`."""
    parser.add_argument("code", help="a code such as DAG200")


def run(options: argparse.Namespace, output: Output) -> int:
    """Print the explanation of a code."""
    code = options.code.upper()
    if code not in all_codes():
        suggestion = did_you_mean(code, all_codes())
        found = report("CLI008", given=options.code, suggestion=suggestion)
        raise UsageError(diagnostics=(found,))
    output.line(explain(code).rstrip())
    return 0
