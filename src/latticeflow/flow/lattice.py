"""The two lattices: what a node does to the world, and how repeatable its result is.

Both are total orders; a join is the maximum. A capability has a floor on each, and a node may
never claim less than the capabilities it is granted need.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum


class Effects(Enum):
    """What running a node does: `pure < read_only < effectful`."""

    PURE = "pure"
    READ_ONLY = "read_only"
    EFFECTFUL = "effectful"

    @property
    def rank(self) -> int:
        """The position in the order, from 0."""
        return _EFFECT_RANK[self]

    def allows(self, floor: Effects) -> bool:
        """Tell whether a claim of this member covers a floor of `floor`."""
        return self.rank >= floor.rank


class Determinism(Enum):
    """How repeatable a result is: `strict < stable < best_effort < nondeterministic`."""

    STRICT = "strict"
    STABLE = "stable"
    BEST_EFFORT = "best_effort"
    NONDETERMINISTIC = "nondeterministic"

    @property
    def rank(self) -> int:
        """The position in the order, from 0."""
        return _DETERMINISM_RANK[self]

    def allows(self, floor: Determinism) -> bool:
        """Tell whether a claim of this member covers a floor of `floor`."""
        return self.rank >= floor.rank


_EFFECT_RANK = {member: rank for rank, member in enumerate(Effects)}
_DETERMINISM_RANK = {member: rank for rank, member in enumerate(Determinism)}


def join_effects(members: Iterable[Effects]) -> Effects:
    """Return the greatest of `members`, `PURE` for none."""
    return max(members, key=_EFFECT_RANK.__getitem__, default=Effects.PURE)


def join_determinism(members: Iterable[Determinism]) -> Determinism:
    """Return the greatest of `members`, `STRICT` for none."""
    return max(members, key=_DETERMINISM_RANK.__getitem__, default=Determinism.STRICT)
