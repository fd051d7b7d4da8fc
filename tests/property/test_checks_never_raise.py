"""Whatever a Flow IR says, the checker answers with diagnostics."""

import copy
import json
from pathlib import Path

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from latticeflow.checks import check
from latticeflow.components.standard import STANDARD
from latticeflow.flow import decode_flow

DOCUMENTS = [
    json.loads(path.read_text(encoding="utf-8"))
    for path in sorted((Path(__file__).parents[1] / "fixtures" / "codes").glob("*/good.json"))
]
ODD = [
    None,
    0,
    -1,
    True,
    1.5,
    "",
    "a",
    "/x",
    "=value.x > 1",
    "steps.a.status",
    "a.b,c",
    [],
    ["a"],
    {},
    {"a": 1},
    {"$template": "${{ params.x }}"},
    {"$ref": "#"},
    {"type": "array"},
    {"type": ["string", "null"]},
    {"anyOf": []},
    {"kind": "inline"},
    {"kind": "inline", "schema": {"properties": {"a": {"$ref": "#"}}}},
]


def paths(value, path=()):
    yield path
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from paths(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from paths(inner, (*path, index))


def at(value, path):
    for key in path:
        value = value[key]
    return value


@st.composite
def damaged(draw):
    """A graph with parts taken out, replaced by odd values, or by parts of other graphs."""
    graph = copy.deepcopy(draw(st.sampled_from(DOCUMENTS)))
    for _ in range(draw(st.integers(1, 5))):
        *parent, last = draw(st.sampled_from(list(paths(graph))[1:]))
        holder = at(graph, parent)
        how = draw(st.sampled_from(["remove", "odd", "other"]))
        if how == "remove":
            del holder[last]
            if not graph:
                break
            continue
        if how == "odd":
            holder[last] = copy.deepcopy(draw(st.sampled_from(ODD)))
            continue
        other = draw(st.sampled_from(DOCUMENTS))
        same = [p for p in paths(other) if p and p[-1] == last]
        if same:
            holder[last] = copy.deepcopy(at(other, draw(st.sampled_from(same))))
    return graph


@given(damaged())
def test_a_damaged_graph_is_judged(document):
    try:
        graph = decode_flow(json.dumps(document))
    except msgspec.DecodeError:
        return
    result = check(graph, STANDARD)
    assert all("\n" not in d.message for d in result.diagnostics)
    assert (result.checked is None) == any(d.is_error for d in result.diagnostics)
