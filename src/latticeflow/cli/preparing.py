"""What several commands do first: read a target and its inputs."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from latticeflow.authoring.dsl import parse_duration
from latticeflow.cli.output import Output
from latticeflow.diagnostics import (
    CheckError,
    Diagnostic,
    Location,
    Severity,
    UsageError,
    did_you_mean,
    report,
)
from latticeflow.hosts.local import Prepared, judge, read_target


def prepared_target(target: str, output: Output, *, strict: bool = False) -> Prepared:
    """Read, check and lower a target; warnings are shown.

    Raises:
        CheckError: the target cannot be run; it carries what was found.
    """
    checked = judge(read_target(target), target=target, strict=strict)
    output.files.update(checked.files)
    if checked.prepared is None:
        raise CheckError(diagnostics=checked.diagnostics)
    show_warnings(checked.diagnostics, output)
    return checked.prepared


def show_warnings(found: Sequence[Diagnostic], output: Output) -> None:
    """Write what stops nothing: warnings, and with `--verbose` what is only for information."""
    if not output.quiet:
        worth = Severity.HINT if output.verbose else Severity.WARNING
        # What only concerns readers of the flow is told by `flows check`.
        shown = [
            each
            for each in found
            if each.severity is not Severity.ERROR and (output.verbose or each.code != "DAG350")
        ]
        output.show([each for each in shown if each.severity.rank <= worth.rank])


def read_input(text: str | None) -> object:
    """Return the JSON of `--input`: itself, `@file`, or `-` for standard input.

    Raises:
        UsageError: it cannot be read (CLI012) or is not JSON (CLI005).
    """
    if text is None:
        return None
    file = None
    if text == "-":
        text = sys.stdin.read()
    elif text.startswith("@"):
        file = text[1:]
        try:
            text = Path(file).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as exc:
            raise UsageError(diagnostics=(report("CLI012", path=file, why=exc),)) from exc
    try:
        return json.loads(text)
    except ValueError as exc:
        where = None if file is None else Location(file=file)
        raise UsageError(diagnostics=(report("CLI005", why=exc, location=where),)) from exc


def given_inputs(options: argparse.Namespace, prepared: Prepared) -> object:
    """Return what `--input` and `--param` state together; None if neither is given.

    Raises:
        UsageError: one is not as it must be, or they do not go together (CLI005, CLI006).
    """
    given = read_input(options.input)
    parameters = read_parameters(options.param, prepared)
    if not parameters:
        return given
    if given is not None and not isinstance(given, dict):
        why = "it adds to an object, and --input is none"
        raise UsageError(diagnostics=(report("CLI006", param=options.param[0], why=why),))
    return {**(given or {}), **parameters}


def seconds_of(option: str, text: str) -> float:
    """Return the length of time that an option states, in seconds.

    Raises:
        UsageError: it states none (CLI010).
    """
    try:
        return parse_duration(text).total_seconds()
    except (ValueError, OverflowError) as exc:
        raise UsageError(diagnostics=(report("CLI010", option=option, why=exc),)) from exc


def count(text: str) -> int:
    """Return the whole number from 1 that an argument states.

    Raises:
        ValueError: it states none.
    """
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def read_parameters(given: list[str], prepared: Prepared) -> dict[str, object]:
    """Return the values of `--param NAME=VALUE`; a text stands for itself where one is wanted.

    Raises:
        UsageError: one is not of the form NAME=VALUE (CLI006) or names no input (RUN101).
    """
    values: dict[str, object] = {}
    for text in given:
        name, sign, value = text.partition("=")
        if not sign or not name:
            why = "write it as NAME=VALUE"
            raise UsageError(diagnostics=(report("CLI006", param=text, why=why),))
        if name not in prepared.flow.inputs:
            known = prepared.flow.inputs
            why = f"`{name}` is no input of it{did_you_mean(name, known)}"
            raise UsageError(diagnostics=(report("RUN101", flow=prepared.flow.name, why=why),))
        values[name] = _parameter(name, value, prepared)
    return values


def _parameter(name: str, text: str, prepared: Prepared) -> object:
    port = prepared.flow.inputs.get(name)
    schema = None if port is None else port.schema.schema
    if schema is not None and schema.get("type") == "string":
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text
