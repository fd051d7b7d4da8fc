"""Each kind of wrong wiring is refused in each way in, with its code and at its line.

The line that a finding must name bears a comment with the code, in Python and in TOML. JSON has no
comments: there it is the line of a text that occurs once.
"""

from __future__ import annotations

import copy
import json
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from latticeflow.cli import main

PYTHON = {
    "type mismatch": """
        @flow
        def shop(name: str) -> int:
            \"\"\"Shop.\"\"\"
            order = make(name)
            return double(order.id)  #! DAG201
        """,
    "type mismatch of the result": """
        @flow
        def shop(name: str) -> str:
            \"\"\"Shop.\"\"\"
            order = make(name)
            return double(order.cents)  #! TYPE010
        """,
    "missing field": """
        @flow
        def shop(name: str) -> int:
            \"\"\"Shop.\"\"\"
            order = make(name)
            return double(order.sents)  #! FLOW015
        """,
    "cycle": """
        shop = FlowBuilder("shop", summary="Shop.")
        first = shop.add(double, cents=shop.input("cents", int))  #! DAG200
        second = shop.add(double, cents=first)
        shop.connect(second, first)
        shop.output(second)
        """,
    "unknown step": """
        @flow
        def shop(name: str) -> int:
            \"\"\"Shop.\"\"\"
            order = make(name)
            return duble(order.cents)  #! FLOW018
        """,
    "expression of no meaning": """
        @flow
        def shop(name: str) -> int:
            \"\"\"Shop.\"\"\"
            order = make(name)
            if order.cents > order.id:  #! FLOW029
                return double(order.cents)
            return 0
        """,
    "expression that differs in the graph": """
        @flow
        def shop(name: str) -> int:
            \"\"\"Shop.\"\"\"
            order = make(name)
            return double(order.cents // 3)  #! FLOW014
        """,
    "undeclared effect": """
        @flow
        async def shop(cents: int) -> int:
            \"\"\"Shop.\"\"\"
            return await understated(cents)  #! EFFECT201
        """,
    "unsafe retry": """
        @flow
        async def shop(cents: int) -> int:
            \"\"\"Shop.\"\"\"
            return await unsafe(cents)  #! RETRY012
        """,
}
TOML = {
    "type mismatch": """
        [steps.double]
        uses = "./wiring_steps.py:double"
        inputs.cents = "${{ steps.make.outputs.id }}"  #! TOML023
        """,
    "type mismatch of a literal": """
        [steps.double]
        uses = "./wiring_steps.py:double"

        [steps.double.inputs]
        cents = "many"  #! TOML023
        """,
    "missing field": """
        [steps.double]
        uses = "./wiring_steps.py:double"
        inputs.cents = "${{ steps.make.outputs.sents }}"  #! TOML020
        """,
    "cycle": """
        [steps.one]
        run = ["true"]
        effects = "pure"
        needs = [
            "make",
            "two",  #! TOML021
        ]

        [steps.two]
        run = ["true"]
        effects = "pure"
        needs = ["one"]
        """,
    "unknown step needed": """
        [steps.double]
        uses = "./wiring_steps.py:double"
        inputs.cents = 4
        needs = [
            "make",
            "mak",  #! TOML005
        ]
        """,
    "unknown step in an expression": """
        [steps.double]
        uses = "./wiring_steps.py:double"
        inputs.cents = "${{ steps.mak.outputs.cents }}"  #! TOML005
        """,
    "unknown node": """
        [steps.double]
        inputs.cents = 4
        uses = "./wiring_steps.py:duble"  #! TOML008
        """,
    "bad CEL": """
        [steps.double]
        uses = "./wiring_steps.py:double"
        inputs.cents = 4
        when = "steps.make.outputs.cents >"  #! EXPR001
        """,
    "CEL of no meaning": """
        [steps.double]
        uses = "./wiring_steps.py:double"
        inputs.cents = 4
        when = "steps.make.outputs.cents > steps.make.outputs.id"  #! EXPR004
        """,
    "undeclared effect": """
        [steps.charge]  #! EFFECT201
        uses = "./wiring_steps.py:understated"
        inputs.cents = 4
        """,
    "effect claimed away": """
        [steps.charge]
        uses = "./wiring_steps.py:charge"
        inputs.cents = 4
        effects = "pure"  #! EFFECT201
        """,
    "unsafe retry": """
        [steps.push]
        run = "git push"
        retry = 3  #! RETRY012
        """,
}


