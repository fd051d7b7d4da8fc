"""What one row of the table of codes holds, and how a family writes its rows.

A code is written once, here, and never reused: a retired code keeps its row. The rows are in
`latticeflow.diagnostics.table`, one module per family. To add a code, append one `row(...)` to
its family's `ROWS`; the page, the `explain` text and the SARIF rule follow from it:

    row("TOML014", "default_mismatch", "A default does not have its parameter's type.",
        "default of `{name}` is {got}, not {expected}", hint="write a {expected}"),

Template fields (`{name}`) are the keyword arguments of `report`. Status says who emits it:
`implemented` (a check or a front end), `runtime` (a run, a store, the command line) or
`reserved` (named by the design, emitted by nothing yet).
"""

from __future__ import annotations

from typing import Literal

import msgspec

from latticeflow.diagnostics.model import Severity

DOCS_ROOT = "https://latticeflow.dev/codes/"

Status = Literal["implemented", "reserved", "runtime"]


class Code(msgspec.Struct, frozen=True):
    """One row: everything known about a code before it is ever reported."""

    code: str
    name: str
    subsystem: str
    severity: Severity
    summary: str
    template: str
    hint: str | None
    since: str
    status: Status
    owner: str
    why: str | None = None

    @property
    def slug(self) -> str:
        """The code as a file name and the last part of a URL."""
        return self.code.replace("::", "-")

    @property
    def url(self) -> str:
        """Where the code's page is."""
        return DOCS_ROOT + self.slug


class Row(msgspec.Struct, frozen=True):
    """A row before its family fills in what all of its rows share."""

    code: str
    name: str
    summary: str
    template: str
    hint: str | None
    severity: str
    status: Status
    since: str
    subsystem: str | None
    owner: str | None
    why: str | None


def row(
    code: str,
    name: str,
    summary: str,
    template: str,
    *,
    hint: str | None = None,
    severity: str = "error",
    status: Status = "implemented",
    since: str = "0.1.0",
    subsystem: str | None = None,
    owner: str | None = None,
    why: str | None = None,
) -> Row:
    """Write one row of a family's table; `subsystem` and `owner` default to the family's."""
    return Row(code, name, summary, template, hint, severity, status, since, subsystem, owner, why)


def family(subsystem: str, owner: str, rows: tuple[Row, ...]) -> tuple[Code, ...]:
    """Complete a family's rows with what they share."""
    return tuple(
        Code(
            r.code,
            r.name,
            r.subsystem or subsystem,
            Severity(r.severity),
            r.summary,
            r.template,
            r.hint,
            r.since,
            r.status,
            r.owner or owner,
            r.why,
        )
        for r in rows
    )
