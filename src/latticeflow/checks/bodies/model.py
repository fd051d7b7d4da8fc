"""What a reading of a Python body finds."""

from __future__ import annotations

from enum import Enum

import msgspec

from latticeflow.diagnostics.model import Range
from latticeflow.flow.lattice import Determinism, Effects


class Kind(Enum):
    """What a body does behind its declaration's back; the value is the finding's code."""

    CLOCK = "PURE001"
    RANDOM = "PURE002"
    ENVIRONMENT = "PURE003"
    FILES = "PURE004"
    NETWORK = "PURE005"
    PROCESS = "PURE006"
    MUTATION = "PURE007"
    SET_ORDER = "PURE008"
    UNKNOWN = "PURE009"
    NO_SOURCE = "PURE010"
    IDENTITY = "PURE011"
    CONSOLE = "PURE012"


class Floor(msgspec.Struct, frozen=True):
    """The least claim that covers a kind of finding."""

    effects: Effects
    determinism: Determinism


_AMBIENT = Floor(Effects.EFFECTFUL, Determinism.NONDETERMINISTIC)

COVERED_BY: dict[Kind, Floor] = {
    Kind.CLOCK: Floor(Effects.READ_ONLY, Determinism.BEST_EFFORT),
    Kind.RANDOM: Floor(Effects.PURE, Determinism.NONDETERMINISTIC),
    Kind.ENVIRONMENT: Floor(Effects.READ_ONLY, Determinism.BEST_EFFORT),
    Kind.FILES: Floor(Effects.READ_ONLY, Determinism.BEST_EFFORT),
    Kind.NETWORK: Floor(Effects.READ_ONLY, Determinism.BEST_EFFORT),
    Kind.PROCESS: Floor(Effects.EFFECTFUL, Determinism.BEST_EFFORT),
    Kind.MUTATION: Floor(Effects.EFFECTFUL, Determinism.BEST_EFFORT),
    Kind.SET_ORDER: Floor(Effects.PURE, Determinism.BEST_EFFORT),
    Kind.UNKNOWN: Floor(Effects.PURE, Determinism.STRICT),
    Kind.NO_SOURCE: Floor(Effects.PURE, Determinism.STRICT),
    Kind.IDENTITY: Floor(Effects.PURE, Determinism.BEST_EFFORT),
    Kind.CONSOLE: Floor(Effects.PURE, Determinism.STRICT),
}
"""The weakest claim under which a kind is no contradiction."""

INFERRED: dict[Kind, Floor] = {
    Kind.CLOCK: _AMBIENT,
    Kind.RANDOM: _AMBIENT,
    Kind.ENVIRONMENT: _AMBIENT,
    Kind.FILES: _AMBIENT,
    Kind.NETWORK: _AMBIENT,
    Kind.PROCESS: _AMBIENT,
    Kind.MUTATION: _AMBIENT,
    Kind.SET_ORDER: Floor(Effects.PURE, Determinism.BEST_EFFORT),
    Kind.UNKNOWN: Floor(Effects.READ_ONLY, Determinism.BEST_EFFORT),
    Kind.NO_SOURCE: Floor(Effects.READ_ONLY, Determinism.BEST_EFFORT),
    Kind.IDENTITY: Floor(Effects.PURE, Determinism.NONDETERMINISTIC),
    # Console output keeps its order, as if the flow were called, and is no reason to record.
    Kind.CONSOLE: Floor(Effects.EFFECTFUL, Determinism.STRICT),
}
"""What a body without a claim is taken to be when it does a kind of thing."""


class Finding(msgspec.Struct, frozen=True):
    """One thing a body does.

    `what` is the source text that does it, `through` the functions it is reached by (outermost
    first, empty when it stands in the body itself), `called_at` the place in the body that leads
    there. `replacement` is a text that repairs it, where one is obvious.
    """

    kind: Kind
    what: str
    file: str | None = None
    range: Range | None = None
    through: tuple[str, ...] = ()
    called_at: Range | None = None
    called_in: str | None = None
    replacement: str | None = None

    @property
    def covered_by(self) -> Floor:
        """The weakest claim under which this is no contradiction."""
        return COVERED_BY[self.kind]

    @property
    def inferred(self) -> Floor:
        """What a body without a claim is taken to be because of this."""
        return INFERRED[self.kind]


class Reading(msgspec.Struct, frozen=True):
    """What a body supports, and why."""

    effects: Effects
    determinism: Determinism
    findings: tuple[Finding, ...] = ()
