"""What is found while a workflow is read."""

from __future__ import annotations

from typing import Any

from latticeflow.authoring.toml.places import Place
from latticeflow.diagnostics import Diagnostic, Fix, Severity, report
from latticeflow.expr import ExpressionIssue


class Findings:
    """Collects diagnostics; nothing stops at the first."""

    def __init__(self) -> None:
        self.found: list[Diagnostic] = []

    def add(
        self,
        code: str,
        place: Place,
        *,
        hint: str | None = None,
        fix: Fix | None = None,
        **params: str,
    ) -> None:
        """Report `code` at `place`; `params` fill its message."""
        # Names of template fields are free, which a type checker can't tell from keyword arguments.
        fields: dict[str, Any] = dict(params)
        self.found.append(report(code, location=place.location(), hint=hint, fix=fix, **fields))

    def expression(self, issue: ExpressionIssue, place: Place) -> None:
        """Report an issue of the expression whose text begins where `place` begins."""
        at = place.part(issue.offset, issue.end)
        self.add(issue.code, at, hint=issue.hint, message=issue.message)

    @property
    def has_errors(self) -> bool:
        """Whether something was found that stops the flow."""
        return any(each.severity is Severity.ERROR for each in self.found)
