import pytest

from latticeflow.providers.clock import VirtualClock
from latticeflow.providers.dedupe import MemoryDedupe, SqliteDedupe
from latticeflow.testing.contracts.dedupe import DedupeContract


@pytest.fixture
def clock():
    return VirtualClock(automatic=False)


class TestMemoryDedupe(DedupeContract):
    @pytest.fixture
    def dedupe(self, clock):
        return MemoryDedupe(clock=clock)


class TestSqliteDedupe(DedupeContract):
    @pytest.fixture
    def dedupe(self, clock, tmp_path):
        dedupe = SqliteDedupe(tmp_path / "dedupe.db", clock=clock)
        yield dedupe
        dedupe.close()
