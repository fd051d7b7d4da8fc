"""Print the graph of a flow, as JSON (the whole flow), DOT, Mermaid or text."""

from __future__ import annotations

import argparse

from latticeflow.cli.output import Output
from latticeflow.cli.preparing import show_warnings
from latticeflow.diagnostics import CheckError, Severity
from latticeflow.flow.export import render_dot, render_mermaid, render_tree
from latticeflow.flow.identity import encode_flow
from latticeflow.flow.model import Flow
from latticeflow.hosts.local import judge, read_target

FORMATS = ("text", "json", "dot", "mermaid")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `flows graph`."""
    parser.add_argument("target", metavar="TARGET", help="the flow")
    parser.add_argument("--format", choices=FORMATS, default="text", help="how to print it")
    parser.add_argument(
        "--json", action="store_const", const="json", dest="format", help="as --format json"
    )


def run(options: argparse.Namespace, output: Output) -> int:
    """Print the graph."""
    flow = _graph(options.target, output)
    if options.format == "json":
        output.line(encode_flow(flow).decode())
    else:
        render = {"dot": render_dot, "mermaid": render_mermaid, "text": render_tree}
        output.out.write(render[options.format](flow))
    return 0


def _graph(target: str, output: Output) -> Flow:
    """Return the graph of a target, also if it is only that this host does not run it."""
    checked = judge(read_target(target), target=target)
    output.files.update(checked.files)
    errors = [each for each in checked.diagnostics if each.severity is Severity.ERROR]
    unsupported = [each for each in errors if each.code == "CTRL901"]
    if checked.flow is None or len(unsupported) < len(errors):
        raise CheckError(diagnostics=checked.diagnostics)
    show_warnings(checked.diagnostics, output)
    if unsupported:
        output.note(f"drawn, but not run here: `flows check {target}` tells why")
    return checked.flow
