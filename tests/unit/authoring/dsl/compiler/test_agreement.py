from __future__ import annotations

import pytest
from tests.unit.authoring.dsl.compiler.agreement import called, ran
from tests.unit.authoring.dsl.compiler.samples import CASES, LOG


@pytest.mark.parametrize("fn,inputs", CASES, ids=[fn.__name__ for fn, _ in CASES])
def test_calling_and_running_agree(fn, inputs):
    for arguments in inputs:
        assert ran(fn, arguments, LOG) == called(fn, arguments, LOG), arguments
