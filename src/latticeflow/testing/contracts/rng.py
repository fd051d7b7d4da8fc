"""What every source of randomness does. Subclass `RngContract` and give it a `make_rng` fixture.

`make_rng(seed)` makes a source; equal seeds make sources that draw the same.
"""

# ruff: noqa: S101, D102 - these are tests: they assert, and their names are their sentences

from __future__ import annotations

from collections.abc import Callable

import pytest

from latticeflow.capabilities import Rng

MakeRng = Callable[[int], Rng]


def draw(rng: Rng) -> list[object]:
    """Draw one value of each kind."""
    return [
        rng.random(),
        rng.integer(-5, 10**20),
        rng.choice("abcdefgh"),
        rng.shuffled(range(20)),
        rng.token(16),
        rng.uuid(),
    ]


class RngContract:
    """The promises of `Rng`."""

    def test_equal_seeds_draw_the_same(self, make_rng: MakeRng) -> None:
        assert draw(make_rng(7)) == draw(make_rng(7))

    def test_other_seeds_draw_something_else(self, make_rng: MakeRng) -> None:
        assert draw(make_rng(7)) != draw(make_rng(8))

    def test_values_follow_one_another(self, make_rng: MakeRng) -> None:
        rng = make_rng(1)
        assert len({rng.random() for _ in range(100)}) == 100
        assert len({rng.uuid() for _ in range(100)}) == 100

    def test_values_stay_within_their_bounds(self, make_rng: MakeRng) -> None:
        rng = make_rng(2)
        assert all(0 <= rng.random() < 1 for _ in range(1000))
        assert {rng.integer(1, 3) for _ in range(200)} == {1, 2, 3}
        assert rng.integer(4, 4) == 4
        assert {rng.choice(["a", "b"]) for _ in range(100)} == {"a", "b"}

    def test_shuffling_keeps_the_items_and_the_original(self, make_rng: MakeRng) -> None:
        items = list(range(50))
        shuffled = make_rng(3).shuffled(items)
        assert items == list(range(50))
        assert shuffled != items
        assert sorted(shuffled) == items

    def test_tokens_have_their_size(self, make_rng: MakeRng) -> None:
        assert [len(make_rng(4).token(size)) for size in (0, 1, 33)] == [0, 1, 33]

    def test_uuid_is_random_by_its_version(self, make_rng: MakeRng) -> None:
        assert make_rng(5).uuid().version == 4

    def test_impossible_draws_are_refused(self, make_rng: MakeRng) -> None:
        with pytest.raises(ValueError, match="2"):
            make_rng(6).integer(2, 1)
        with pytest.raises(IndexError):
            make_rng(6).choice([])
