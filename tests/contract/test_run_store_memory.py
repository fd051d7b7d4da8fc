"""The memory store keeps the promises of the port."""

from __future__ import annotations

import pytest

from latticeflow.providers.run_store import MemoryRunStore
from latticeflow.testing.contracts.run_store import RunStoreContract


class TestMemoryRunStore(RunStoreContract):
    @pytest.fixture
    def make_store(self):
        return MemoryRunStore
