"""Values in shell text, judged by real shells: a value must arrive as it is, and never run."""

import os
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from latticeflow.expr.quoting import UnsafePlaceError, find_unsafe, refer_to_values

HOLE = object()

EVIL = [
    "$(touch pwned)",
    "`touch pwned`",
    "; touch pwned #",
    "'; touch pwned; '",
    '"; touch pwned; "',
    "a b  c * ? [x]",
    "-n",
    "$HOME ${HOME} \\ \\n",
    "line\nbreak",
    "naïve ☃ 🎉",
    "",
    "&& touch pwned",
    "x[$(touch pwned)]",
]


def parts(text):
    """`@` stands for a value."""
    out = []
    for index, piece in enumerate(text.split("@")):
        if index:
            out.append(HOLE)
        if piece:
            out.append(piece)
    return out


def refer(text):
    return refer_to_values(parts(text), lambda index: f"V{index}")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("echo @", 'echo "${V1}"'),
        ("echo a@b", 'echo a"${V1}"b'),
        ('echo "a @ b"', 'echo "a ${V1} b"'),
        ('echo "$(cat @)"', 'echo "$(cat "${V1}")"'),
        ('echo "$(cat "@")" "@"', 'echo "$(cat "${V1}")" "${V3}"'),
        ("echo 'it''s' @", "echo 'it''s' \"${V1}\""),
        ("echo \\' @", 'echo \\\' "${V1}"'),
        ("echo $# @ # it's", 'echo $# "${V1}" # it\'s'),
        ("# it's\necho @", '# it\'s\necho "${V1}"'),
        ("cat <<END\nit's\nEND\necho @", 'cat <<END\nit\'s\nEND\necho "${V1}"'),
        ("cat <<-'A B'\n\tx\n\tA B\necho @", "cat <<-'A B'\n\tx\n\tA B\necho \"${V1}\""),
        ("cat <<END @ \nEND\n", 'cat <<END "${V1}" \nEND\n'),
        (
            "(echo @) > x; case a in a) echo @;; esac",
            '(echo "${V1}") > x; case a in a) echo "${V3}";; esac',
        ),
        ("echo $((1 + 2)) ${x:-y} @", 'echo $((1 + 2)) ${x:-y} "${V1}"'),
        ("[[ a == b ]] || echo @", '[[ a == b ]] || echo "${V1}"'),
        ("cat <<< @", 'cat <<< "${V1}"'),
        ("a=@ \\\n@", 'a="${V1}" \\\n"${V3}"'),
        ("@", '"${V0}"'),
    ],
)
def test_safe_places(text, expected):
    pieces = parts(text)
    names = iter(f"V{n}" for n in range(1, 99, 2))
    found = refer_to_values(pieces, lambda index: f"V{index}" if text == "@" else next(names))
    assert found == expected


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("echo '@'", "between single quotes"),
        ("echo `cat @`", "between backquotes"),
        ('echo "`cat @`"', "between backquotes"),
        ("echo $((1 + @))", "inside arithmetic"),
        ("echo $[@]", "inside arithmetic"),
        ("((x = @))", "inside arithmetic"),
        ("echo $(( $(echo @) ))", "inside arithmetic"),
        ("echo ${x:-@}", "inside `${ }`"),
        ('echo "${x:-@}"', "inside `${ }`"),
        ("[[ @ -eq 1 ]]", "inside `[[ ]]`"),
        ('[[ "@" -eq 1 ]]', "inside `[[ ]]`"),
        ("cat <<END\n@\nEND\n", "in a here-document"),
        ("cat <<'END'\n@\nEND\n", "in a here-document"),
        ("cat <<A <<B\nA\n@\nB\n", "in a here-document"),
        ("cat <<@\n", "after a here-document"),
        ("cat <<$x\n@\n", "after a here-document"),
        ("echo a # @", "in a comment"),
        ("echo \\@", "after a backslash"),
        ('echo "\\@"', "after a backslash"),
        ("echo $'\\'' @", "after `$'`"),
        ("echo $(case a in a) echo @;; esac)", "after `case` inside `$( )`"),
        ('echo "${x:-\'}" @', "after a quote inside `${ }`"),
    ],
)
def test_unsafe_places(text, where):
    with pytest.raises(UnsafePlaceError) as caught:
        refer(text)
    assert caught.value.where == where
    assert parts(text)[caught.value.index] is HOLE


