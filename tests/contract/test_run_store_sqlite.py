"""The SQLite store keeps the promises of the port, with values in rows and with values in files."""

from __future__ import annotations

import os
from functools import partial

import pytest

from latticeflow.providers.run_store.sqlite import SqliteRunStore
from latticeflow.testing.contracts.run_store import RunStoreContract
from latticeflow.testing.contracts.run_store_shared import SharedRunStoreContract


class TestSqliteRunStore(RunStoreContract):
    @pytest.fixture
    def make_store(self, tmp_path):
        return partial(SqliteRunStore, tmp_path / "runs.db")


class TestEveryValueInAFile(RunStoreContract):
    @pytest.fixture
    def make_store(self, tmp_path):
        return partial(SqliteRunStore, tmp_path / "runs.db", blob_threshold=0)


class TestSharedSqliteRunStore(SharedRunStoreContract):
    KILLS = 60 if os.environ.get("FLOWS_VERIFY") else 4
    WRITERS = 16 if os.environ.get("FLOWS_VERIFY") else 4

    @pytest.fixture
    def make_store(self, tmp_path):
        return partial(SqliteRunStore, tmp_path / "runs.db")
