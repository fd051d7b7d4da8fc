"""What is wrong in a workflow.toml is found at its line and column, all at once."""

from __future__ import annotations

import pytest
from tests.unit.authoring.toml.support import findings, read

HEAD = 'id = "w"\n'
TAIL = "[steps.ok]\nrun = 'true'\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [("TOML004", 1, 1), ("TOML004", 1, 1)]),
        (HEAD, [("TOML004", 1, 1)]),
        (HEAD + "vesion = '1.0.0'\n" + TAIL, [("TOML002", 2, 1)]),
        (HEAD + "version = 'one'\n" + TAIL, [("TOML007", 2, 11)]),
        (HEAD + "tags = 'a'\n" + TAIL, [("TOML003", 2, 8)]),
        (HEAD + "tags = ['a', 1]\n" + TAIL, [("TOML003", 2, 14)]),
        (HEAD + "max_parallel = 0\n" + TAIL, [("TOML007", 2, 16)]),
        (HEAD + "max_parallel = true\n" + TAIL, [("TOML003", 2, 16)]),
        (HEAD + "[parameters.a]\ntype = 'integr'\n" + TAIL, [("TOML007", 3, 8)]),
        (HEAD + "[parameters.a]\npattern = '('\n" + TAIL, [("TOML015", 3, 11)]),
        (HEAD + "[parameters.a]\ndefault = 3\n" + TAIL, [("TOML014", 3, 11)]),
        (HEAD + "[parameters.a]\nminimum = 3\n" + TAIL, [("TOML007", 3, 11)]),
        (HEAD + "[parameters.a]\nvalidator = 'x'\n" + TAIL, [("TOML007", 3, 13)]),
        (HEAD + "[steps.a]\nname = 'x'\n", [("TOML013", 2, 8)]),
        (HEAD + "[steps.a]\nrun = 'x'\nuses = 'calc.py:order'\n", [("TOML012", 4, 1)]),
        (HEAD + "[steps.a]\nruns = 'x'\nrun = 'x'\n", [("TOML002", 3, 1)]),
        (HEAD + "[steps.a]\nrun = 'x'\ntimeout = 'soon'\n", [("TOML006", 4, 11)]),
        (HEAD + "[steps.a]\nrun = 'x'\ntimeout = 30\n", [("TOML003", 4, 11)]),
        (HEAD + "[steps.a]\nrun = []\n", [("TOML007", 3, 7)]),
        (HEAD + "[steps.a]\nrun = 'x'\non_error = 'contine'\n", [("TOML007", 4, 12)]),
        (HEAD + "[steps.a]\nrun = 'x'\nretry.max_atempts = 3\n", [("TOML002", 4, 7)]),
        (HEAD + "[steps.a]\nrun = 'x'\nneeds = ['b']\n", [("TOML005", 4, 10)]),
        (HEAD + "[steps.a]\nrun = 'x'\nwhen = \"steps.b.status == 'x'\"\n", [("TOML005", 4, 15)]),
        (HEAD + "[steps.'a b']\nrun = 'x'\n" + TAIL, [("TOML022", 2, 8)]),
        (HEAD + "[steps.input]\nrun = 'x'\n", [("TOML022", 2, 8)]),
        (HEAD + "[steps.a]\nuses = 'gret'\n[actions.greet]\nrun = 'x'\n", [("TOML008", 3, 8)]),
        (HEAD + "[steps.a]\nuses = 'none.py:x'\n", [("TOML008", 3, 8)]),
        (HEAD + "[steps.a]\nuses = 'broken.py:x'\n", [("TOML008", 3, 8)]),
        (HEAD + "[steps.a]\nuses = 'std.shell'\n", [("TOML008", 3, 8)]),
        (HEAD + "[steps.a]\nuses = 'calc.py:double'\n", [("TOML010", 3, 8)]),
        (
            HEAD + "[steps.a]\nuses = 'calc.py:order'\ninputs = { y = 1 }\n",
            [("TOML009", 4, 12)],
        ),
        (
            HEAD + "[steps.a]\nuses = 'calc.py:double'\ninputs.x = 'five'\n",
            [("TOML023", 4, 12)],
        ),
        (
            HEAD + "[steps.b]\nrun = 'x'\n[steps.a]\nuses = 'calc.py:double'\n"
            "inputs = { x = '${{ steps.b.stdout }}' }\n",
            [("TOML023", 6, 16)],
        ),
        (HEAD + "[steps.a]\nuses = 'calc.py:half'\ninputs.x = 5\n", []),
        (
            HEAD + "[steps.a]\nuses = 'calc.py:bill'\ninputs.order = { id = 'x' }\n",
            [("TOML023", 4, 16)],
        ),
        (
            HEAD + "[steps.a]\nuses = 'calc.py:order'\nenv = { A = 'x' }\n",
            [("TOML007", 4, 1)],
        ),
        (
            HEAD + "[steps.a]\nrun = 'x'\n[steps.b]\nrun = 'echo ${{ steps.a.outputs.n }}'\n",
            [("TOML020", 5, 33)],
        ),
        (
            HEAD + "[steps.a]\nuses = 'calc.py:order'\n"
            "[steps.b]\nrun = 'echo ${{ steps.a.outputs.totl }}'\n",
            [("TOML020", 5, 33)],
        ),
        (HEAD + "[steps.a]\nrun = \"echo '${{ run.id }}'\"\n", [("TOML011", 3, 14)]),
        (HEAD + "[steps.a]\nrun = 'sh -c \"x ${{ run.id }}\"'\n", [("TOML011", 3, 17)]),
        (HEAD + "[steps.a]\nrun = 'echo ${{ run.id'\n", [("EXPR013", 3, 13)]),
        (HEAD + "[steps.a]\nrun = 'echo ${{ run.idd }}'\n", [("EXPR003", 3, 21)]),
        (HEAD + "[steps.a]\nrun = ['x', '${{ 1 + }}']\n", [("EXPR001", 3, 21)]),
        (HEAD + "[steps.a]\nrun = 'x'\nenv.A = '${{ nope }}'\n", [("EXPR002", 4, 14)]),
        (HEAD + "[steps.a]\nrun = 'x'\nwhen = '1 + 1'\n", [("EXPR009", 4, 9)]),
        (HEAD + "[steps.a]\nrun = 'x'\nwhen = ' ${{ 1 == 1.5 }}'\n", [("EXPR005", 4, 14)]),
        (
            HEAD + "[steps.a]\nrun = '''\nline\né ${{ run.x }}'''\n",
            [("EXPR003", 5, 11)],
        ),
        (HEAD + '[steps.a]\nrun = "\\u00e9 ${{ run.x }}"\n', [("EXPR003", 3, 23)]),
        (
            HEAD + "[steps.a]\nrun = 'x'\nneeds = ['b']\n[steps.b]\nrun = 'x'\nneeds = ['a']\n",
            [("TOML021", 4, 10)],
        ),
        (HEAD + "[steps.a]\nrun = 'echo ${{ steps.a.stdout }}'\n", [("TOML021", 3, 23)]),
        (
            HEAD + "[actions.p]\nuses = 'q'\n[actions.q]\nuses = 'p'\n[steps.a]\nuses = 'p'\n",
            [("TOML024", 5, 8)],
        ),
        (
            HEAD + "[actions.p]\nrun = 'echo ${{ inputs.y }}'\ninputs.x = {}\n"
            "[steps.a]\nuses = 'p'\ninputs.x = 's'\n",
            [("EXPR003", 3, 24)],
        ),
        (
            HEAD + "[actions.p]\nrun = 'x'\ninputs.x.type = 'integer'\n"
            "[steps.a]\nuses = 'p'\ninputs.x = 's'\n",
            [("TOML023", 7, 12)],
        ),
        (HEAD + "include = 'no.toml'\n" + TAIL, [("TOML016", 2, 11)]),
        (HEAD + "include = 'workflow.toml'\n" + TAIL, [("TOML017", 2, 11)]),
        (HEAD + "[artifacts]\na = { retention = '1d' }\n" + TAIL, [("TOML004", 3, 5)]),
        (HEAD + "[outputs]\nx = '${{ steps.no.stdout }}'\n" + TAIL, [("TOML005", 3, 16)]),
        (
            HEAD + "bad = = 1\n[steps.a]\nrun = 'x'\nneeds = ['b']\n",
            [("TOML001", 2, 7), ("TOML005", 5, 10)],
        ),
    ],
)
def test_is_found_at_its_place(text: str, expected: list[tuple[str, int, int]]) -> None:
    authored = read(text)
    assert findings(authored) == expected, [each.message for each in authored.diagnostics]
    assert (authored.flow is None) is bool(expected)


