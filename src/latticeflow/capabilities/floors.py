"""What capabilities need on the two lattices: the closed table of hints.

Hints match exactly. A hint the table does not hold is a finding (EFFECT202), never a guess. An
extension adds its own with `HintTable.extended`, which gives a new table; there is no global one
to change.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

import msgspec

from latticeflow.flow.lattice import Determinism, Effects, join_determinism, join_effects


class Floor(msgspec.Struct, frozen=True):
    """The least a node may claim."""

    effects: Effects = Effects.PURE
    determinism: Determinism = Determinism.STRICT

    def joined(self, other: Floor) -> Floor:
        """Return the least floor that covers both."""
        return Floor(
            join_effects((self.effects, other.effects)),
            join_determinism((self.determinism, other.determinism)),
        )


class CapabilitySpec(msgspec.Struct, frozen=True, kw_only=True):
    """One capability: its id, the family one provider serves, and the hints it leaves on a node."""

    id: str
    family: str
    effect_hints: tuple[str, ...] = ()
    determinism_hints: tuple[str, ...] = ()


class HintTable(Mapping[str, Floor]):
    """Hints and the floors they set. Immutable."""

    __slots__ = ("_floors",)

    def __init__(self, floors: Mapping[str, Floor]) -> None:
        self._floors = dict(floors)

    def __getitem__(self, hint: str) -> Floor:
        return self._floors[hint]

    def __iter__(self) -> Iterator[str]:
        return iter(self._floors)

    def __len__(self) -> int:
        return len(self._floors)

    def extended(self, floors: Mapping[str, Floor]) -> HintTable:
        """Return a table that also holds `floors`.

        Raises:
            ValueError: A hint is there already with another floor.
        """
        for hint, floor in floors.items():
            if self._floors.get(hint, floor) != floor:
                raise ValueError(f"hint `{hint}` is already in the table with another floor")
        return HintTable({**self._floors, **floors})

    def floor(self, hints: Iterable[str]) -> Floor:
        """Return the join of the hints' floors; hints not in the table add nothing."""
        known = [self._floors[hint] for hint in hints if hint in self._floors]
        return Floor(
            join_effects(floor.effects for floor in known),
            join_determinism(floor.determinism for floor in known),
        )


_READS = Floor(effects=Effects.READ_ONLY)
_WRITES = Floor(effects=Effects.EFFECTFUL)
_VARIES = Floor(determinism=Determinism.BEST_EFFORT)
_UNREPEATABLE = Floor(determinism=Determinism.NONDETERMINISTIC)

HINTS = HintTable(
    {
        "resource::http::read": _READS,
        "resource::http::write": _WRITES,
        "resource::db::read": _READS,
        "resource::db::write": _WRITES,
        "resource::kv::read": _READS,
        "resource::kv::write": _WRITES,
        "resource::blob::read": _READS,
        "resource::blob::write": _WRITES,
        "resource::queue::consume": _READS,
        "resource::queue::publish": _WRITES,
        "resource::sql::read": _READS,
        "resource::sql::write": _WRITES,
        "resource::sql::admin": _WRITES,
        "resource::workspace::read": _READS,
        "resource::workspace::write": _WRITES,
        "resource::dedupe::write": _WRITES,
        "resource::files::read": _READS,
        "resource::files::write": _WRITES,
        "resource::process::run": _WRITES,
        # A family says that results vary, not what is done: it sets no floor for effects.
        "resource::http": _VARIES,
        "resource::clock": _VARIES,
        "resource::rng": _VARIES,
        "resource::db": _VARIES,
        "resource::kv": _VARIES,
        "resource::blob": _VARIES,
        "resource::queue": _VARIES,
        "resource::dedupe": _VARIES,
        "resource::sql": _VARIES,
        "resource::workspace": _VARIES,
        "resource::files": _VARIES,
        "resource::process": _UNREPEATABLE,
    }
)
"""The hints of the capabilities this product defines."""


def _capability(identifier: str, effect: str | None = None) -> CapabilitySpec:
    family = identifier.partition(".")[0]
    return CapabilitySpec(
        id=identifier,
        family=family,
        effect_hints=(f"resource::{family}::{effect}",) if effect else (),
        determinism_hints=(f"resource::{family}",),
    )


CAPABILITIES: Mapping[str, CapabilitySpec] = MappingProxyType(
    {
        spec.id: spec
        for spec in (
            _capability("clock"),
            _capability("rng"),
            _capability("files.read", "read"),
            _capability("files.write", "write"),
            _capability("process", "run"),
            _capability("kv.read", "read"),
            _capability("kv.write", "write"),
            _capability("db.read", "read"),
            _capability("db.write", "write"),
            _capability("dedupe", "write"),
            _capability("http.read", "read"),
            _capability("http.write", "write"),
        )
    }
)
"""Every capability that has a port, by id."""


def floor_of(capabilities: Iterable[str], hints: HintTable = HINTS) -> Floor:
    """Return the least a node that is granted `capabilities` may claim.

    Args:
        capabilities: Capability ids.
        hints: The table in force.

    Raises:
        KeyError: A capability is unknown.
    """
    specs = [CAPABILITIES[identifier] for identifier in capabilities]
    return hints.floor(h for spec in specs for h in (*spec.effect_hints, *spec.determinism_hints))
