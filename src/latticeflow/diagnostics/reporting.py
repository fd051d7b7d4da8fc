"""Make diagnostics from the table of codes."""

from __future__ import annotations

from collections.abc import Iterable

from latticeflow.diagnostics.codes import Code
from latticeflow.diagnostics.errors import InternalError
from latticeflow.diagnostics.index import lookup
from latticeflow.diagnostics.model import Diagnostic, Fix, Location, Related, Severity


def report(
    code: str,
    *,
    location: Location | None = None,
    hint: str | None = None,
    fix: Fix | None = None,
    related: Iterable[Related] = (),
    severity: Severity | None = None,
    **params: object,
) -> Diagnostic:
    """Make a diagnostic from a code's row.

    Args:
        code: A code of the table.
        location: Where it is.
        hint: What to do, instead of the row's own hint (which is formatted like the message).
        fix: A repair a machine can apply.
        related: Other places that help to understand it.
        severity: Instead of the row's severity, where the rule says so.
        **params: The fields of the row's template. More than it needs is fine.

    Returns:
        The diagnostic; its message is one line.

    Raises:
        InternalError: The code is not in the table, or the template has a field not given.
    """
    row = lookup(code)
    return Diagnostic(
        code=code,
        severity=severity or row.severity,
        message=_one_line(_format(row, row.template, params)),
        location=location,
        related=tuple(related),
        hint=_format(row, row.hint, params) if hint is None and row.hint else hint,
        fix=fix,
        url=row.url,
    )


def sort_diagnostics(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Order diagnostics for people: by file and place, then severity, then code; no doubles."""
    return tuple(sorted(dict.fromkeys(diagnostics), key=_place))


def worst(diagnostics: Iterable[Diagnostic]) -> Severity | None:
    """Return the worst severity, or None when there is no diagnostic."""
    return min((d.severity for d in diagnostics), key=lambda s: s.rank, default=None)


def _place(diagnostic: Diagnostic) -> tuple[str, int, int, int, str, str]:
    at = diagnostic.location
    line, column = (at.range.start.line, at.range.start.column) if at and at.range else (0, 0)
    file = at.file or "" if at else ""
    return (file, line, column, diagnostic.severity.rank, diagnostic.code, diagnostic.message)


def _format(row: Code, template: str, params: dict[str, object]) -> str:
    try:
        return template.format_map(params)
    except KeyError as error:
        raise InternalError(f"{row.code} was reported without {error}") from error


def _one_line(text: str) -> str:
    return " ".join(text.split()) if "\n" in text or "\r" in text else text
