"""CLI, CONF: commands, targets, arguments and configuration."""

from __future__ import annotations

from latticeflow.diagnostics.codes import Row, family, row


def _usage(code: str, name: str, summary: str, template: str, hint: str | None = None) -> Row:
    return row(code, name, summary, template, hint=hint, status="runtime")


CODES = family(
    "usage",
    "cli",
    (
        _usage(
            "CLI001",
            "bad_target",
            "A target is written in a form that does not exist.",
            "`{target}` is no target: {why}",
            "use file.py, file.py:flow, package.module:flow, workflow.toml or flow.json",
        ),
        _usage(
            "CLI002",
            "target_not_found",
            "A target's file or module does not exist.",
            "`{target}` cannot be found{suggestion}",
        ),
        _usage(
            "CLI003",
            "no_flow",
            "A target holds no flow of that name.",
            "`{target}` holds no flow{what}{suggestion}",
            "decorate a function with @flow",
        ),
        _usage(
            "CLI004",
            "several_flows",
            "A target holds several flows and none is named.",
            "`{target}` holds several flows: {names}",
            "name one: `{target}:{example}`",
        ),
        _usage(
            "CLI005",
            "bad_input",
            "The input given on the command line is not JSON.",
            "the input is not JSON: {why}",
        ),
        _usage(
            "CLI006",
            "bad_param",
            "A parameter given on the command line does not fit.",
            "--param {param}: {why}",
        ),
        _usage("CLI007", "unknown_run", "There is no such run.", "there is no run `{run}`"),
        _usage(
            "CLI008",
            "unknown_code",
            "There is no such code.",
            "there is no code `{given}`{suggestion}",
        ),
        _usage(
            "CLI009",
            "import_failed",
            "A target's module raised while it was imported.",
            "`{target}` cannot be imported: {error}",
        ),
        _usage("CLI010", "bad_option", "An option has a wrong value.", "{option}: {why}"),
        _usage("CLI011", "file_exists", "A file would be overwritten.", "`{path}` exists"),
        _usage("CLI012", "file_unreadable", "A file cannot be read.", "`{path}`: {why}"),
        _usage("CLI013", "unknown_step", "A run has no such step.", "run `{run}` has no `{step}`"),
        _usage(
            "CONF001",
            "bad_config",
            "The configuration cannot be read.",
            "`{file}`: {why}",
        ),
        _usage(
            "CONF002",
            "unknown_setting",
            "A setting that does not exist.",
            "unknown setting `{name}` in {where}{suggestion}",
        ),
        _usage(
            "CONF003",
            "bad_setting",
            "A setting has a wrong value.",
            "`{name}` from {where}: {why}",
        ),
    ),
)
