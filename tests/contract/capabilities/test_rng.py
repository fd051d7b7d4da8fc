import pytest

from latticeflow.capabilities import Holder
from latticeflow.providers.rng import SeededRng
from latticeflow.testing.contracts.rng import RngContract


class TestSeededRng(RngContract):
    @pytest.fixture
    def make_rng(self):
        return SeededRng


class TestRngOfAStep(RngContract):
    @pytest.fixture
    def make_rng(self):
        return lambda seed: SeededRng().for_step(Holder(node="n", position="a/0/b", seed=seed))
