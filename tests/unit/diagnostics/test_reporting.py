"""Order, severity, errors and suggestions."""

import pickle

from latticeflow.diagnostics import (
    CheckError,
    Location,
    Range,
    Severity,
    closest,
    did_you_mean,
    report,
    sort_diagnostics,
    worst,
)


def at(line, column, file="a.py"):
    return Location(file=file, range=Range.of(line, column, line, column + 1))


def test_diagnostics_are_ordered_by_place_and_said_once():
    late = report("DAG350", location=at(9, 1), node="x")
    early = report("DAG350", location=at(2, 5), node="y")
    other = report("DAG350", location=at(1, 1, "b.py"), node="z")
    nowhere = report("DAG350", node="w")
    assert sort_diagnostics([late, other, early, late, nowhere]) == (nowhere, early, late, other)


def test_errors_come_first_at_one_place():
    warning = report("DAG350", location=at(1, 1), node="x")
    error = report("DAG205", location=at(1, 1), alias="x", count=2)
    assert sort_diagnostics([warning, error]) == (error, warning)


def test_the_worst_severity():
    assert worst([]) is None
    assert worst([report("DAG350", node="x")]) is Severity.WARNING
    assert worst([report("DAG350", node="x"), report("TOML001", why="y")]) is Severity.ERROR


def test_an_error_says_what_it_carries_and_survives_pickling():
    found = (report("DAG205", alias="x", count=2), report("DAG350", node="x"))
    error = CheckError(diagnostics=found)
    assert str(error) == "DAG205: the alias `x` is used 2 times (and 1 more)"
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is CheckError
    assert again.diagnostics == found
    assert str(again) == str(error)


def test_a_suggestion_is_near_and_does_not_depend_on_order():
    assert closest("totl", ["total", "tital"]) == closest("totl", ["tital", "total"]) == "total"
    assert closest("Charge", ["charge"]) == "charge"
    assert closest("zzz", ["charge"]) is None
    assert did_you_mean("totl", ["total"]) == "; did you mean `total`?"
    assert did_you_mean("totl", []) == ""
