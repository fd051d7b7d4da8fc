"""Loading Python targets and resolving identifiers."""

import pickle
import sys
import textwrap

import pytest

from latticeflow.authoring.dsl import (
    FlowBuilder,
    component_of,
    load_python,
    resolve_python,
)
from latticeflow.diagnostics import Diagnostic
from latticeflow.flow.component import Component

ONE = """
from dataclasses import dataclass
from latticeflow import flow, node

@dataclass(frozen=True)
class Order:
    id: str

class Declined(Exception): ...

@node
def double(x: int) -> int:
    return x * 2

@flow
def quick(x: int) -> int:
    return double(x)
"""


@pytest.fixture(autouse=True)
def _unloaded(tmp_path):
    """Leave no module of a test's project behind, and no folder on the path."""
    modules, path = set(sys.modules), list(sys.path)
    yield
    for name in set(sys.modules) - modules:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]
    sys.path[:] = path


@pytest.fixture
def project(tmp_path):
    def write(**files):
        for name, text in files.items():
            path = tmp_path / (name.replace("__", "/") + ".py")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text))
        return tmp_path

    return write


def only(diagnostics):
    (found,) = diagnostics
    return found


def test_the_only_flow_of_a_file_needs_no_name(project):
    root = project(shop=ONE)
    loaded = load_python(str(root / "shop.py"), root=root)
    assert loaded.diagnostics == ()
    assert loaded.flow.__name__ == "quick"
    assert loaded.flow(4) == 8
    assert "shop.py" in loaded.files


def test_identifiers_of_a_file_are_relative_to_the_project(project):
    root = project(deep__inside__shop=ONE)
    module = load_python(str(root / "deep/inside/shop.py"), root=root).module
    assert component_of(module.double).spec.identifier == "deep/inside/shop.py:double"
    assert module.__name__ == "deep.inside.shop"


def test_values_and_functions_of_a_file_pickle(project):
    module = load_python(str(project(shop=ONE) / "shop.py")).module
    assert pickle.loads(pickle.dumps(module.Order("a"))) == module.Order("a")
    assert pickle.loads(pickle.dumps(module.double)) is module.double


def test_a_file_is_run_once_per_content(project):
    root = project(shop=ONE)
    first = load_python(str(root / "shop.py"), root=root).module
    assert load_python(str(root / "shop.py"), root=root).module is first
    project(shop=ONE.replace("x * 2", "x * 3"))
    again = load_python(str(root / "shop.py"), root=root)
    assert again.flow(4) == 12


def test_two_projects_may_call_a_file_the_same(tmp_path):
    for name, factor in (("a", "2"), ("b", "5")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "shop.py").write_text(ONE.replace("x * 2", f"x * {factor}"))
    flows = [
        load_python(str(tmp_path / name / "shop.py"), root=tmp_path / name).flow
        for name in ("a", "b")
    ]
    assert [flow(10) for flow in flows] == [20, 50]


def test_a_file_called_as_a_standard_module_does_not_take_its_place(project):
    import queue

    root = project(queue=ONE)
    module = load_python(str(root / "queue.py"), root=root).module
    assert sys.modules["queue"] is queue
    assert module.__name__.startswith("queue_")
    assert component_of(module.double).spec.identifier == "queue.py:double"


def test_a_file_can_import_its_neighbours(project):
    root = project(
        flows__shop="""
        from latticeflow import flow
        from prices import price
        @flow
        def quick(x: int) -> int:
            return price(x)
        """,
        flows__prices="""
        from latticeflow import node
        @node
        def price(x: int) -> int:
            return x + 1
        """,
    )
    assert load_python(str(root / "flows/shop.py"), root=root).flow(1) == 2


def test_relative_imports_work_inside_a_package(project):
    root = project(
        pack_a__flows="from .nodes import one\nfrom latticeflow import flow\n"
        "@flow\ndef f() -> int:\n    return one()\n",
        pack_a__nodes="from latticeflow import node\n@node\ndef one() -> int:\n    return 1\n",
    )
    (root / "pack_a/__init__.py").touch()
    loaded = load_python(str(root / "pack_a/flows.py"), root=root)
    assert loaded.diagnostics == ()
    assert loaded.flow() == 1
    assert loaded.module.__name__ == "pack_a.flows"


def test_a_module_target(project):
    root = project(pack_b__flows=ONE)
    loaded = load_python("pack_b.flows:quick", root=root)
    assert loaded.flow(2) == 4
    assert component_of(loaded.module.double).spec.identifier == "pack_b.flows:double"


