"""What a condition tells about values that may be null."""

from __future__ import annotations

from collections.abc import Callable

from latticeflow.expr.syntax import Binary, Literal, Node, Unary

Key = tuple[object, ...]
KeyOf = Callable[[Node], Key | None]


def not_null_if(node: Node, outcome: bool, key_of: KeyOf) -> frozenset[Key]:  # noqa: FBT001
    """Return the keys of what is not null if `node` has `outcome`."""
    match node:
        case Unary(op="!", operand=operand):
            return not_null_if(operand, not outcome, key_of)
        case Binary(op="&&" | "||" as op, left=left, right=right):
            of_left = not_null_if(left, outcome, key_of)
            of_right = not_null_if(right, outcome, key_of)
            both_hold = (op == "&&") is outcome
            return of_left | of_right if both_hold else of_left & of_right
        case Binary(op="==" | "!=" as op, left=left, right=right):
            return _by_comparison(left, right, equal=(op == "==") is outcome, key_of=key_of)
        case _:
            return frozenset()


def _by_comparison(left: Node, right: Node, *, equal: bool, key_of: KeyOf) -> frozenset[Key]:
    for side, other in ((left, right), (right, left)):
        if not isinstance(other, Literal):
            continue
        if equal is (other.value is not None):
            key = key_of(side)
            if key is not None:
                return frozenset({key})
    return frozenset()