def run(shell, text, values, cwd):
    pieces = parts(text)
    names = {}
    script = refer_to_values(
        pieces, lambda index: names.setdefault(index, f"FLOWS_VALUE_{len(names)}")
    )
    env = {"PATH": os.environ["PATH"], "HOME": "/home/x"}
    env |= dict(zip(names.values(), values, strict=True))
    return subprocess.run(
        [shell, "-c", script], env=env, cwd=cwd, capture_output=True, check=True
    ).stdout.decode()


@pytest.mark.parametrize("shell", ["sh", "bash"])
@pytest.mark.parametrize("value", EVIL)
@pytest.mark.parametrize(
    "text",
    [
        "printf '%s|' @",
        "printf '%s|' \"@\"",
        'x=@; printf "%s|" "$x"',
        'printf "%s|" "$(printf "%s." @)" | sed "s/\\.|$/|/"',
    ],
)
def test_value_arrives_as_it_is(shell, value, text, tmp_path):
    assert run(shell, text, [value], tmp_path) == f"{value}|"
    assert list(tmp_path.iterdir()) == []


FRAGMENTS = st.sampled_from(
    [
        "@",
        "@",
        '"',
        "'",
        "`",
        "$(",
        ")",
        "((",
        "))",
        "${x:-",
        "}",
        "\\",
        "#",
        "\n",
        " ",
        "a",
        "<<E\n",
        "E\n",
        "[[ ",
        " ]]",
        "$'",
        "case a in a)",
        ";; esac",
        ";",
        "|",
        "echo ",
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(FRAGMENTS, min_size=1, max_size=12).map("".join), st.sampled_from(EVIL))
def test_no_text_lets_a_value_run(tmp_path_factory, text, value):
    place = tmp_path_factory.mktemp("shell")
    pieces = parts(text)
    try:
        script = refer_to_values(pieces, lambda index: "FLOWS_VALUE")
    except UnsafePlaceError:
        return
    env = {"PATH": os.environ["PATH"], "FLOWS_VALUE": value}
    subprocess.run(
        ["bash", "-c", script],
        env=env,
        cwd=place,
        capture_output=True,
        timeout=20,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert not (place / "pwned").exists(), script


def test_refused_places_are_refused_for_a_reason(tmp_path):
    env = {"PATH": os.environ["PATH"], "V": "x[$(touch pwned)]"}
    subprocess.run(["bash", "-c", '[[ "${V}" -eq 1 ]]'], env=env, cwd=tmp_path, check=False)
    assert (tmp_path / "pwned").exists()


@pytest.mark.parametrize(
    "text",
    [
        'sh -c "echo \0"',
        "sh -c \0",
        '/bin/bash -lc "\0"',
        'X=1 sudo bash -c "\0"',
        'eval "x \0"',
        'python3 -c "print(\0)"',
        'echo "$(perl -e \0)"',
        '"sh" -c \0',
        "if true; then sh -c \0; fi",
    ],
)
def test_code_for_another_program_is_unsafe(text: str) -> None:
    head, tail = text.split("\0")
    assert [index for index, _ in find_unsafe([head, None, tail])] == [1]


@pytest.mark.parametrize(
    "text",
    ["sh -c 'echo \"$1\"' -- \0", "sh script.sh \0", "grep -c \0 file", "sh -c x; echo \0"],
)
def test_data_for_another_program_is_safe(text: str) -> None:
    head, tail = text.split("\0")
    assert find_unsafe([head, None, tail]) == []


def test_all_unsafe_places_are_found_at_once() -> None:
    assert find_unsafe(["echo '", 1, "' \"", 2, '" `', 3, "`"]) == [
        (1, "between single quotes"),
        (5, "between backquotes"),
    ]
