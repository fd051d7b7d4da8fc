from latticeflow.capabilities import Holder
from latticeflow.providers.rng import SeededRng


def of_step(seed, position, *, attempt=1, run_id="r"):
    holder = Holder(node="n", run_id=run_id, position=position, attempt=attempt, seed=seed)
    return SeededRng().for_step(holder).token(8)


def test_step_draws_the_same_in_every_attempt_and_other_steps_something_else():
    first = of_step(1, "each/0/draw")
    assert of_step(1, "each/0/draw", attempt=2, run_id="resumed elsewhere") == first
    assert len({first, of_step(1, "each/1/draw"), of_step(2, "each/0/draw")}) == 3


def test_values_do_not_change_between_releases():
    # Histories are replayed by later versions.
    rng = SeededRng(7)
    assert rng.integer(0, 10**6) == 300126
    assert rng.token(4).hex() == "40ce250e"
    assert str(rng.uuid()) == "c8afde6b-eaf3-4969-9ef2-8f7caecbe66b"
    assert rng.shuffled("abcdef") == ["b", "c", "a", "d", "f", "e"]
