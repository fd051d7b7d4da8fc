"""CAP: what a node may touch, and who grants it."""

from __future__ import annotations

from latticeflow.diagnostics.codes import family, row

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