def _node(graph: dict[str, Any], alias: str) -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in graph["nodes"] if each["alias"] == alias)
    return found


def _feed(graph: dict[str, Any], target: str) -> dict[str, Any]:
    found: dict[str, Any] = next(
        each for each in graph["edges"] if each["to"] == target and "to_port" in each
    )
    return found


# What is changed in the graph of `GOOD`, the code, and what stands in the line of the finding.
Change = Callable[[dict[str, Any]], object]
JSON: dict[str, tuple[Change, str, str]] = {
    "type mismatch": (
        lambda graph: _feed(graph, "double").update(select="/id", to="double"),
        "DAG201",
        "an edge",
    ),
    "missing field": (
        lambda graph: _feed(graph, "double").update(select="/sents"),
        "TYPE007",
        '"select": "/sents"',
    ),
    "missing input": (
        lambda graph: _feed(graph, "double").update(to_port="sents"),
        "TYPE004",
        '"to_port": "sents"',
    ),
    "cycle": (
        lambda graph: graph["edges"].append({"from": "double", "to": "make"}),
        "DAG200",
        "the node make",
    ),
    "unknown step": (
        lambda graph: graph["edges"].append({"from": "mak", "to": "double"}),
        "DAG202",
        '"from": "mak"',
    ),
    "unknown component": (
        lambda graph: _node(graph, "double").update(identifier="wiring_steps:duble"),
        "DAG212",
        '"identifier": "wiring_steps:duble"',
    ),
    "bad CEL": (
        lambda graph: _node(graph, "cond_1")["config"].update(expr="make_cents >"),
        "EXPR001",
        '"expr": "make_cents >"',
    ),
    "CEL of no meaning": (
        lambda graph: _node(graph, "cond_1")["config"].update(expr="make_cents > 'x'"),
        "EXPR004",
        '"expr": "make_cents > \'x\'"',
    ),
    "undeclared effect": (
        lambda graph: _node(graph, "charge").update(effects="pure", effectHints=[]),
        "EFFECT201",
        "the effects of charge",
    ),
    "unsafe retry": (
        lambda graph: (
            _node(graph, "charge").update(retry={"max_attempts": 3}),
            _node(graph, "charge").pop("idempotency"),
        ),
        "RETRY012",
        '"retry": {',
    ),
}
# What else is true of the same mistake.
ALSO = {
    "missing input": {"TYPE005": "the node double"},
    "unknown component": {"FLOW018": '"identifier": "wiring_steps:duble"'},
}
GOOD = '''
from latticeflow import flow
from wiring_steps import charge, double, make


@flow
async def shop(name: str) -> int:
    """Shop."""
    order = make(name)
    if order.cents > 10:
        return await charge(double(order.cents))
    return 0
'''


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    (tmp_path / "flows.toml").touch()
    shutil.copy(Path(__file__).with_name("wiring_steps.py"), tmp_path)
    monkeypatch.chdir(tmp_path)
    # The loader puts the folder on the path and its modules among the known ones.
    monkeypatch.setattr(sys, "path", list(sys.path))
    known = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - known:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]


def check(target: str, capsys: pytest.CaptureFixture[str]) -> set[tuple[str, str, int]]:
    """Return code, file and line of every error that `flows check` finds."""
    exit_code = main(["check", "--format", "json", target])
    found = json.loads(capsys.readouterr().out)["diagnostics"]
    errors = [each for each in found if each["severity"] == "error"]
    assert exit_code == (1 if errors else 0)
    return {
        (
            each["code"],
            each["location"]["file"],
            each["location"]["range"]["start"]["line"],
        )
        for each in errors
    }


