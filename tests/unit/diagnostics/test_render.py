"""Diagnostics as text, JSON and SARIF."""

import json

from latticeflow.diagnostics import Edit, Fix, Location, Range, Related, report
from latticeflow.diagnostics.render import render_json, render_sarif, render_text

SOURCE = """\
@flow
async def checkout(order):
\tif order.coupon:
    total = "東京" + order.totl  # ok
    x = charge(
        order,
        5,
    )
"""


def at(line, column, end_line, end_column, file="bad.py"):
    return Location(file=file, range=Range.of(line, column, end_line, end_column))


def show(*found, **options):
    return render_text(found, sources=lambda file: SOURCE if file == "bad.py" else None, **options)


def test_a_frame_points_at_the_expression():
    found = report(
        "FLOW015",
        location=at(4, 20, 4, 30),
        type="Order",
        field="totl",
        suggestion="; did you mean `total`?",
    )
    # The two wide characters before it take two cells each.
    assert show(found) == (
        "error[FLOW015]: `Order` has no field `totl`; did you mean `total`?\n"
        " --> bad.py:4:20\n"
        "  |\n"
        '4 |     total = "東京" + order.totl  # ok\n'
        "  |                      ^^^^^^^^^^\n"
        "\n"
        "1 error\n"
    )


def test_tabs_are_shown_as_they_are_counted():
    found = report(
        "FLOW010", location=at(3, 5, 3, 17), expression="order.coupon", type="str | None"
    )
    lines = show(found).splitlines()
    assert lines[3] == "3 |     if order.coupon:"
    assert lines[4] == "  |        ^^^^^^^^^^^^"
    assert lines[5] == "  = hint: say what you mean, e.g. `order.coupon is not None`"


def test_a_range_over_lines_shows_its_ends():
    found = report("FLOW023", location=at(5, 9, 8, 6), name="charge")
    assert show(found, summary=False).splitlines()[2:] == [
        "  |",
        "5 |     x = charge(",
        "  |         ^^^^^^^",
        "...",
        "8 |     )",
        "  |     ^",
        "  = hint: write `await charge(...)`",
    ]


def test_a_range_that_ends_at_a_line_start_does_not_show_that_line():
    found = report("TOML001", location=at(6, 9, 7, 1), why="x")
    assert "7 |" not in show(found)


def test_an_empty_range_is_one_caret():
    found = report("TOML001", location=at(1, 1, 1, 1), why="x")
    assert show(found).splitlines()[4] == "  | ^"


def test_a_place_without_source_is_still_named():
    found = report("TOML001", location=at(3, 7, 3, 8, "gone.toml"), why="x")
    assert show(found, summary=False) == "error[TOML001]: not TOML: x\n --> gone.toml:3:7\n"


def test_a_range_past_the_end_of_the_file_shows_no_frame():
    found = report("TOML001", location=at(99, 1, 99, 2), why="x")
    assert show(found, summary=False).splitlines() == [
        "error[TOML001]: not TOML: x",
        "  --> bad.py:99:1",
    ]


def test_places_in_the_graph_and_in_runs():
    graph = report("DAG350", node="a", location=Location(pointer="/nodes/0"))
    run = report("STEP003", step="a", location=Location(run="r1", step="a/0"))
    text = show(graph, run, summary=False)
    assert " --> /nodes/0\n" in text
    assert " --> run r1, step a/0\n" in text


def test_related_places_have_their_own_frame():
    found = report(
        "DAG205",
        alias="x",
        count=2,
        location=at(1, 1, 1, 6),
        related=[Related("first used here", at(2, 7, 2, 10))],
    )
    assert "  :: first used here\n --> bad.py:2:7\n  |\n2 | async def checkout" in show(found)


def test_files_cannot_steer_the_terminal():
    evil = "\x1b[2J\x07"
    found = report("TOML001", location=at(1, 1, 1, 3, f"{evil}.toml"), why=evil, hint=evil)
    text = render_text([found], sources=lambda _: f"a{evil}b\x9b", colour=False)
    assert text.replace("\n", "").isprintable()
    assert "␛[2J␇" in text


def test_colour_is_only_added():
    found = report("DAG205", alias="x", count=2, location=at(1, 1, 1, 6))
    import re

    coloured = show(found, colour=True)
    assert "\x1b[1;31m" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == show(found)


def test_the_summary_counts():
    found = [
        report("DAG350", node="a"),
        report("DAG350", node="b"),
        report("DAG205", alias="x", count=2),
        report("PURE010", node="a", why="y"),
    ]
    assert show(*found).splitlines()[-1] == "1 error, 2 warnings, 1 note"
    assert show() == ""


def test_json_has_the_documented_shape():
    found = report("DAG350", node="a", location=at(3, 7, 3, 9, "workflow.toml"))
    assert json.loads(render_json([found])) == {
        "status": "ok",
        "diagnostics": [
            {
                "code": "DAG350",
                "severity": "warning",
                "message": "node `a` has no summary",
                "location": {
                    "file": "workflow.toml",
                    "range": {
                        "start": {"line": 3, "column": 7},
                        "end": {"line": 3, "column": 9},
                    },
                },
                "hint": "give its function a one-line docstring",
                "fix": None,
                "url": "https://latticeflow.dev/codes/DAG350",
            }
        ],
    }


def test_json_status():
    warning, error = report("DAG350", node="a"), report("TOML001", why="x")
    assert json.loads(render_json([]))["status"] == "ok"
    assert json.loads(render_json([warning], strict=True))["status"] == "error"
    assert json.loads(render_json([warning, error]))["status"] == "error"


def test_json_carries_fixes_and_related_places():
    fix = Fix("rename", (Edit("a.py", Range.of(1, 1, 1, 2), "y"),), "unsafe")
    found = report("DAG350", node="a", fix=fix, related=[Related("here", Location(pointer="/x"))])
    (shown,) = json.loads(render_json([found]))["diagnostics"]
    assert shown["fix"]["edits"][0]["new_text"] == "y"
    assert shown["fix"]["applicability"] == "unsafe"
    assert shown["related"] == [
        {"message": "here", "location": {"file": None, "range": None, "pointer": "/x"}}
    ]


def test_sarif_is_complete():
    fix = Fix("rename", (Edit("a b.py", Range.of(1, 1, 1, 2), "y"),))
    found = [
        report("DAG350", node="a", location=at(3, 7, 3, 9, "a b.py"), fix=fix),
        report("DAG205", alias="x", count=2, location=Location(pointer="/nodes/1")),
        report("PURE010", node="a", why="y", related=[Related("here", at(1, 1, 1, 2))]),
    ]
    log = json.loads(render_sarif(found))
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [r["id"] for r in rules] == ["DAG205", "DAG350", "PURE010"]
    results = run["results"]
    assert [rules[r["ruleIndex"]]["id"] for r in results] == ["DAG350", "DAG205", "PURE010"]
    assert [r["level"] for r in results] == ["warning", "error", "note"]
    physical = results[0]["locations"][0]["physicalLocation"]
    assert physical["artifactLocation"]["uri"] == "a%20b.py"
    assert physical["region"] == {"startLine": 3, "startColumn": 7, "endLine": 3, "endColumn": 9}
    change = results[0]["fixes"][0]["artifactChanges"][0]
    assert change["replacements"][0]["insertedContent"] == {"text": "y"}
    assert results[1]["locations"][0]["logicalLocations"][0]["fullyQualifiedName"] == "/nodes/1"
    assert results[2]["relatedLocations"][0]["message"] == {"text": "here"}
