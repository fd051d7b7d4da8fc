import pytest

from latticeflow.providers.db import SqliteDb
from latticeflow.testing.contracts.db import DbContract


class TestSqliteDbInMemory(DbContract):
    @pytest.fixture
    def db(self):
        db = SqliteDb()
        yield db
        db.close()


class TestSqliteDbInAFile(DbContract):
    @pytest.fixture
    def db(self, tmp_path):
        db = SqliteDb(tmp_path / "deep" / "data.db")
        yield db
        db.close()
