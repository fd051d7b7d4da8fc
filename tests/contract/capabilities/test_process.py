from datetime import timedelta

import pytest

from latticeflow.providers.process import LocalProcess
from latticeflow.testing.contracts.process import ProcessContract


class TestLocalProcess(ProcessContract):
    @pytest.fixture
    def process(self, tmp_path):
        return LocalProcess(tmp_path, grace=timedelta(seconds=0.2))
