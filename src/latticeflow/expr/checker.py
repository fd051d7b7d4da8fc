"""The judge of expressions: every name, field, function and type, before anything runs.

CEL's own checker knows the records of a flow only as maps of anything. This one walks the syntax
tree against the declared types, and notes on its way what the expression takes of its variables
and how its text is rewritten for the evaluator (`Checked`).
"""

from __future__ import annotations

from latticeflow.expr.call_checks import CallChecks
from latticeflow.expr.operator_checks import OperatorChecks, literal_type
from latticeflow.expr.syntax import (
    Binary,
    Call,
    Ident,
    Index,
    ListDisplay,
    Literal,
    MapDisplay,
    Node,
    Select,
    Ternary,
    Unary,
)
from latticeflow.expr.types import (
    Type,
)
from latticeflow.expr.uses import Resolved


class Checker(CallChecks, OperatorChecks):
    """Checks one expression; use it once."""

    def check(self, node: Node) -> Type:
        """Check the whole expression and return its type."""
        return self._value(node)

    def _walk(self, node: Node) -> Resolved:  # noqa: PLR0911 -- one return a form
        match node:
            case Literal():
                return Resolved(literal_type(node))
            case Ident():
                return self._ident(node)
            case Select():
                return self._select(node)
            case Index():
                return self._index(node)
            case Call():
                return self._call(node)
            case Unary():
                return Resolved(self._unary(node))
            case Binary():
                return Resolved(self._binary(node))
            case Ternary():
                return Resolved(self._ternary(node))
            case ListDisplay():
                return self._list(node)
            case MapDisplay():
                return Resolved(self._map(node))
