from __future__ import annotations

from collections.abc import Callable

from tests.e2e.cli.conftest import Flows


def test_a_text_comes_back_normalised(example: Callable[..., Flows]) -> None:
    flows = example("s1_echo")
    assert flows.run("check", "--strict", "echo.py").returncode == 0
    found = flows.json("run", "echo.py", "--json", "--param", "text=  Hello World ")
    assert (found["status"], found["result"]) == ("succeeded", "hello world")
    (flows.folder / "graph.json").write_text(
        flows.run("graph", "echo.py", "--format", "json").stdout
    )
    again = flows.json("run", "graph.json", "--json", "--input", '{"text": " ÄÖ "}')
    assert again["result"] == "äö"
