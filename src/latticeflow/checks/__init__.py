"""The judge: a flow goes in, a checked flow or diagnostics come out.

One rule is one file in `rules`; `bodies` reads what Python functions do. The checks are the same
for every way in, and a flow read from JSON gets every one of them.
"""

from latticeflow.checks.bodies import BodyReader, KnownCalls, shipped
from latticeflow.checks.checking import check
from latticeflow.checks.model import CheckedFlow, CheckResult, Options
from latticeflow.checks.rules import RULES
from latticeflow.checks.support import LOCAL, Support

__all__ = [
    "LOCAL",
    "RULES",
    "BodyReader",
    "CheckResult",
    "CheckedFlow",
    "KnownCalls",
    "Options",
    "Support",
    "check",
    "shipped",
]
