"""Flow IR in JSON: its places, and what keeps a text from being a flow."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latticeflow.authoring.ir import Places, read_ir
from latticeflow.diagnostics import Range

NODE = """{"id": "f::a", "alias": "a", "identifier": "std.record", "name": "A", "kind": "inline",
      "effects": "pure", "determinism": "strict", "when": "true", "inputs": {"x/y": [1, 2]}}"""
FLOW = f"""{{
  "id": "f", "name": "s", "version": "1.0.0", "profile": "dev",
  "nodes": [
    {NODE},
    {NODE.replace('"a"', '"b"')}
  ],
  "edges": [{{"from": "a", "to": "b", "to_port": "x"}}]
}}"""


def cut(text, place):
    lines = text.split("\n")
    if place.start.line == place.end.line:
        return lines[place.start.line - 1][place.start.column - 1 : place.end.column - 1]
    first, *middle, last = lines[place.start.line - 1 : place.end.line]
    return "\n".join([first[place.start.column - 1 :], *middle, last[: place.end.column - 1]])


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def members(value, pointer=""):
    yield pointer, value
    if isinstance(value, dict):
        for key, inner in value.items():
            escaped = key.replace("~", "~0").replace("/", "~1")
            yield from members(inner, f"{pointer}/{escaped}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from members(inner, f"{pointer}/{index}")


@given(values, st.sampled_from([None, 1, "\t"]), st.booleans())
def test_every_value_stands_where_it_is_said_to(value, indent, ascii_only):
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    places = Places(text)
    expected = dict(members(value))
    assert places.keys() == expected.keys()
    for pointer, inner in expected.items():
        assert json.loads(cut(text, places[pointer])) == inner


def test_a_flow_comes_with_its_places():
    authored = read_ir(FLOW, file="f.json")
    assert authored.diagnostics == ()
    assert [node.alias for node in authored.flow.nodes] == ["a", "b"]
    span = authored.spans["/nodes/1/inputs/x~1y/1"]
    place = Range.of(span.line, span.column, span.end_line, span.end_column)
    assert cut(FLOW, place) == "2"
    assert authored.spans["/edges/0"].line == 9
    assert authored.spans["/version"].line == 2
    assert authored.files == {"f.json": FLOW}


@pytest.mark.parametrize(
    "text, line, column, message",
    [
        ('{\n  "id": }', 2, 9, "not JSON: expecting value"),
        ("", 1, 1, "not JSON: expecting value"),
        ('{"a": 1', 1, 8, "not JSON: "),
    ],
)
def test_what_is_not_json_is_said_with_its_place(text, line, column, message):
    (found,) = read_ir(text, file="f.json").diagnostics
    assert found.code == "IR001"
    assert found.message.startswith(message)
    assert (found.location.range.start.line, found.location.range.start.column) == (line, column)


def test_nesting_beyond_reason_is_no_crash():
    for text in ("[" * 100_000, '{"a":' * 100_000, '{"parameters":' + '{"a":' * 100_000):
        (found,) = read_ir(text, file="f.json").diagnostics
        assert found.code in {"IR001", "IR002"}


def test_what_is_json_but_no_flow_is_said_with_its_place():
    text = FLOW.replace('"kind": "inline"', '"kind": "inlined"', 1)
    (found,) = read_ir(text, file="f.json").diagnostics
    assert found.code == "IR002"
    assert found.message == "not a flow: `/nodes/0/kind`: invalid enum value 'inlined'"
    assert cut(text, found.location.range) == '"inlined"'


def test_a_missing_field_points_at_what_misses_it():
    text = FLOW.replace('"alias": "b", ', "")
    (found,) = read_ir(text, file="f.json").diagnostics
    assert found.message == "not a flow: `/nodes/1`: object missing required field `alias`"
    assert found.location.range.start.line == 6


def test_something_else_altogether():
    (found,) = read_ir("[]", file="f.json").diagnostics
    assert (found.code, found.location.range) == ("IR002", Range.of(1, 1, 1, 3))
