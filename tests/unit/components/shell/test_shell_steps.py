import asyncio
import pickle
import signal
import sys
from datetime import timedelta

import msgspec
import pytest

from latticeflow.capabilities import ProcessError
from latticeflow.components import STANDARD
from latticeflow.components.shell import (
    CommandFailedError,
    ShellConfigError,
    ShellOutputError,
    ShellSteps,
)
from latticeflow.flow import Determinism, Effects, Flow, Node, flow_id
from latticeflow.plan import lower_graph

SCOPE = {
    "params": {"name": "ada", "evil": "$(touch pwned); `touch pwned`", "n": 3, "list": [1, "b"]},
    "steps": {"first": {"stdout": "out\n", "outputs": {"x": 1.0}}},
    "run": {"id": "r1"},
    "env": {"HOME": "/h"},
}


def step(run, **config):
    node = Node(
        id="f::s",
        alias="s",
        identifier="std.shell",
        name="S",
        kind="activity",
        effects=Effects.EFFECTFUL,
        determinism=Determinism.NONDETERMINISTIC,
        config={"run": run, **config},
    )
    flow = Flow(id=flow_id("f", "1.0.0"), name="f", version="1.0.0", profile="dev", nodes=[node])
    return lower_graph(flow, STANDARD).steps[0]


class Session:
    def __init__(self, place, **options):
        options.setdefault("grace", timedelta(seconds=0.3))
        self.steps = ShellSteps(place, **options)
        self.lines = []
        self.groups = []

    async def run(self, run, /, *, past=None, inputs=None, attempt=1, **config):
        async def on_started(group):
            self.groups.append(group)

        return await self.steps(
            step(run, **config),
            inputs or {},
            SCOPE,
            position="s",
            attempt=attempt,
            on_output=lambda stream, text: self.lines.append((stream, text)),
            on_started=on_started,
            past=past,
        )


@pytest.fixture
def shell(tmp_path):
    return Session(tmp_path)


def template(text):
    return {"$template": text}


async def test_record_of_a_success(shell):
    assert await shell.run("echo hi; echo no >&2") == {
        "stdout": "hi\n",
        "stderr": "no\n",
        "exit_code": 0,
        "outputs": {},
    }
    assert sorted(shell.lines) == [("stderr", "no"), ("stdout", "hi")]


async def test_array_starts_no_shell(shell, tmp_path):
    record = await shell.run(["printf", "%s|", "$HOME; touch x", template("${{ params.evil }}")])
    assert record["stdout"] == f"$HOME; touch x|{SCOPE['params']['evil']}|"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["printf %s ${{ params.evil }}", 'printf %s "${{ params.evil }}"'])
async def test_values_in_text_are_never_code(shell, tmp_path, text):
    assert (await shell.run(template(text)))["stdout"] == SCOPE["params"]["evil"]
    assert list(tmp_path.iterdir()) == []


async def test_value_in_an_unsafe_place_is_refused_before_anything_runs(shell, tmp_path):
    with pytest.raises(ShellConfigError) as caught:
        await shell.run(template("touch ran; echo '${{ params.evil }}'"))
    (finding,) = caught.value.diagnostics
    assert finding.code == "TOML011"
    assert "`${{ params.evil }}` sits between single quotes" in finding.message
    assert list(tmp_path.iterdir()) == []


async def test_text_that_is_no_template_is_left_alone(shell):
    record = await shell.run("printf '%s' '${{ params.name }}'")
    assert record["stdout"] == "${{ params.name }}"


async def test_expressions_see_steps_and_inputs(shell):
    text = "echo ${{ steps.first.stdout }} ${{ string(params.n + 1) }} ${{ inputs.who }} ${{ params.list }}"
    record = await shell.run(template(text), inputs={"who": "bob"})
    assert record["stdout"] == 'out\n 4 bob [1,"b"]\n'


async def test_null_is_not_text(shell):
    with pytest.raises(ShellConfigError, match="null"):
        await shell.run(["echo", template("${{ inputs.x }}")], inputs={"x": None})


async def test_nul_character_is_refused(shell):
    with pytest.raises(ShellConfigError, match="NUL"):
        await shell.run(template("echo ${{ inputs.x }}"), inputs={"x": "a\0b"})


async def test_environment_is_given_and_told(tmp_path):
    shell = Session(tmp_path, environment={"PATH": "/usr/bin:/bin", "KEEP": "kept"})
    record = await shell.run(
        'echo "$KEEP $MORE $FLOWS_RUN_ID $FLOWS_STEP $FLOWS_ATTEMPT"; pwd',
        env={"MORE": template("m ${{ params.n }}")},
        attempt=2,
    )
    assert record["stdout"] == f"kept m 3 r1 s 2\n{tmp_path}\n"


async def test_exit_code_is_a_failure_with_the_end_of_the_errors(shell):
    with pytest.raises(CommandFailedError) as caught:
        await shell.run("echo partial; seq 1 40 >&2; exit 7")
    error = caught.value
    assert error.diagnostics[0].code == "STEP004"
    assert str(error).startswith("`s` ended with exit code 7:\n31\n")
    assert str(error).endswith("\n40")
    assert error.result["exit_code"] == 7
    assert error.result["stdout"] == "partial\n"
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.result) == (str(error), error.result)


