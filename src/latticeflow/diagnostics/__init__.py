"""Findings: the one table of codes, the diagnostic they become, and how it is shown.

Everything a user can do wrong ends here: front ends, the checker, the engine and the command line
all make their diagnostics with `report` from the table, and the renderers in
`latticeflow.diagnostics.render` show them as text, JSON or SARIF.
"""

from latticeflow.diagnostics.codes import DOCS_ROOT, Code
from latticeflow.diagnostics.docs import explain
from latticeflow.diagnostics.errors import (
    CheckError,
    InternalError,
    LatticeFlowError,
    UsageError,
)
from latticeflow.diagnostics.fixing import apply_fixes
from latticeflow.diagnostics.index import all_codes, lookup
from latticeflow.diagnostics.model import (
    Diagnostic,
    Edit,
    Fix,
    Location,
    Position,
    Range,
    Related,
    Severity,
)
from latticeflow.diagnostics.reporting import report, sort_diagnostics, worst
from latticeflow.diagnostics.suggesting import closest, did_you_mean

__all__ = [
    "DOCS_ROOT",
    "CheckError",
    "Code",
    "Diagnostic",
    "Edit",
    "Fix",
    "InternalError",
    "LatticeFlowError",
    "Location",
    "Position",
    "Range",
    "Related",
    "Severity",
    "UsageError",
    "all_codes",
    "apply_fixes",
    "closest",
    "did_you_mean",
    "explain",
    "lookup",
    "report",
    "sort_diagnostics",
    "worst",
]
