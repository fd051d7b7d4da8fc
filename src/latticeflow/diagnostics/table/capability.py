"""CAP: what a node may touch, and who grants it."""

from __future__ import annotations

from latticeflow.diagnostics.codes import Row, family, row


def _provider(code: str, name: str, summary: str, template: str, hint: str | None = None) -> Row:
    return row(code, name, summary, template, hint=hint, status="runtime", owner="providers")


CODES = family(
    "capability",
    "capabilities",
    (
        row(
            "CAP101",
            "capability_missing",
            "A flow needs capabilities that nothing provides here.",
            "nothing provides {hints}",
            hint="bind a provider to each, or run where they are bound",
            status="runtime",
        ),
        row(
            "CAP102",
            "capability_without_provider",
            "A node asks for a capability this host has no provider for.",
            "node `{node}` asks for `{capability}`, which this host does not provide",
            status="reserved",
            owner="checks",
        ),
        row(
            "CAP110",
            "capability_denied",
            "A node touched a capability it does not declare.",
            "node `{node}` touched `{capability}`, which it does not declare",
            hint="add a parameter of that capability, with `granted` as default",
            status="runtime",
        ),
        row(
            "CAP111",
            "capability_passed",
            "A flow passes a capability to a node; the deployment grants it.",
            "`{name}` is a capability, granted by the deployment",
            hint="leave it out here; pass it only in tests",
            owner="authoring.dsl",
        ),
        row(
            "CAP112",
            "granted_without_capability",
            "A parameter has `granted` as its default but its type is no capability.",
            "`{name}` of `{node}` is granted, but `{type}` is no capability",
            hint="annotate it with a capability such as Http.Read, or drop the default",
            owner="authoring.dsl",
        ),
        row(
            "CAP113",
            "not_granted",
            "A node was called directly and nobody gave it its capability.",
            "`{name}` of `{node}` was not granted",
            hint="pass a fake: `{node}(..., {name}=...)`",
            owner="authoring.dsl",
            status="runtime",
        ),
        _provider(
            "CAP201",
            "path_outside",
            "A path leads out of the files a step may touch.",
            "`{path}` leads out of the files granted",
            "use a path relative to the directory, without `..`",
        ),
        _provider(
            "CAP202", "file_not_found", "There is no file at a path.", "there is no file `{path}`"
        ),
        _provider(
            "CAP203",
            "file_failed",
            "A file cannot be read or written.",
            "`{path}` cannot be {action}: {why}",
        ),
        _provider(
            "CAP210",
            "program_not_started",
            "A program cannot be started.",
            "`{command}` cannot be started: {why}",
        ),
        _provider(
            "CAP220",
            "key_refused",
            "A key or an option is not what a key-value store takes.",
            "key `{key}`: {why}",
        ),
        _provider(
            "CAP221",
            "key_conflict",
            "A key was changed by someone else in between.",
            "key `{key}` is at version {found}, not {wanted}",
            "read it again, then write",
        ),
        _provider(
            "CAP230",
            "statement_failed",
            "A database refused a statement.",
            "`{sql}` failed: {why}",
        ),
        _provider(
            "CAP231",
            "statement_writes",
            "A statement writes, and only reading was granted.",
            "`{sql}` writes, and only reading is granted here",
            "use `execute` of Db.Write",
        ),
        _provider(
            "CAP232",
            "database_failed",
            "A database cannot be opened, or stayed locked.",
            "the database `{name}` failed: {why}",
        ),
        _provider(
            "CAP240",
            "claim_lost",
            "A claim on a key is not held, or no longer.",
            "the claim on `{key}` is not held: {why}",
        ),
        row(
            "CAP-WS-001",
            "workspace_path",
            "A workspace path is not a path.",
            "`{path}` is not a path in a workspace",
            status="reserved",
        ),
        row(
            "CAP-WS-002",
            "workspace_traversal",
            "A path leads out of its workspace.",
            "`{path}` leads out of the workspace",
            status="reserved",
        ),
        row(
            "CAP-WS-003",
            "workspace_not_found",
            "There is nothing at a path of the workspace.",
            "`{path}` is not in the workspace",
            status="reserved",
        ),
        row(
            "CAP-WS-004",
            "workspace_unsupported",
            "A workspace cannot do what was asked.",
            "this workspace cannot {what}",
            status="reserved",
        ),
        row(
            "CAP-WS-005",
            "workspace_failed",
            "What holds the workspace failed.",
            "the workspace failed: {why}",
            status="reserved",
        ),
        row(
            "CAPV101",
            "capability_version",
            "A capability's version is outside the range a node asks for.",
            "`{capability}` is {given}; `{node}` asks for {wanted}",
            status="reserved",
            subsystem="deploy",
        ),
    ),
)
