"""Print the graph of a flow, as JSON (the whole flow), DOT, Mermaid or text."""

from __future__ import annotations

import argparse

from latticeflow.cli.output import Output
from latticeflow.cli.preparing import prepared_target
from latticeflow.flow.export import render_dot, render_mermaid, render_tree
from latticeflow.flow.identity import encode_flow

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
    flow = prepared_target(options.target, output).flow
    if options.format == "json":
        output.line(encode_flow(flow).decode())
    else:
        render = {"dot": render_dot, "mermaid": render_mermaid, "text": render_tree}
        output.out.write(render[options.format](flow))
    return 0