def dedented(text: str) -> str:
    return re.sub(r"(?m)^ {8}", "", text)


def marked(text: str, file: str) -> set[tuple[str, str, int]]:
    lines = enumerate(text.splitlines(), 1)
    return {
        (code, file, number) for number, line in lines for code in line.partition("#! ")[2].split()
    }


@pytest.mark.parametrize("wrong", PYTHON)
def test_python(folder: Path, capsys: pytest.CaptureFixture[str], wrong: str) -> None:
    head = "from latticeflow import FlowBuilder, flow\nfrom wiring_steps import *\n\n"
    text = head + dedented(PYTHON[wrong])
    (folder / "good.py").write_text(GOOD)
    assert check("good.py", capsys) == set()
    (folder / "shop.py").write_text(text)
    assert marked(text, "shop.py")
    assert check("shop.py", capsys) == marked(text, "shop.py")


@pytest.mark.parametrize("wrong", TOML)
def test_toml(folder: Path, capsys: pytest.CaptureFixture[str], wrong: str) -> None:
    head = (
        'id = "shop"\ndescription = "Shop."\n[parameters.name]\ndefault = "x"\n'
        '[steps.make]\nuses = "./wiring_steps.py:make"\ninputs.name = "${{ params.name }}"\n'
    )
    text = head + dedented(TOML[wrong])
    right = head + '[steps.double]\nuses = "./wiring_steps.py:double"\ninputs.cents = 4\n'
    (folder / "workflow.toml").write_text(right)
    assert check("workflow.toml", capsys) == set()
    (folder / "workflow.toml").write_text(text)
    assert marked(text, "workflow.toml")
    assert check("workflow.toml", capsys) == marked(text, "workflow.toml")


@pytest.mark.parametrize("wrong", JSON)
def test_json(folder: Path, capsys: pytest.CaptureFixture[str], wrong: str) -> None:
    (folder / "shop.py").write_text(GOOD)
    assert main(["graph", "shop.py", "--format", "json"]) == 0
    good = json.loads(capsys.readouterr().out)
    (folder / "good.json").write_text(json.dumps(good))
    assert check("good.json", capsys) == set()
    graph = copy.deepcopy(good)
    change, code, place = JSON[wrong]
    change(graph)
    text = json.dumps(graph, indent=2)
    (folder / "bad.json").write_text(text)
    found = check("bad.json", capsys)
    at = line_of(place, text)
    assert (code, "bad.json", at) in found
    assert found == {(code, "bad.json", at)} | {
        (also, "bad.json", line_of(where, text)) for also, where in ALSO.get(wrong, {}).items()
    }


def line_of(place: str, text: str) -> int:
    """Return the line of a text that occurs once, or of the part that `place` describes."""
    lines = text.splitlines()
    described = {
        # The first line of the edge that takes `/id`, of a node, of a field within a node.
        "an edge": lambda: _before(lines, '"select": "/id"', "{"),
        "the node make": lambda: _before(lines, '"alias": "make"', "{"),
        "the node double": lambda: _before(lines, '"alias": "double"', "{"),
        "the effects of charge": lambda: _after(lines, '"alias": "charge"', '"effects":'),
    }
    if place in described:
        return described[place]()
    at = [number for number, line in enumerate(lines, 1) if place in line]
    assert len(at) == 1, (place, at)
    return at[0]


def _before(lines: list[str], text: str, wanted: str) -> int:
    at = next(number for number, line in enumerate(lines) if text in line)
    return next(n + 1 for n in range(at, -1, -1) if lines[n].strip() == wanted)


def _after(lines: list[str], text: str, wanted: str) -> int:
    at = next(number for number, line in enumerate(lines) if text in line)
    return next(n + 1 for n in range(at, len(lines)) if wanted in lines[n])