async def test_signal_is_named(shell):
    with pytest.raises(CommandFailedError) as caught:
        await shell.run("kill -SEGV $$")
    assert caught.value.diagnostics[0].code == "STEP012"
    assert str(caught.value) == "`s` was ended by SIGSEGV"
    assert caught.value.result["exit_code"] == -signal.SIGSEGV


async def test_other_shells_can_be_named(shell):
    record = await shell.run("[[ a == a* ]] && echo ${BASH_VERSION:+bash}", shell="bash")
    assert record["stdout"] == "bash\n"


async def test_command_that_is_not_there(shell):
    with pytest.raises(ProcessError, match="CAP210"):
        await shell.run(["no-such-program"])


@pytest.mark.parametrize("run", [None, [], 3, {"a": 1}])
async def test_step_without_a_command_is_refused(shell, run):
    with pytest.raises(ShellConfigError):
        await shell.run(run)


async def test_outputs_by_line(shell):
    record = await shell.run(
        "printf 'a=1\\n b =x=y\\n\\nn=5\\nn=6\\n' >> $FLOWS_OUTPUT",
        outputs={"n": {"type": "integer"}, "a": {"type": "string"}},
    )
    assert record["outputs"] == {"a": "1", "b": "x=y", "n": 6}


async def test_outputs_as_json(shell):
    record = await shell.run(
        'echo \'{"rows": [1, 2], "ok": true}\' > $FLOWS_OUTPUT', outputs=["rows"]
    )
    assert record["outputs"] == {"rows": [1, 2], "ok": True}


@pytest.mark.parametrize(
    ("script", "outputs", "why"),
    [
        ("true", ["total"], "`total`: it was not written"),
        (
            "echo total=x > $FLOWS_OUTPUT",
            {"total": {"type": "integer"}},
            "`total`: it is no integer",
        ),
        (
            "echo total=1.5 > $FLOWS_OUTPUT",
            {"total": {"type": "integer"}},
            "`total`: it is no integer",
        ),
        (
            "echo total=true > $FLOWS_OUTPUT",
            {"total": {"type": "number"}},
            "`total`: it is no number",
        ),
        ("echo nothing > $FLOWS_OUTPUT", None, "line 1 is not `name=value`"),
        ("printf '\\377=1' > $FLOWS_OUTPUT", None, "not UTF-8"),
        ("echo '{]' > $FLOWS_OUTPUT", None, "outputs"),
    ],
)
async def test_outputs_that_cannot_be_used(shell, script, outputs, why):
    with pytest.raises(ShellOutputError) as caught:
        await shell.run(script, outputs=outputs)
    (finding,) = caught.value.diagnostics
    assert finding.code == "STEP005"
    assert why in finding.message


async def test_ephemeral_workspace_is_fresh_and_gone(tmp_path):
    kept = []

    def collect(workspace, position):
        kept.append((position, sorted(p.name for p in workspace.iterdir())))

    shell = Session(tmp_path, collect=collect)
    script = "pwd; ls -A | wc -l; touch a; mkdir -p d/e; touch d/e/f; chmod 000 d/e"
    first = await shell.run(script, workspace="ephemeral")
    second = await shell.run(script, workspace="ephemeral")
    assert kept == [("s", ["a", "d"])] * 2
    places = [record["stdout"].split()[0] for record in (first, second)]
    assert places[0] != places[1]
    assert [record["stdout"].split()[1] for record in (first, second)] == ["0", "0"]
    from pathlib import Path

    assert not any(Path(place).exists() for place in places)
    assert list(tmp_path.iterdir()) == []


async def test_workspace_may_be_a_path(shell, tmp_path):
    (tmp_path / "sub").mkdir()
    assert (await shell.run("pwd", workspace="sub"))["stdout"] == f"{tmp_path}/sub\n"
    with pytest.raises(ProcessError, match="no such file or directory"):
        await shell.run("pwd", workspace="missing")


async def test_cancelled_step_leaves_no_workspace(tmp_path):
    shell = Session(tmp_path)
    task = asyncio.ensure_future(shell.run("pwd; exec sleep 300", workspace="ephemeral"))
    async with asyncio.timeout(10):
        while not shell.lines:
            await asyncio.sleep(0.002)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    from pathlib import Path

    assert not Path(shell.lines[0][1]).exists()


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
async def test_survivors_of_an_earlier_process_are_ended_first(tmp_path):
    earlier = Session(tmp_path)
    task = asyncio.ensure_future(earlier.run("echo ready; exec sleep 300"))
    async with asyncio.timeout(10):
        while not earlier.lines:
            await asyncio.sleep(0.002)
    # The history is JSON.
    (group,) = msgspec.json.decode(msgspec.json.encode(earlier.groups))
    later = Session(tmp_path)
    record = await later.run("echo again", past=group)
    assert record["stdout"] == "again\n"
    with pytest.raises(CommandFailedError) as caught:
        await task
    assert caught.value.result["exit_code"] == -signal.SIGKILL
