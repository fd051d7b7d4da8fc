import pytest

from latticeflow.providers.clock import VirtualClock
from latticeflow.providers.kv import MemoryKv, SqliteKv
from latticeflow.testing.contracts.kv import KvContract


@pytest.fixture
def clock():
    return VirtualClock(automatic=False)


class TestMemoryKv(KvContract):
    @pytest.fixture
    def kv(self, clock):
        return MemoryKv(clock=clock)


class TestSqliteKv(KvContract):
    @pytest.fixture
    def kv(self, clock, tmp_path):
        kv = SqliteKv(tmp_path / "kv.db", clock=clock)
        yield kv
        kv.close()
