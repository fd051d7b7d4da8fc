"""The two lattices: total orders whose join is the greatest member."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latticeflow.flow import Determinism, Effects, join_determinism, join_effects


def test_the_orders_are_those_of_the_contract() -> None:
    assert [member.value for member in Effects] == ["pure", "read_only", "effectful"]
    assert [member.value for member in Determinism] == [
        "strict",
        "stable",
        "best_effort",
        "nondeterministic",
    ]
    assert [member.rank for member in Effects] == [0, 1, 2]
    assert [member.rank for member in Determinism] == [0, 1, 2, 3]


@pytest.mark.parametrize("lattice", [Effects, Determinism])
def test_a_claim_covers_its_floor_and_all_below(lattice: type[Effects | Determinism]) -> None:
    members = list(lattice)
    for number, claim in enumerate(members):
        covered = [member for member in members if claim.allows(member)]
        assert covered == members[: number + 1]


@given(st.lists(st.sampled_from(Effects)), st.lists(st.sampled_from(Determinism)))
def test_a_join_is_the_least_that_covers_all(
    effects: list[Effects], determinism: list[Determinism]
) -> None:
    joined, repeatable = join_effects(effects), join_determinism(determinism)
    assert all(joined.allows(member) for member in effects)
    assert all(repeatable.allows(member) for member in determinism)
    assert joined in (effects or [Effects.PURE])
    assert repeatable in (determinism or [Determinism.STRICT])
