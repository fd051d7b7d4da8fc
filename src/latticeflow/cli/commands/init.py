"""Write a first workflow, in Python or as workflow.toml. Nothing is overwritten."""

from __future__ import annotations

import argparse
from pathlib import Path

from latticeflow.cli.output import Output
from latticeflow.diagnostics import UsageError, report

_PYTHON = '''"""A first workflow: greet somebody, in two steps."""

from latticeflow import flow, node


@node
def greeting(name: str) -> str:
    """Say hello."""
    return f"Hello, {name}!"


@node
def shout(text: str) -> str:
    """Say it loudly."""
    return text.upper()


@flow(version="0.0.0")
def hello(name: str = "world") -> str:
    """Greet somebody loudly."""
    text = greeting(name)
    return shout(text)
'''
_TOML = """\
id = "hello"
description = "Greet somebody, in two steps."
version = "0.0.0"

[parameters.name]
type = "string"
default = "world"

[steps.greet]
run = "echo Hello, ${{ params.name }}!"

[steps.shout]
needs = ["greet"]
run = 'printf %s "${{ steps.greet.stdout }}" | tr a-z A-Z'

[outputs]
text = "${{ steps.shout.stdout }}"
"""
_TEMPLATES = {"python": ("hello.py", _PYTHON), "toml": ("workflow.toml", _TOML)}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `flows init`."""
    parser.add_argument(
        "template", nargs="?", choices=sorted(_TEMPLATES), default="python", help="its form"
    )
    parser.add_argument(
        "--dir", default=".", metavar="FOLDER", help="where to write it (here); made if missing"
    )


def run(options: argparse.Namespace, output: Output) -> int:
    """Write the file and tell what to do next."""
    name, text = _TEMPLATES[options.template]
    path = Path(options.dir) / name
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as exc:
        raise UsageError(diagnostics=(report("CLI011", path=path),)) from exc
    except OSError as exc:
        found = report("CLI012", path=path, why=exc.strerror or exc)
        raise UsageError(diagnostics=(found,)) from exc
    output.line(f"wrote {path}")
    output.note(f"next: flows check {path} && flows run {path} --param name=you")
    return 0
