"""Nodes of a `FlowBuilder` know where they were added."""

from __future__ import annotations

from pathlib import Path

from latticeflow import FlowBuilder, node


@node
def add(a: int, b: int = 1) -> int:
    return a + b


def built() -> FlowBuilder:
    builder = FlowBuilder("sites")
    value = builder.input("x", int)
    for _ in range(3):
        value = builder.add(add, a=value)  # here
    own = "é", builder.inline(lambda a: a, "own", a=value)  # there
    builder.inline(add, "other", a=own[1])  # elsewhere
    builder.output(own[1])
    return builder


def line_of(mark: str) -> int:
    lines = Path(__file__).read_text(encoding="utf-8").splitlines()
    return next(n for n, line in enumerate(lines, 1) if line.endswith(f"# {mark}"))


def test_a_node_stands_where_it_was_added():
    nodes = {each.alias: each for each in built().build()[0].nodes}
    for alias, mark in [
        ("add", "here"),
        ("add_3", "here"),
        ("own", "there"),
        ("other", "elsewhere"),
    ]:
        span = nodes[alias].span
        assert span is not None
        assert span.file == "tests/unit/authoring/dsl/test_call_sites.py"
        assert span.line == span.end_line == line_of(mark)
    assert nodes["add"].span.column == 17
    assert nodes["own"].span.column == 16  # counted in characters
    assert nodes["add"].span is nodes["add_2"].span  # a loop asks once


def test_code_of_no_file_has_no_place():
    scope = {"FlowBuilder": FlowBuilder, "add": add}
    exec("b = FlowBuilder('b'); b.add(add, a=1)", scope)
    found = next(each for each in scope["b"].build()[0].nodes if each.alias == "add")
    assert found.span.line == line_of_definition()  # that of the node, as there is no better


def line_of_definition() -> int:
    return add.__code__.co_firstlineno + 1
