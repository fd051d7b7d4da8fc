"""The command line: one file per command; each parses, calls and renders."""

from latticeflow.cli.main import main

__all__ = ["main"]
