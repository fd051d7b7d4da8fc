"""Judge flows without running them."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from latticeflow.cli.output import Output
from latticeflow.diagnostics import Diagnostic, Severity, apply_fixes
from latticeflow.diagnostics.render import render_json, render_sarif
from latticeflow.hosts.local import judge, read_target
from latticeflow.hosts.local.targets import flows_of, read_ir_text

STDIN = "-"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `flows check`."""
    parser.add_argument(
        "targets",
        nargs="+",
        metavar="TARGET",
        help="what to check, all flows of a file if none is named; - is a Flow IR on stdin",
    )
    parser.add_argument(
        "--format", choices=("text", "json", "sarif"), default="text", help="how to print findings"
    )
    parser.add_argument(
        "--json", action="store_const", const="json", dest="format", help="as --format json"
    )
    parser.add_argument("--strict", action="store_true", help="count warnings as errors")
    parser.add_argument("--fix", action="store_true", help="apply the fixes that are safe")


def run(options: argparse.Namespace, output: Output) -> int:
    """Check the targets; with `--fix`, once more after the fixes."""
    found, files = _judge(options.targets, strict=options.strict)
    if options.fix and (fixed := _fix(found)):
        output.note(f"fixed {', '.join(fixed)}")
        found, files = _judge(options.targets, strict=options.strict)
    if options.format == "json":
        output.out.write(render_json(found, strict=options.strict))
    elif options.format == "sarif":
        output.out.write(render_sarif(found))
    elif found:
        output.show(found, files)
    else:
        output.note(f"{', '.join(options.targets)}: nothing found")
    stops = {Severity.ERROR, Severity.WARNING} if options.strict else {Severity.ERROR}
    return 1 if any(each.severity in stops for each in found) else 0


def _judge(targets: list[str], *, strict: bool) -> tuple[list[Diagnostic], dict[str, str]]:
    # Flows of a file may share one, and what is wrong with it is to be told once.
    found: dict[Diagnostic, None] = {}
    files: dict[str, str] = {}
    for target in (each for given in targets for each in flows_of(given)):
        if target == STDIN:
            authored = read_ir_text(sys.stdin.read(), file="<stdin>")
        else:
            authored = read_target(target)
        checked = judge(authored, target=target, strict=strict)
        found.update(dict.fromkeys(checked.diagnostics))
        files.update(checked.files)
    return list(found), files


def _fix(found: list[Diagnostic]) -> list[str]:
    """Write the files that safe fixes change and return their names."""
    safe = [each for each in found if each.fix is not None and each.fix.applicability == "safe"]
    named = {edit.file for each in safe if each.fix for edit in each.fix.edits}
    sources = {file: Path(file).read_text(encoding="utf-8") for file in sorted(named)}
    changed, _ = apply_fixes(safe, sources)
    for file, text in changed.items():
        Path(file).write_text(text, encoding="utf-8")
    return sorted(changed)
