"""Pictures of flows: what they show, that they are stable, and that no text escapes its string."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.unit.flow.sample_flows import HOSTILE, checkout, flow, hostile, node

from latticeflow.flow import Flow
from latticeflow.flow.export import render_dot, render_mermaid, render_tree

GOLDEN = Path(__file__).parents[3] / "golden" / "export"
RENDERERS: dict[str, Callable[[Flow], str]] = {
    "dot": render_dot,
    "mmd": render_mermaid,
    "txt": render_tree,
}


@pytest.mark.parametrize("suffix", RENDERERS)
def test_the_picture_is_the_recorded_one(suffix: str) -> None:
    recorded = (GOLDEN / f"checkout.{suffix}").read_text(encoding="utf-8")
    assert RENDERERS[suffix](checkout()) == recorded


@pytest.mark.parametrize("render", RENDERERS.values())
def test_a_flow_without_nodes_is_drawn(render: Callable[[Flow], str]) -> None:
    assert render(flow("nothing", [], []))


@pytest.mark.parametrize("render", RENDERERS.values())
def test_a_surface_that_cannot_be_read_does_not_stop_the_picture(
    render: Callable[[Flow], str],
) -> None:
    broken = checkout()
    for surface in broken.control_surfaces:
        surface.config = {"v": 1, "targets": 5}
    assert "bill" in render(broken)


def test_no_text_leaves_its_string_in_dot() -> None:
    strings = r'"(?:[^"\\\n]|\\["\\n])*"'
    for line in render_dot(hostile()).splitlines():
        outside = re.sub(strings, "", line)
        assert '"' not in outside
        assert re.fullmatch(r"[\w\s=\[\]{},;#>\-]*", outside)


def test_no_text_leaves_its_string_in_mermaid() -> None:
    for line in render_mermaid(hostile()).splitlines():
        outside, strings = re.subn(r'"[^"]*"', "", line)
        assert strings <= 1
        assert re.fullmatch(r"[\w\s\[\](){}|,:#.=>\-]*", outside)
        for text in re.findall(r'"([^"]*)"', line):
            assert not re.search(r"[`$%{}\[\]<>&\\]", text.replace("<br/>", ""))
            assert not re.search(r"#(?!\d+;)", text)


def test_no_text_steers_the_terminal() -> None:
    bell = checkout()
    bell.nodes[0].alias = "in\x1b[31m\x07put"
    tree = render_tree(bell)
    assert tree.isprintable() or all(c.isprintable() for c in tree.replace("\n", ""))


def test_a_body_within_a_body_is_a_cluster_within_a_cluster() -> None:
    inner = flow("deep", [node("core")], [])
    middle = flow("mid", [node("deep", subflow_ir=inner)], [])
    outer = flow("top", [node("mid", subflow_ir=middle)], [])
    assert re.search(r"cluster_\w+ \{[^}]*cluster_\w+ \{[^}]*core", render_dot(outer))
    assert render_mermaid(outer).count("subgraph") == 2
    assert "   └─ deep\n      └─ core" in render_tree(outer)


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz (`dot`) is not installed")
@pytest.mark.parametrize("sample", [checkout, hostile])
def test_graphviz_draws_it(sample: Callable[[], Flow]) -> None:
    done = subprocess.run(
        ["dot", "-Tsvg"],
        input=render_dot(sample()),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "<svg" in done.stdout


def test_hostile_text_is_hostile() -> None:
    # The control of the tests above: written as it is, the text does leave its string.
    assert re.search(r'[^\\]"', HOSTILE)
    assert re.search(r"[`$%{}\[\]<>&\\]", HOSTILE)
