import pytest

from latticeflow.capabilities import CAPABILITIES, HINTS, MEMBERS, Floor, HintTable, floor_of
from latticeflow.flow import Determinism, Effects

SPECIFIED_EFFECTS = {
    "http::read": "read_only",
    "http::write": "effectful",
    "db::read": "read_only",
    "db::write": "effectful",
    "kv::read": "read_only",
    "kv::write": "effectful",
    "blob::read": "read_only",
    "blob::write": "effectful",
    "queue::consume": "read_only",
    "queue::publish": "effectful",
    "sql::read": "read_only",
    "sql::write": "effectful",
    "sql::admin": "effectful",
    "workspace::read": "read_only",
    "workspace::write": "effectful",
    "dedupe::write": "effectful",
    "files::read": "read_only",
    "files::write": "effectful",
    "process::run": "effectful",
}
SPECIFIED_FAMILIES = {
    **dict.fromkeys(
        ("http", "clock", "rng", "db", "kv", "blob", "queue", "dedupe", "sql", "workspace"),
        "best_effort",
    ),
    "files": "best_effort",
    "process": "nondeterministic",
}


def test_table_is_exactly_the_specified_one():
    effects = {
        f"resource::{hint}": Floor(effects=Effects(member))
        for hint, member in SPECIFIED_EFFECTS.items()
    }
    families = {
        f"resource::{hint}": Floor(determinism=Determinism(member))
        for hint, member in SPECIFIED_FAMILIES.items()
    }
    assert dict(HINTS) == effects | families


@pytest.mark.parametrize(
    "hint", ["resource::http::readX", "resource::http::rea", "resource::", "http::read", ""]
)
def test_hints_match_exactly(hint):
    assert hint not in HINTS
    assert HINTS.floor([hint]) == Floor()


@pytest.mark.parametrize("spec", CAPABILITIES.values(), ids=lambda s: s.id)
def test_every_capability_has_a_port_and_known_hints(spec):
    assert MEMBERS[spec.id]
    assert spec.determinism_hints == (f"resource::{spec.family}",)
    assert all(hint in HINTS for hint in (*spec.effect_hints, *spec.determinism_hints))


def test_floor_is_the_join_of_all():
    assert floor_of([]) == Floor()
    assert floor_of(["clock"]) == Floor(Effects.PURE, Determinism.BEST_EFFORT)
    assert floor_of(["kv.read"]) == Floor(Effects.READ_ONLY, Determinism.BEST_EFFORT)
    assert floor_of(["kv.read", "dedupe"]) == Floor(Effects.EFFECTFUL, Determinism.BEST_EFFORT)
    assert floor_of(["clock", "process"]) == Floor(Effects.EFFECTFUL, Determinism.NONDETERMINISTIC)


def test_unknown_capability_is_an_error():
    with pytest.raises(KeyError, match="writ"):
        floor_of(["kv.writ"])


def test_extension_gives_a_new_table():
    charge = {"connector::stripe::charge": Floor(effects=Effects.EFFECTFUL)}
    extended = HINTS.extended(charge)
    assert extended["connector::stripe::charge"].effects is Effects.EFFECTFUL
    assert "connector::stripe::charge" not in HINTS
    assert extended.extended(charge) == extended


def test_extension_cannot_weaken_a_hint():
    with pytest.raises(ValueError, match="resource::kv::write"):
        HINTS.extended({"resource::kv::write": Floor()})


def test_join_of_floors_takes_the_greater_of_each():
    left = Floor(Effects.EFFECTFUL, Determinism.STRICT)
    right = Floor(Effects.PURE, Determinism.NONDETERMINISTIC)
    assert left.joined(right) == Floor(Effects.EFFECTFUL, Determinism.NONDETERMINISTIC)
    assert HintTable({}).floor(["resource::kv"]) == Floor()
