"""Broken TOML: each place is named, the rest is read."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latticeflow.authoring.toml.places import Path
from latticeflow.authoring.toml.syntax import parse_toml

GOOD = """\
id = "x"   # a note
"quoted key" = 'lit'
dotted.key = 1

[steps.a]
run = "echo \\"hi\\" \\u00e9 ${{ x }}"
list = [1, "two", { three = 3 }]

[steps.b.deep]
text = \"\"\"
first
second \\
   third\"\"\"

[[many]]
n = 1
[[many]]
n = 2
[many.sub]
k = true
"""


def broken(text: str) -> tuple[dict[str, object], list[tuple[str, int, int]]]:
    document, found = parse_toml(text, "w.toml")
    places = []
    for each in found:
        assert each.location is not None
        assert each.location.range is not None
        start = each.location.range.start
        places.append((each.code, start.line, start.column))
    return document.root, places


def test_values_are_those_of_tomllib() -> None:
    document, found = parse_toml(GOOD, "w.toml")
    assert found == []
    assert document.root == tomllib.loads(GOOD)


@pytest.mark.parametrize(
    ("path", "source"),
    [
        (("id",), '"x"'),
        (("quoted key",), "'lit'"),
        (("dotted", "key"), "1"),
        (("steps", "a"), "[steps.a]"),
        (("steps", "a", "list", 1), '"two"'),
        (("steps", "a", "list", 2, "three"), "3"),
        (("many", 0, "n"), "1"),
        (("many", 1, "n"), "2"),
        (("many", 1, "sub", "k"), "true"),
    ],
)
def test_values_have_places(path: Path, source: str) -> None:
    document, _ = parse_toml(GOOD, "w.toml")
    place = document.value(path)
    assert GOOD[place.start : place.end] == source


@pytest.mark.parametrize("path", [("steps", "a", "run"), ("steps", "b", "deep", "text")])
def test_each_character_of_a_text_has_a_place(path: Path) -> None:
    document, _ = parse_toml(GOOD, "w.toml")
    value: object = document.root
    for step in path:
        assert isinstance(value, dict)
        value = value[step]
    assert isinstance(value, str)
    content = document.value(path).content
    assert content is not None
    assert len(content) == len(value) + 1
    for character, offset in zip(value, content, strict=False):
        if character not in '"\\é':
            assert GOOD[offset] == character


def test_the_place_of_a_missing_value_is_the_nearest_above() -> None:
    document, _ = parse_toml(GOOD, "w.toml")
    place = document.value(("steps", "a", "nope"))
    assert GOOD[place.start : place.end] == "a"


@pytest.mark.parametrize(
    ("text", "places", "root"),
    [
        ("a = 1\nb = = 2\nc = 3\n", [("TOML001", 2, 5)], {"a": 1, "c": 3}),
        ('a = "open\nb = 2\n', [("TOML001", 1, 10)], {"b": 2}),
        ("[t\nx = 1\n", [("TOML001", 1, 3)], {"x": 1}),
        ("a = 1\na = 2\nb = 3\n", [("TOML019", 2, 1)], {"a": 1, "b": 3}),
        ("[t]\nx = 1\n[t]\ny = 2\n", [("TOML019", 3, 2)], {"t": {"x": 1}}),
        ("a = '''never\nb = 1\n", [("TOML001", 1, 5)], {}),
        ("x = [1,\ny = 2\n[t]\nz = 1\n", [("TOML001", 2, 1)], {"t": {"z": 1}}),
        ("= 1\n\n] \nok = true\n", [("TOML001", 1, 1), ("TOML001", 3, 1)], {"ok": True}),
        ("é = 1\nk = 'ünï' x\n", None, None),
        ("d = 2024-13-45\ne = 1", None, None),
    ],
)
def test_what_is_broken_is_named_and_left_out(
    text: str, places: list[tuple[str, int, int]] | None, root: dict[str, object] | None
) -> None:
    found_root, found = broken(text)
    assert found
    if places is not None:
        assert found == places
    if root is not None and root:
        assert found_root == root


def test_a_file_of_nonsense_ends() -> None:
    root, found = broken("\n".join(f"{index} = = [[" for index in range(200)))
    assert root == {}
    assert len(found) >= 50


@given(st.text(alphabet="ab=[]{}\"'\n.#1, \\é", max_size=60))
def test_any_text_is_read_or_reported(text: str) -> None:
    document, found = parse_toml(text, "w.toml")
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        assert found
    else:
        assert (document.root, found) == (values, [])
