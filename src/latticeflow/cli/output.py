"""Where commands write: results to standard output, everything else to standard error."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Self, TextIO

import msgspec

from latticeflow.diagnostics import Diagnostic, LatticeFlowError
from latticeflow.diagnostics.render import read_source, render_text, to_json


class Output(msgspec.Struct):
    """The two streams of a command, and how they are to look."""

    out: TextIO
    err: TextIO
    is_json: bool = False
    color: str = "auto"
    quiet: bool = False
    verbose: bool = False
    files: dict[str, str] = msgspec.field(default_factory=dict)

    @classmethod
    def for_streams(cls, arguments: Sequence[str]) -> Self:
        """Return an output over this process's streams."""
        return cls(sys.stdout, sys.stderr, is_json="--json" in arguments)

    def configure(self, options: argparse.Namespace) -> None:
        """Take the options that all commands share."""
        self.is_json = bool(getattr(options, "json", False))
        self.color = options.color or "auto"
        self.verbose = options.verbose
        self.quiet = options.quiet

    def has_color(self, stream: TextIO) -> bool:
        """Tell whether `stream` gets colours."""
        if self.color != "auto":
            return self.color == "always"
        return stream.isatty() and not os.environ.get("NO_COLOR")

    def line(self, text: str = "") -> None:
        """Write a line of the result."""
        self.out.write(text + "\n")

    def json(self, value: object) -> None:
        """Write a result as JSON."""
        self.out.write(json.dumps(value, indent=2, ensure_ascii=False, default=str) + "\n")

    def json_line(self, value: object) -> None:
        """Write a result as JSON on one line."""
        self.out.write(msgspec.json.encode(value).decode() + "\n")

    def note(self, text: str) -> None:
        """Write a line that is no part of the result."""
        if not self.quiet:
            try:
                self.err.write(text + "\n")
                self.err.flush()
            except BrokenPipeError:
                self.quiet = True  # nobody listens any more; what runs goes on

    def error_line(self, text: str) -> None:
        """Write a line that tells of an error."""
        self.err.write(text + "\n")

    def show(
        self, diagnostics: Sequence[Diagnostic], files: Mapping[str, str] | None = None
    ) -> None:
        """Write diagnostics as text."""
        if diagnostics:
            sources = {**self.files, **(files or {})}
            text = render_text(
                diagnostics,
                sources=lambda file: sources.get(file) or read_source(file),
                colour=self.has_color(self.err),
            )
            self.err.write(text)

    def show_error(self, error: LatticeFlowError) -> None:
        """Write what an error carries; as the one object of the result where JSON is asked for."""
        if self.is_json:
            found = [to_json(each) for each in error.diagnostics]
            self.json({"status": "error", "message": str(error), "diagnostics": found})
            return
        if error.diagnostics:
            self.show(error.diagnostics)
        else:
            self.error_line(f"error: {error}")
