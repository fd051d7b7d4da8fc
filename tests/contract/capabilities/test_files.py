import pytest

from latticeflow.providers.files import MemoryFiles, RootedFiles
from latticeflow.testing.contracts.files import FilesContract


class TestMemoryFiles(FilesContract):
    @pytest.fixture
    def files(self):
        return MemoryFiles()


class TestRootedFiles(FilesContract):
    @pytest.fixture
    def files(self, tmp_path):
        return RootedFiles(tmp_path / "root", artifacts=tmp_path / "artifacts")
