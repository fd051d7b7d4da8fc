"""Applying machine fixes."""

from latticeflow.diagnostics import Edit, Fix, Range, apply_fixes, report

TEXT = "alpha\nbêta 東京\ngamma\n"


def finding(*edits, applicability="safe"):
    return report("DAG350", node="x", fix=Fix("do it", edits, applicability))


def edit(line, column, end_line, end_column, text, file="a"):
    return Edit(file, Range.of(line, column, end_line, end_column), text)


def test_columns_are_characters():
    changed, applied = apply_fixes([finding(edit(2, 6, 2, 8, "Tōkyō"))], {"a": TEXT})
    assert changed == {"a": "alpha\nbêta Tōkyō\ngamma\n"}
    assert len(applied) == 1


def test_several_edits_of_a_file_do_not_shift_each_other():
    one = finding(edit(1, 1, 1, 6, "A"), edit(3, 1, 3, 6, "G"))
    two = finding(edit(2, 1, 2, 5, "longer than before"))
    changed, applied = apply_fixes([one, two], {"a": TEXT})
    assert changed["a"] == "A\nlonger than before 東京\nG\n"
    assert applied == (one, two)


def test_an_overlapping_fix_waits_as_a_whole():
    one = finding(edit(1, 1, 1, 4, "X"))
    two = finding(edit(1, 3, 1, 5, "Y"), edit(3, 1, 3, 1, "Z"))
    changed, applied = apply_fixes([one, two], {"a": TEXT})
    assert changed["a"].splitlines() == ["Xha", "bêta 東京", "gamma"]
    assert applied == (one,)


def test_the_same_edit_twice_counts_once():
    one, two = finding(edit(1, 1, 1, 1, "import x\n")), finding(edit(1, 1, 1, 1, "import x\n"))
    changed, applied = apply_fixes([one, two], {"a": TEXT})
    assert changed["a"].count("import x") == 1
    assert len(applied) == 2


def test_two_insertions_at_one_place_are_not_mixed():
    changed, applied = apply_fixes(
        [finding(edit(1, 1, 1, 1, "a")), finding(edit(1, 1, 1, 1, "b"))], {"a": TEXT}
    )
    assert changed["a"].startswith("aalpha")
    assert len(applied) == 1


def test_unsafe_fixes_are_asked_for():
    risky = finding(edit(1, 1, 1, 6, "B"), applicability="unsafe")
    assert apply_fixes([risky], {"a": TEXT}) == ({}, ())
    assert apply_fixes([risky], {"a": TEXT}, unsafe=True)[1] == (risky,)


def test_a_file_that_is_not_there_is_left_alone():
    assert apply_fixes([finding(edit(1, 1, 1, 1, "x", file="b"))], {"a": TEXT}) == ({}, ())


def test_a_range_past_the_end_appends():
    changed, _ = apply_fixes([finding(edit(9, 1, 9, 1, "end"))], {"a": TEXT})
    assert changed["a"] == TEXT + "end"
