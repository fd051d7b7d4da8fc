"""The commands, called as `flows` calls them, in a folder of their own."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from latticeflow.cli import main
from latticeflow.cli.command_table import COMMANDS

PYTHON = '''
from latticeflow import flow, node


@node
def double(number: int) -> int:
    """Double it."""
    return number * 2


@node
def broken(number: int) -> int:
    """Fail."""
    raise ValueError(f"no {number}")


@flow(version="1.0.0")
def twice(number: int) -> int:
    """Double a number twice."""
    once = double(number)
    return double(once)


@flow(version="1.0.0")
def fails(number: int) -> int:
    """Fail after a step."""
    once = double(number)
    return broken(once)
'''
TOML = """
id = "two"
version = "1.0.0"

[parameters.word]
type = "string"
default = "hi"

[steps.a]
run = "echo a >> a.txt; echo said ${{ params.word }}"

[steps.b]
needs = ["a"]
run = "echo b >> b.txt; test -e ok"

[steps.c]
needs = ["b"]
run = "echo c >> c.txt"
"""


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("FLOWS_STORE", "FLOWS_DURABILITY", "FLOWS_PARALLEL"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "work.py").write_text(PYTHON)
    (tmp_path / "two.toml").write_text(TOML)
    return tmp_path


class Flows:
    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self.out = self.err = ""

    def __call__(self, *arguments: str) -> int:
        code = main(arguments)
        self.out, self.err = self._capsys.readouterr()
        return code

    def json(self, *arguments: str) -> object:
        self(*arguments)
        return json.loads(self.out)


@pytest.fixture
def flows(capsys: pytest.CaptureFixture[str]) -> Flows:
    return Flows(capsys)


def test_every_command_tells_how_it_is_used(flows: Flows) -> None:
    for name in COMMANDS:
        assert flows(name, "--help") == 0
        assert f"flows {name}" in flows.out


def test_without_a_command_the_commands_are_listed(flows: Flows) -> None:
    assert flows() == 2
    assert "self-test" in flows.err
    assert flows("--help") == 0
    assert "self-test" in flows.out


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("rnu",), "CLI010"),
        (("--quiet",), "CLI010"),
        (("run",), "CLI010"),
        (("run", "two.toml", "--parallel", "0"), "CLI010"),
        (("run", "two.toml", "--timeout", "soon"), "CLI010"),
        (("run", "two.toml", "--store", "redis://x"), "STORE007"),
        (("run", "two.toml", "--input", "{"), "CLI005"),
        (("run", "two.toml", "--input", "@none.json"), "CLI012"),
        (("run", "two.toml", "--param", "word"), "CLI006"),
        (("run", "two.toml", "--input", "[1]", "--param", "word=x"), "CLI006"),
        (("run", "two.toml", "--param", "wrod=x"), "RUN101"),
        (("run", "work.py:twice"), "RUN101"),
        (("run", "work.py:twice", "--input", '"text"'), "RUN101"),
        (("run", "work.py:twice", "--param", "numbr=1"), "RUN101"),
        (("show", "nothing"), "CLI007"),
        (("logs", "nothing"), "CLI007"),
        (("cancel", "nothing"), "CLI007"),
        (("retry", "nothing"), "CLI007"),
        (("resume",), "CLI010"),
        (("resume", "--all", "last"), "CLI010"),
        (("runs", "--since", "nonsense"), "CLI010"),
        (("gc", "--older-than", "soon"), "CLI010"),
        (("gc", "--keep", "-1"), "CLI010"),
        (("explain", "DAG2OO"), "CLI008"),
    ],
)
def test_wrong_use_is_a_diagnostic_and_2(
    flows: Flows, arguments: tuple[str, ...], code: str
) -> None:
    assert flows(*arguments) == 2
    assert f"error[{code}]" in flows.err
    assert "Traceback" not in flows.err
    assert flows.out == ""


@pytest.mark.parametrize("target", ["none.py", "none.toml", "none.json"])
def test_a_target_that_is_not_there_fails(flows: Flows, target: str) -> None:
    assert flows("run", target) == 1
    assert "error[CLI" in flows.err


def test_run_prints_the_result_alone_on_stdout(flows: Flows) -> None:
    assert flows("run", "work.py:twice", "--input", "3") == 0
    assert flows.out == "12\n"
    assert "succeeded" in flows.err


@pytest.mark.parametrize("given", [("--input", '{"number": 3}'), ("--param", "number=3")])
def test_inputs_are_given_as_object_or_by_name(flows: Flows, given: tuple[str, str]) -> None:
    assert flows("run", "work.py:twice", *given) == 0
    assert flows.out == "12\n"


def test_input_is_read_from_a_file_or_from_stdin(
    flows: Flows, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "in.json").write_text("4")
    assert flows("run", "work.py:twice", "--input", "@in.json") == 0
    assert flows.out == "16\n"
    monkeypatch.setattr("sys.stdin", io.StringIO("5"))
    assert flows("run", "work.py:twice", "--input", "-") == 0
    assert flows.out == "20\n"


def test_run_as_json_is_one_object(flows: Flows) -> None:
    found = flows.json("run", "two.toml", "--json")
    assert isinstance(found, dict)
    assert found["status"] == "failed"
    assert found["error"]["position"] == "b"
    states = {step["position"]: step["status"] for step in found["steps"]}
    assert states["a"] == "succeeded"
    assert states["b"] == "failed"


def test_a_failed_run_is_1_and_tells_the_step(flows: Flows) -> None:
    assert flows("run", "work.py:fails", "--input", "1") == 1
    assert "`broken` failed: ValueError: no 2" in flows.err
    assert "work.py" in flows.err
    assert "latticeflow/engine" not in flows.err


def test_lines_of_steps_are_shown_and_kept(flows: Flows) -> None:
    flows("run", "two.toml", "--param", "word=word")
    assert "a: said word\n" in flows.err
    assert flows("logs", "last", "--step", "a") == 0
    assert flows.out == "a: said word\n"
    assert flows("logs", "last", "--step", "c") == 0
    assert flows.out == ""


def test_quiet_prints_results_alone(flows: Flows) -> None:
    assert flows("--quiet", "run", "work.py:twice", "--input", "1") == 0
    assert (flows.out, flows.err) == ("4\n", "")


def test_a_run_with_a_known_id_is_not_run_again(flows: Flows, project: Path) -> None:
    flows("run", "two.toml", "--run-id", "mine")
    flows("run", "two.toml", "--run-id", "mine")
    assert (project / "a.txt").read_text() == "a\n"
    assert flows("run", "two.toml", "--run-id", "mine", "--param", "word=other") == 2
    assert "error[RUN109]" in flows.err


def test_a_deadline_cancels_the_run(flows: Flows, project: Path) -> None:
    (project / "slow.toml").write_text('id = "slow"\n[steps.s]\nrun = "sleep 600"\n')
    assert flows("run", "slow.toml", "--timeout", "50ms") == 1
    assert "RUN102" in flows.err


def test_runs_are_listed_newest_first_and_filtered(flows: Flows) -> None:
    flows("run", "two.toml", "--run-id", "first")
    flows("run", "work.py:twice", "--input", "1", "--run-id", "second")

    def ids(*options: str) -> list[str]:
        found = flows.json("runs", "--json", *options)
        assert isinstance(found, list)
        return [each["run_id"] for each in found]

    assert ids() == ["second", "first"]
    assert ids("--flow", "two") == ["first"]
    assert ids("--status", "succeeded") == ["second"]
    assert ids("--status", "failed", "--status", "succeeded") == ["second", "first"]
    assert ids("--limit", "1") == ["second"]
    assert ids("--since", "1h") == ["second", "first"]
    assert ids("--since", "2100-01-01") == []


def test_looking_for_runs_makes_no_store(flows: Flows, project: Path) -> None:
    assert flows("runs") == 0
    assert "no runs" in flows.err
    assert not (project / ".flows").exists()


def test_show_takes_the_beginning_of_an_id(flows: Flows) -> None:
    for name in ("abc-1", "abd-2"):
        flows("run", "work.py:twice", "--input", "1", "--run-id", name)
    found = flows.json("show", "abc", "--json")
    assert isinstance(found, dict)
    assert (found["run_id"], found["result"]) == ("abc-1", 4)
    assert flows("show", "ab") == 2
    assert "abc-1" in flows.err
    assert flows("show", "last") == 0
    assert "abd-2" in flows.out


def test_retry_takes_over_what_succeeded(flows: Flows, project: Path) -> None:
    flows("run", "two.toml", "--run-id", "old")
    (project / "ok").touch()
    found = flows.json("retry", "old", "--json")
    assert isinstance(found, dict)
    assert found["status"] == "succeeded"
    assert found["run_id"] != "old"
    lines = {name: (project / f"{name}.txt").read_text().split() for name in "abc"}
    assert lines == {"a": ["a"], "b": ["b", "b"], "c": ["c"]}


def test_retry_from_a_step_runs_it_and_what_follows(flows: Flows, project: Path) -> None:
    (project / "ok").touch()
    flows("run", "two.toml", "--run-id", "old")
    assert flows("retry", "old", "--from", "b") == 0
    lines = {name: (project / f"{name}.txt").read_text().split() for name in "abc"}
    assert lines == {"a": ["a"], "b": ["b", "b"], "c": ["c", "c"]}
    assert flows("retry", "old", "--from", "z") == 2
    assert "error[CLI013]" in flows.err


def test_what_has_ended_is_neither_resumed_nor_cancelled(flows: Flows) -> None:
    flows("run", "work.py:twice", "--input", "1")
    for command in ("resume", "cancel"):
        assert flows(command, "last") == 2
        assert "error[RUN106]" in flows.err
    assert flows("resume", "--all") == 0


def test_requirements_are_looked_at_before_the_run(flows: Flows, project: Path) -> None:
    text = TOML.replace("[steps.a]", '[requirements]\ntools = ["no-such-tool"]\n\n[steps.a]')
    (project / "two.toml").write_text(text)
    assert flows("run", "two.toml") == 1
    assert "error[TOML018]" in flows.err
    assert not (project / "a.txt").exists()
    assert flows("plan", "two.toml") == 1


def test_artifacts_are_kept_shown_and_removed(flows: Flows, project: Path) -> None:
    text = TOML + '\n[artifacts.all]\npath = "*.txt"\n'
    (project / "two.toml").write_text(text)
    (project / "ok").touch()
    found = flows.json("run", "two.toml", "--json")
    assert isinstance(found, dict)
    assert [each["path"] for each in found["artifacts"]] == ["a.txt", "b.txt", "c.txt"]
    digest = found["artifacts"][0]["sha256"]
    copy = project / ".flows" / "artifacts" / digest[:2] / digest
    assert copy.read_text() == "a\n"
    assert flows("show", "last") == 0
    assert digest[:12] in flows.out
    assert flows("gc") == 0
    assert copy.exists()
    assert flows("gc", "--keep", "0", "--dry-run") == 0
    assert copy.exists()
    assert flows("gc", "--keep", "0") == 0
    assert not copy.exists()
    assert flows.json("runs", "--json") == []


def test_the_printed_graph_runs_to_the_same_result(flows: Flows, project: Path) -> None:
    assert flows("graph", "work.py:twice", "--format", "json") == 0
    (project / "flow.json").write_text(flows.out)
    assert flows("run", "flow.json", "--input", "3") == 0
    assert flows.out == "12\n"


@pytest.mark.parametrize(
    ("form", "sign"), [("dot", "digraph"), ("mermaid", "flowchart"), ("text", "twice")]
)
def test_graphs_are_printed(flows: Flows, form: str, sign: str) -> None:
    assert flows("graph", "work.py:twice", "--format", form) == 0
    assert sign in flows.out


def test_what_this_host_does_not_run_is_drawn_and_not_run(flows: Flows, project: Path) -> None:
    (project / "later.py").write_text(
        "from latticeflow import flow, sleep\n\n\n"
        "@flow\nasync def later(number: int) -> int:\n"
        '    """Wait."""\n    await sleep("1h")\n    return number\n'
    )
    assert flows("graph", "later.py", "--format", "json") == 0
    assert json.loads(flows.out)["control_surfaces"][0]["kind"] == "await"
    assert "flows check later.py" in flows.err
    for command in ("check", "run", "plan"):
        assert flows(command, "later.py") == 1
        assert "error[CTRL901]" in flows.err


def test_expressions_see_the_environment_and_what_the_workflow_adds(
    flows: Flows, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUTSIDE", "out")
    (project / "env.toml").write_text(
        'id = "env"\nenv = { TOP = "top" }\n\n[steps.a]\n'
        'env = { OWN = "${{ env.OUTSIDE }}!" }\nwhen = "env.OUTSIDE == \'out\'"\n'
        'run = "echo ${{ env.TOP }} ${{ env.OUTSIDE }} ${{ env.OWN }}"\n\n[steps.b]\n'
        'when = "\'NOWHERE\' in env"\nrun = "exit 1"\n\n'
        '[outputs]\nsaid = "${{ steps.a.stdout }}"\n'
    )
    assert flows("run", "env.toml") == 0
    assert json.loads(flows.out) == {"said": "top out out!\n"}


def test_a_published_version_with_another_content_is_refused_with_a_way_out(
    flows: Flows, project: Path
) -> None:
    assert flows("run", "work.py:twice", "--input", "3") == 0
    (project / "work.py").write_text(PYTHON.replace("double(once)", "double(double(once))"))
    assert flows("run", "work.py:twice", "--input", "3") == 1
    assert "error[STORE010]" in flows.err
    assert "give the flow a new version" in flows.err


def test_plan_tells_and_runs_nothing(flows: Flows, project: Path) -> None:
    found = flows.json("plan", "two.toml", "--param", "word=x", "--json")
    assert isinstance(found, dict)
    assert found["inputs"] == {"word": "x"}
    assert [step["position"] for step in found["steps"]] == ["a", "b", "c"]
    assert found["steps"][1]["after"] == ["a"]
    assert found["steps"][0]["effects"] == "effectful"
    assert not (project / "a.txt").exists()
    assert not (project / ".flows").exists()


def test_check_reports_the_place(flows: Flows, project: Path) -> None:
    (project / "bad.toml").write_text(TOML.replace('needs = ["a"]', 'needs = ["x"]'))
    found = flows.json("check", "bad.toml", "two.toml", "--format", "json")
    assert isinstance(found, dict)
    assert found["status"] == "error"
    place = found["diagnostics"][0]["location"]
    assert place["file"] == "bad.toml"
    assert place["range"]["start"]["line"] == 13
    assert flows("check", "bad.toml") == 1
    assert flows("check", "two.toml") == 0
    assert flows("check", "bad.toml", "--format", "sarif") == 1
    assert json.loads(flows.out)["version"] == "2.1.0"


def test_check_without_a_name_judges_every_flow_of_a_file_and_tells_once(
    flows: Flows, project: Path
) -> None:
    assert flows("check", "work.py") == 0
    assert flows("check", "work.py:none") == 1
    assert "error[CLI003]" in flows.err
    third = (
        '\n\n@flow(version="1.0.0")\ndef third(number: int) -> int:\n    """Fail."""\n'
        "    return fails(number.real)\n"
    )
    (project / "more.py").write_text(PYTHON.replace("broken(once)", "borken(once)") + third)
    found = flows.json("check", "more.py", "--format", "json")
    assert isinstance(found, dict)
    lines = [each["location"]["range"]["start"]["line"] for each in found["diagnostics"]]
    assert lines == sorted(set(lines))
    assert len(lines) == 2


def test_check_reads_a_graph_from_stdin(flows: Flows, monkeypatch: pytest.MonkeyPatch) -> None:
    flows("graph", "work.py:twice", "--format", "json")
    monkeypatch.setattr("sys.stdin", io.StringIO(flows.out))
    assert flows("check", "-") == 0
    monkeypatch.setattr("sys.stdin", io.StringIO("{"))
    assert flows("check", "-") == 1
    assert "<stdin>" in flows.err


@pytest.mark.parametrize(("template", "file"), [("python", "hello.py"), ("toml", "workflow.toml")])
def test_what_init_writes_passes_the_checks_and_runs(
    flows: Flows, project: Path, template: str, file: str
) -> None:
    assert flows("init", template, "--dir", "new") == 0
    path = project / "new" / file
    assert flows("check", "--strict", str(path)) == 0
    assert flows("run", str(path), "--param", "name=you") == 0
    assert "HELLO, YOU!" in flows.out
    written = path.read_text()
    assert flows("init", template, "--dir", "new") == 2
    assert "error[CLI011]" in flows.err
    assert path.read_text() == written


def test_config_tells_where_values_come_from(
    flows: Flows, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "flows.toml").write_text('durability = "partial"\n')
    monkeypatch.setenv("FLOWS_PARALLEL", "3")
    found = flows.json("config", "show", "--json")
    assert isinstance(found, dict)
    settings = found["settings"]
    assert settings["durability"] == {
        "value": "partial",
        "origin": str(project / "flows.toml"),
    }
    assert settings["parallel"] == {"value": 3, "origin": "FLOWS_PARALLEL"}
    assert settings["store"]["origin"] == "default"


def test_an_internal_error_is_one_line_and_a_file(
    flows: Flows, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Closed(io.StringIO):
        def write(self, text: str) -> int:
            raise RuntimeError("a defect")

    monkeypatch.setattr("sys.stdout", Closed())
    assert main(["explain", "DAG200"]) == 1
    monkeypatch.undo()
    flows("--help")
    assert "internal error: RuntimeError: a defect" in flows.err
    assert "Traceback" not in flows.err


def test_safe_fixes_are_applied(flows: Flows, project: Path) -> None:
    source = """
from latticeflow import flow, node


@node
async def double(number: int) -> int:
    \"\"\"Double it.\"\"\"
    return number * 2


@flow(version="1.0.0")
async def once(number: int) -> int:
    \"\"\"Double a number.\"\"\"
    return double(number)
"""
    (project / "fix.py").write_text(source)
    assert flows("check", "fix.py") == 1
    assert "error[FLOW023]" in flows.err
    assert (project / "fix.py").read_text() == source
    assert flows("check", "fix.py", "--fix") == 0
    assert "fixed" in flows.err
    assert "return await double(number)" in (project / "fix.py").read_text()
    assert flows("run", "fix.py", "--input", "2") == 0
    assert flows.out == "4\n"
