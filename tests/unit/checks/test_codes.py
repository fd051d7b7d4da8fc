"""Every code has an example that fires exactly it, and one that fires nothing."""

from dataclasses import replace
from pathlib import Path

import pytest

from latticeflow.checks import LOCAL, Options, check
from latticeflow.checks.support import FIELDS
from latticeflow.components.standard import STANDARD
from latticeflow.flow import decode_flow

FIXTURES = Path(__file__).parents[2] / "fixtures" / "codes"

EVERYTHING = replace(
    LOCAL,
    host="everything",
    surfaces=LOCAL.surfaces | {"window", "partition", "rate_limit", "join", "zip", "await"},
    triggers=LOCAL.triggers | {"http", "queue", "schedule"},
    fields=frozenset(FIELDS),
)
"""A host that runs all that can be declared, so that one fault at a time is seen."""


def cases(name):
    found = sorted(FIXTURES.glob(f"*/{name}.json"))
    return [pytest.param(path, id=path.parent.name) for path in found]


def judge(path):
    support = LOCAL if path.parent.name == "CTRL901" else EVERYTHING
    flow = decode_flow(path.read_bytes())
    return check(flow, STANDARD, options=Options(support=support))


@pytest.mark.parametrize("path", cases("bad"))
def test_the_bad_example_fires_exactly_its_code(path):
    result = judge(path)
    assert {d.code for d in result.diagnostics} == {path.parent.name}
    assert all(d.location is not None and d.location.pointer for d in result.diagnostics)
    assert (result.checked is None) == any(d.is_error for d in result.diagnostics)


@pytest.mark.parametrize("path", cases("good"))
def test_the_good_example_fires_nothing(path):
    result = judge(path)
    assert [(d.code, d.message) for d in result.diagnostics] == []
    assert result.checked is not None
