"""Finding a function in its file, and saying where things stand in it."""

from __future__ import annotations

from latticeflow.authoring.dsl.compiler import compile_flow

FLOW = "from latticeflow.authoring.dsl import flow, node\n"


def test_columns_count_characters(load):
    module = load(FLOW + "@flow\ndef f(s: str) -> object:\n    return 'äöü€𝄞', s // 2\n")
    (issue,) = compile_flow(module.f).diagnostics
    at = issue.location.range
    assert (at.start.line, at.start.column, at.end.column) == (4, 21, 27)


def test_a_text_at_column_zero_inside_a_nested_function(load):
    module = load(
        FLOW + "def make():\n    @flow\n    def f(n: int) -> str:\n"
        '        return """\nno indent\n"""\n    return f\nf = make()\n'
    )
    assert compile_flow(module.f).flow is not None


def test_decorators_above_and_several_lines_of_them(load):
    module = load(
        "import functools\n" + FLOW + "def loud(fn):\n    @functools.wraps(fn)\n"
        "    def inner(*args):\n        return fn(*args)\n    return inner\n"
        "@loud\n@flow(\n    version='1.0.0',\n)\ndef f(n: int) -> int:\n    return n + 1\n"
    )
    authored = compile_flow(module.f)
    assert authored.flow.version == "1.0.0"


def test_two_functions_of_one_name(load):
    module = load(
        FLOW + "@flow\ndef f(n: int) -> int:\n    return n + 1\nfirst = f\n"
        "@flow\ndef f(n: int) -> int:\n    return n + 2\n"
    )
    texts = [compile_flow(f).flow.nodes[-1].config["expr"] for f in (module.first, module.f)]
    assert texts == ["n + 1", "n + 2"]


def test_a_file_edited_since_its_import(load, tmp_path):
    module = load(FLOW + "@flow\ndef f(n: int) -> int:\n    return n + 1\n", "edited_module")
    path = tmp_path / "edited_module.py"
    path.write_text(FLOW + "@flow\ndef f(n: int) -> int:\n    return n + 2\n")
    (issue,) = compile_flow(module.f).diagnostics
    assert issue.code == "FLOW002"
    path.write_text("# gone\n")
    (issue,) = compile_flow(module.f).diagnostics
    assert issue.code == "FLOW002"


def test_an_edit_elsewhere_in_the_file_does_not_matter(load, tmp_path):
    source = FLOW + "@flow\ndef f(n: int) -> int:\n    return n + 1\n"
    module = load(source, "longer_module")
    (tmp_path / "longer_module.py").write_text(source + "\nOTHER = 1\n")
    assert compile_flow(module.f).flow is not None


def test_no_source_at_all():
    names: dict[str, object] = {}
    exec(FLOW + "@flow\ndef f(n: int) -> int:\n    return n\n", names)
    (issue,) = compile_flow(names["f"]).diagnostics
    assert issue.code == "FLOW001"


def test_a_method_is_refused(load):
    module = load(FLOW + "class C:\n    @flow\n    def f(self) -> int:\n        return 1\n")
    issues = compile_flow(module.C.f).diagnostics
    assert {issue.code for issue in issues} == {"FLOW003"}


def test_an_annotation_that_names_nothing(load):
    module = load(FLOW + "@flow\ndef f(n: 'Nothing') -> int:\n    return 1\n")
    (issue,) = compile_flow(module.f).diagnostics
    assert issue.code == "FLOW012"


def test_nothing_of_the_body_runs(load):
    module = load(
        FLOW + "RAN = []\n@node\ndef touch(n: int) -> int:\n    RAN.append(n)\n    return n\n"
        "@flow\ndef f(n: int) -> int:\n    return touch(n)\n"
    )
    assert compile_flow(module.f).flow is not None
    assert module.RAN == []
