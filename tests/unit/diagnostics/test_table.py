"""The one table of codes holds together."""

import re
import string
from pathlib import Path

import pytest

import latticeflow.diagnostics as door
from latticeflow.diagnostics import (
    InternalError,
    Location,
    Range,
    Severity,
    all_codes,
    lookup,
    report,
)
from latticeflow.diagnostics.codes import family, row
from latticeflow.diagnostics.table import FAMILIES

ROWS = list(all_codes().values())


def fields(template):
    return [name for _, name, _, _ in string.Formatter().parse(template) if name]


def test_no_code_is_there_twice():
    assert len(ROWS) == sum(len(codes) for codes in FAMILIES)


def test_every_module_of_the_table_is_in_it():
    folder = Path(door.__file__).parent / "table"
    modules = {p.stem for p in folder.glob("*.py")} - {"__init__"}
    assert len(modules) == len(FAMILIES)


@pytest.mark.parametrize("code", ROWS, ids=lambda r: r.code)
def test_a_row_is_well_formed(code):
    assert re.fullmatch(r"[A-Z]+\d{3}|DAG-CKPT-\d{3}|CAP-WS-\d{3}|connector::[a-z0-9_]+", code.code)
    assert re.fullmatch(r"[a-z][a-z0-9_]*", code.name)
    assert code.summary.endswith(".")
    assert "\n" not in code.template
    assert not code.template.endswith(".")
    assert not (code.hint or "").endswith(".")
    assert code.status in {"implemented", "reserved", "runtime"}
    # These are arguments of `report` itself.
    taken = {"code", "location", "hint", "fix", "related", "severity"}
    assert not taken & {*fields(code.template), *fields(code.hint or "")}


@pytest.mark.parametrize("code", ROWS, ids=lambda r: r.code)
def test_a_row_can_be_reported(code):
    names = {*fields(code.template), *fields(code.hint or "")}
    made = report(code.code, **dict.fromkeys(names, "{x}"))
    assert made.message.count("{x}") == len(fields(code.template))
    assert made.severity is code.severity
    assert made.url.endswith(code.slug)


def test_the_status_of_every_code_is_true():
    source = Path(door.__file__).parents[1]
    written = re.compile(r'"([A-Z]{2,}\d{3}|DAG-CKPT-\d{3}|CAP-WS-\d{3})"')
    used = {
        code
        for path in source.rglob("*.py")
        if "diagnostics" not in path.relative_to(source).parts
        for code in written.findall(path.read_text(encoding="utf-8"))
    }
    assert used <= set(all_codes())
    idle = {row.code for row in ROWS if row.status != "reserved"} - used
    assert not idle, "in the table as reported, but nothing reports them: mark them reserved"
    busy = {row.code for row in ROWS if row.status == "reserved"} & used
    assert not busy, "in the table as reserved, but something reports them: say who"


def test_a_missing_field_is_our_bug():
    with pytest.raises(InternalError, match="alias"):
        report("DAG205", count=2)


def test_an_unknown_code_is_our_bug():
    with pytest.raises(InternalError, match="NOPE001"):
        lookup("NOPE001")


def test_what_is_given_wins_over_the_row():
    where = Location(file="a.py", range=Range.of(1, 1, 1, 2))
    made = report(
        "DAG350", location=where, hint="write it", severity=Severity.ERROR, node="a\nb", unused=1
    )
    assert made.is_error
    assert made.hint == "write it"
    assert made.message == "node `a b` has no summary"
    assert made.location is where


def test_a_row_takes_what_its_family_shares():
    (code,) = family("part", "room", (row("X001", "x", "X.", "x"),))
    assert (code.subsystem, code.owner, code.severity) == ("part", "room", Severity.ERROR)


def test_the_door_has_exactly_its_names():
    assert all(hasattr(door, name) for name in door.__all__)
    assert sorted(door.__all__, key=str) == sorted(set(door.__all__), key=str)