def test_a_builder_is_a_target(project):
    root = project(made="from latticeflow import FlowBuilder\nbuilder = FlowBuilder('made')\n")
    assert isinstance(load_python(str(root / "made.py"), root=root).flow, FlowBuilder)


def test_flows_imported_from_elsewhere_are_not_the_modules_own(project):
    root = project(shop=ONE, other=ONE.replace("quick", "slow") + "from shop import quick\n")
    loaded = load_python(str(root / "other.py"), root=root)
    assert loaded.flow.__name__ == "slow"


@pytest.mark.parametrize(
    "target, code, part",
    [
        ("shop.py:quik", "CLI003", "did you mean `quick`"),
        ("shop.py:double", "CLI003", "holds no flow called `double`"),
        ("shp.py", "CLI002", "did you mean `shop.py`"),
        ("nowhere.at.all:f", "CLI002", "nowhere.at.all:f"),
        (":f", "CLI001", "names no file"),
        ("two.py", "CLI004", "`quick`, `slow`"),
        ("empty.py", "CLI003", "holds no flow"),
    ],
)
def test_a_wrong_target_is_one_diagnostic(project, monkeypatch, target, code, part):
    root = project(
        shop=ONE, empty="x = 1\n", two=ONE + "\n@flow\ndef slow(x: int) -> int:\n    return x\n"
    )
    monkeypatch.chdir(root)
    loaded = load_python(target, root=root)
    found = only(loaded.diagnostics)
    assert (loaded.flow, found.code) == (None, code)
    assert part in found.message


@pytest.mark.parametrize(
    "text, code, line, part",
    [
        ("import os\ndef f(:\n    pass\n", "CLI009", 2, "SyntaxError"),
        ("x = 1\ny = x / 0\n", "CLI009", 2, "ZeroDivisionError"),
        ("import nothing_like_this\n", "CLI009", 1, "nothing_like_this"),
        ("def g():\n    raise SystemExit(3)\n\ng()\n", "CLI009", 2, "SystemExit: 3"),
        (
            "from latticeflow import node\n\n@node(timeout='soon')\ndef f(): ...\n",
            "FLOW025",
            3,
            "`timeout` of `@node`",
        ),
        (
            "from latticeflow import node\n\n@node\nclass A: ...\n",
            "FLOW003",
            3,
            "`A` is a class",
        ),
    ],
)
def test_a_module_that_raises_is_a_diagnostic_at_its_line(project, text, code, line, part):
    root = project(broken=text)
    found = only(load_python(str(root / "broken.py"), root=root).diagnostics)
    assert found.code == code
    assert part in found.message
    assert (found.location.file, found.location.range.start.line) == ("broken.py", line)


def test_the_line_to_blame_may_be_in_a_module_it_imports(project):
    root = project(first="x = 1\nimport second\n", second="\n\nundefined_name\n")
    loaded = load_python(str(root / "first.py"), root=root)
    found = only(loaded.diagnostics)
    assert (found.location.file, found.location.range.start.line) == ("second.py", 3)
    assert "undefined_name" in loaded.files["second.py"]
    assert "first" not in sys.modules


def test_a_failed_reload_leaves_the_module_that_was_there(project):
    root = project(shop=ONE)
    first = load_python(str(root / "shop.py"), root=root).module
    project(shop="1 / 0\n")
    assert load_python(str(root / "shop.py"), root=root).flow is None
    assert sys.modules["shop"] is first


def test_resolving_gives_the_component(project):
    root = project(flows__shop=ONE)
    found = resolve_python("./flows/shop.py:double", root)
    assert isinstance(found, Component)
    assert found.spec.identifier == "flows/shop.py:double"
    assert found.call(3) == 6
    assert isinstance(resolve_python("flows/shop.py:Order", root), Component)


@pytest.mark.parametrize(
    "identifier, code, part",
    [
        ("shop.py:dubble", "FLOW018", "did you mean `double`"),
        ("shop.py:quick", "FLOW009", "is a flow, not a node"),
        ("shop.py:Declined", "FLOW009", "is not a node"),
        ("gone.py:double", "CLI002", "gone.py:double"),
        ("no_such_module_here:double", "CLI002", "no_such_module_here"),
        ("shop.py:make.<locals>.f", "FLOW003", "inside a function"),
        ("shop.py", "CLI001", "module:name"),
        ("broken.py:f", "CLI009", "ZeroDivisionError"),
    ],
)
def test_what_cannot_be_resolved_is_a_diagnostic(project, identifier, code, part):
    root = project(shop=ONE, broken="1 / 0\n")
    found = resolve_python(identifier, root)
    assert isinstance(found, Diagnostic)
    assert found.code == code
    assert part in found.message
