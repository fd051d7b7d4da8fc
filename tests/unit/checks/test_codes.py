"""Every code has an example that fires exactly it, and one that fires nothing."""

from pathlib import Path

import msgspec
import pytest

from latticeflow.checks import LOCAL, Options, check
from latticeflow.checks.support import FIELDS
from latticeflow.components.standard import STANDARD
from latticeflow.diagnostics import all_codes
from latticeflow.hosts.local import read_target

FIXTURES = Path(__file__).parents[2] / "fixtures" / "codes"

PLACELESS = {"FLOW001"}
"""What is about a source that is not there has no place in one."""

WITHOUT_FILE = {"FLOW002"}
"""A file that changes after its import is no file: the compiler's own tests make one."""

EVERYTHING = msgspec.structs.replace(
    LOCAL,
    host="everything",
    surfaces=LOCAL.surfaces | {"window", "partition", "rate_limit", "join", "zip", "await"},
    triggers=LOCAL.triggers | {"http", "queue", "schedule"},
    fields=frozenset(FIELDS),
)
"""A host that runs all that can be declared, so that one fault at a time is seen."""


def cases(name):
    found = sorted(path for path in FIXTURES.glob(f"*/{name}.*") if path.suffix != ".pyc")
    return [pytest.param(path, id=f"{path.parent.name}{path.suffix}") for path in found]


def judge(path):
    """Return all that is found in a file, and whether it may run."""
    support = LOCAL if path.parent.name in {"CTRL901", "TRIG005"} else EVERYTHING
    authored = read_target(str(path), root=FIXTURES)
    found = list(authored.diagnostics)
    checked = None
    if authored.flow is not None:
        catalog = authored.catalog.with_components(STANDARD.values())
        options = Options(support=support)
        result = check(authored.flow, catalog, spans=authored.spans, options=options)
        found += result.diagnostics
        checked = result.checked
    return found, checked is not None and not any(d.is_error for d in found)


@pytest.mark.parametrize("path", cases("bad"))
def test_the_bad_example_fires_exactly_its_code(path):
    found, may_run = judge(path)
    assert {d.code for d in found} == {path.parent.name}, [d.message for d in found]
    if path.parent.name not in PLACELESS:
        assert all(d.location is not None and d.location.range is not None for d in found)
    assert may_run == (not any(d.is_error for d in found))


@pytest.mark.parametrize("path", cases("good"))
def test_the_good_example_fires_nothing(path):
    found, may_run = judge(path)
    assert [(d.code, d.message) for d in found] == []
    assert may_run


def test_every_code_that_is_checked_has_both_examples():
    wanted = {row.slug for row in all_codes().values() if row.status == "implemented"}
    for name in ("bad", "good"):
        found = {path.parent.name for path in FIXTURES.glob(f"*/{name}.*")}
        assert wanted - found == WITHOUT_FILE
        assert found - wanted == set()
