"""Repairs that a machine can make in a node's decorator."""

import textwrap

import pytest

from latticeflow.checks import check
from latticeflow.diagnostics import apply_fixes
from latticeflow.hosts.local import read_target

HEAD = """\
from latticeflow import Kv, flow, granted, node


"""
BODY = '''
async def keep(text: str, *, kv: Kv.Write = granted) -> str:
    """Keep a text."""
    return text


@flow
async def sample(text: str) -> str:
    return await keep(text)
'''
CALM = '''
def keep(text: str) -> str:
    """Keep a text."""
    print(text)
    return text


@flow
def sample(text: str) -> str:
    return keep(text)
'''


def repaired(folder, text, *, unsafe=False):
    """Apply all fixes and check again: the new text, and what is still found."""
    folder.mkdir(exist_ok=True)
    path = folder / "flows.toml"
    path.write_text("")
    file = folder / "sample.py"
    file.write_text(text)
    authored = read_target(str(file), root=folder)
    found = check(authored.flow, authored.catalog, spans=authored.spans).diagnostics
    changed, applied = apply_fixes(found, authored.files, unsafe=unsafe)
    if not applied:
        return text, [d.code for d in found]
    again = folder / "again"
    return repaired(again, changed["sample.py"], unsafe=unsafe)


@pytest.mark.parametrize(
    "before, after",
    [
        ('@node(effects="pure")', '@node(effects="effectful")'),
        (
            '@node(\n    name="kéep", effects="pure", idempotency="text"\n)',
            '@node(\n    name="kéep", effects="effectful", idempotency="text"\n)',
        ),
        (
            '@node(effects="pure", determinism="strict")',
            '@node(effects="effectful", determinism="best_effort")',
        ),
        (
            '@node(determinism="strict", effects="effectful")',
            '@node(determinism="best_effort", effects="effectful")',
        ),
    ],
)
def test_a_claim_below_the_floor_is_raised_to_it(tmp_path, before, after):
    text, left = repaired(tmp_path, HEAD + before + BODY)
    assert text == HEAD + after + BODY
    assert left == []


def test_a_retry_may_be_said_to_be_harmless(tmp_path):
    text, left = repaired(tmp_path, HEAD + "@node(retry=3)" + CALM)
    assert left == ["PURE012", "RETRY012"]
    text, left = repaired(tmp_path, HEAD + "@node(retry=3)" + CALM, unsafe=True)
    assert '@node(retry=3, effects="read_only")' in text
    assert left == []


def test_a_write_is_never_said_to_be_harmless(tmp_path):
    text, left = repaired(tmp_path, HEAD + "@node(retry=3)" + BODY, unsafe=True)
    assert text == HEAD + "@node(retry=3)" + BODY
    assert left == ["RETRY012"]


def test_a_set_is_sorted(tmp_path):
    source = textwrap.dedent('''
        from latticeflow import flow, node


        @node(determinism="strict")
        def words(text: str) -> list[str]:
            """List the words of a text."""
            return [w.lower() for w in set(text.split())]


        @flow
        def sample(text: str) -> list[str]:
            return words(text)
    ''')
    text, left = repaired(tmp_path, source, unsafe=True)
    assert "for w in sorted(set(text.split()))" in text
    assert left == []
