import pytest

from latticeflow.providers.clock import SystemClock, VirtualClock
from latticeflow.testing.contracts.clock import ClockContract


class TestSystemClock(ClockContract):
    @pytest.fixture
    def clock(self):
        return SystemClock()


class TestVirtualClock(ClockContract):
    @pytest.fixture
    def clock(self):
        return VirtualClock()
