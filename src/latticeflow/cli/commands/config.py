"""Show the configuration: each value, and where it came from."""

from __future__ import annotations

import argparse

from latticeflow.bindings import read_config
from latticeflow.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `flows config`."""
    parser.add_argument("action", choices=("show",), help="what to do with it")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(options: argparse.Namespace, output: Output) -> int:
    """Print the settings."""
    del options  # there is one action
    config = read_config()
    if output.is_json:
        values = {
            name: {"value": each.value, "origin": each.origin}
            for name, each in config.values.items()
        }
        output.json({"root": str(config.root), "settings": values})
        return 0
    output.line(f"project  {config.root}")
    width = max(map(len, config.values))
    for name, each in config.values.items():
        shown = "not set" if each.value is None else each.value
        output.line(f"{name:<{width}}  {shown}  (from {each.origin}; {each.setting.summary})")
    return 0
