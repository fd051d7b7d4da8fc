"""What can be wrong with an expression.

Before a run it is an `ExpressionIssue`, in a run an `ExpressionError`.

Every finding has a code of the family `EXPR`; the table of codes describes each.
"""

from __future__ import annotations

import msgspec

from latticeflow.diagnostics import LatticeFlowError

SYNTAX = "EXPR001"
UNKNOWN_NAME = "EXPR002"
UNKNOWN_FIELD = "EXPR003"
WRONG_TYPE = "EXPR004"
MIXED_NUMBERS = "EXPR005"
NOT_PORTABLE = "EXPR006"
UNKNOWN_FUNCTION = "EXPR007"
MAY_BE_NULL = "EXPR008"
WRONG_RESULT = "EXPR009"
TOO_LARGE = "EXPR010"
BAD_LITERAL = "EXPR011"
UNORDERED_MAP = "EXPR012"
BAD_TEMPLATE = "EXPR013"
NO_TIME_ZONE = "EXPR014"

OVERFLOW = "EXPR101"
NO_SUCH_KEY = "EXPR102"
DIVISION_BY_ZERO = "EXPR103"
INDEX_RANGE = "EXPR104"
BAD_CONVERSION = "EXPR105"
BAD_BINDING = "EXPR106"
OVER_BUDGET = "EXPR107"
WRONG_DYNAMIC_TYPE = "EXPR108"
EVALUATION = "EXPR109"


class ExpressionIssue(msgspec.Struct, frozen=True):
    """A finding in the text of an expression.

    `offset` and `end` count characters of the text; `end` is exclusive.
    """

    code: str
    message: str
    offset: int
    end: int
    hint: str | None = None


class ExpressionError(LatticeFlowError):
    """An expression that passed the check had no value for the values it was given.

    Args:
        code: the code of the finding.
        message: one line that states the fact.
    """

    non_retryable = True  # the same values give the same error again

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code

    def __reduce__(self) -> tuple[type[ExpressionError], tuple[str, str]]:
        return ExpressionError, (self.code, self.message)