def test_names_that_are_nearly_right_come_with_a_suggestion_and_a_fix() -> None:
    first = read(HEAD + "vesion = '1.0.0'\n" + TAIL).diagnostics[0]
    assert "did you mean `version`?" in first.message
    assert first.fix is not None
    assert first.fix.edits[0].new_text == "version"
    second = read(HEAD + "[steps.a]\nrun = 'x'\non_error = 'contine'\n").diagnostics[0]
    assert second.hint == "did you mean `continue`?"
    assert second.fix is not None
    assert second.fix.edits[0].new_text == '"continue"'
    text = (
        HEAD + "[steps.fetch-it]\nrun = 'x'\n[steps.b]\nrun = 'echo ${{ steps.fetch-it.stdout }}'\n"
    )
    third = read(text).diagnostics[0]
    assert third.code == "TOML005"
    assert third.hint == 'a name with `-` goes in brackets: `steps["fetch-it"]`'


def test_an_undeclared_output_says_how_to_declare_it() -> None:
    text = HEAD + "[steps.a]\nrun = 'x'\n[steps.b]\nrun = 'echo ${{ steps.a.outputs.n }}'\n"
    assert read(text).diagnostics[0].hint == 'declare it: `outputs = ["n"]` in [steps.a]'


def test_everything_is_found_in_one_pass() -> None:
    text = """\
id = "w"
nam = "x"
[parameters.n]
type = "integer"
default = "x"
[steps.a]
run = "echo '${{ params.n }}' ${{ params.m }}"
timeout = "soon"
[steps.b]
uses = "calc.py:double"
needs = ["zz"]
"""
    codes = [code for code, _, _ in findings(read(text))]
    assert codes == ["TOML002", "TOML014", "TOML011", "EXPR003", "TOML006", "TOML010", "TOML005"]
