"""What only processes show: signals, kills, pipes, terminals, several at once."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import subprocess
import time
from pathlib import Path

import pytest
from tests.e2e.cli.conftest import DEADLINE_SECONDS, Flows, is_alive, until

SLOW = """
id = "slow"
version = "1.0.0"

[steps.first]
run = "echo first >> first.txt; echo done first"

[steps.wait]
needs = ["first"]
run = "echo waiting; echo $$ > pid; echo x >> wait.txt; test -e go || sleep 600"

[steps.last]
needs = ["wait"]
run = "echo last >> last.txt"
"""
QUICK = """
id = "quick"
version = "1.0.0"

[steps.a]
run = "echo one; echo two >&2"

[steps.b]
needs = ["a"]
run = "exit ${{ params.code }}"

[parameters.code]
type = "string"
default = "0"

[outputs]
text = "${{ steps.a.stdout }}"
"""


PAY = """
import time
from pathlib import Path

from latticeflow import Dedupe, flow, granted, node


@node(effects="effectful", idempotency="order")
async def charge(order: str, *, dedupe: Dedupe = granted) -> str:
    \"\"\"Charge once.\"\"\"
    with Path("charged.txt").open("a") as file:
        file.write(order + "\\n")
    while not Path("go").exists():
        time.sleep(0.02)
    return "charged " + order


@flow(version="1.0.0")
async def pay(order: str) -> str:
    \"\"\"Pay.\"\"\"
    return await charge(order)
"""


@pytest.fixture(autouse=True)
def files(flows: Flows) -> None:
    (flows.folder / "slow.toml").write_text(SLOW)
    (flows.folder / "quick.toml").write_text(QUICK)
    (flows.folder / "pay.py").write_text(PAY)


def begin_slow(flows: Flows, *options: str) -> tuple[subprocess.Popen[str], int]:
    """Start the slow workflow; return its process, and that of its second step."""
    process = flows.start("run", "slow.toml", "--run-id", "slow", *options)
    pid = flows.folder / "pid"
    until(lambda: pid.exists() and pid.read_text().strip() != "", "the second step has begun")
    return process, int(pid.read_text())


def lines(flows: Flows, name: str) -> int:
    file = flows.folder / name
    return len(file.read_text().splitlines()) if file.exists() else 0


def test_exit_codes(flows: Flows) -> None:
    assert flows.run("run", "quick.toml").returncode == 0
    assert flows.run("run", "quick.toml", "--param", "code=3").returncode == 1
    assert flows.run("run").returncode == 2
    assert flows.run("check", "quick.toml").returncode == 0


def test_in_a_pipe_there_are_plain_lines(flows: Flows) -> None:
    done = flows.run("run", "quick.toml", "--quiet")
    assert (json.loads(done.stdout), done.stderr) == ({"text": "one\n"}, "")
    done = flows.run("run", "quick.toml")
    assert {"a started", "a: one", "a: two", "a done", "b done"} <= set(done.stderr.splitlines())
    assert "\x1b" not in done.stdout + done.stderr


def test_json_is_one_object_also_when_the_run_fails(flows: Flows) -> None:
    done = flows.run("run", "quick.toml", "--json", "--param", "code=3")
    found = json.loads(done.stdout)
    assert (found["status"], found["error"]["position"]) == ("failed", "b")
    assert {"run_id", "flow", "status", "result", "error", "steps"} <= found.keys()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_cancels_and_leaves_no_child(flows: Flows, number: signal.Signals) -> None:
    process, child = begin_slow(flows)
    assert is_alive(child)
    process.send_signal(number)
    _, err = process.communicate(timeout=DEADLINE_SECONDS)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert not is_alive(child)
    assert flows.json("show", "slow", "--json")["status"] == "cancelled"


def test_after_kill_the_run_goes_on_where_it_was(flows: Flows) -> None:
    process, child = begin_slow(flows)
    process.kill()
    process.communicate()
    until(lambda: not is_alive(child), "the child dies with its parent")
    (flows.folder / "go").touch()
    done = flows.run("resume", "slow", "--json")
    assert (done.returncode, json.loads(done.stdout)["status"]) == (0, "succeeded")
    # The committed step did not run again; the one in flight, which has no key, did.
    assert [lines(flows, f"{name}.txt") for name in ("first", "wait", "last")] == [1, 2, 1]
    assert flows.run("resume", "slow").returncode == 2


def test_resume_all_leaves_live_runs_alone(flows: Flows) -> None:
    process, child = begin_slow(flows)
    done = flows.run("resume", "--all")
    assert done.returncode == 0
    assert "DAG-CKPT-007" in flows.run("resume", "slow").stderr
    assert is_alive(child)
    assert lines(flows, "wait.txt") == 1
    process.kill()
    process.communicate()
    (flows.folder / "go").touch()
    assert flows.run("resume", "--all").returncode == 0
    assert flows.json("show", "slow", "--json")["status"] == "succeeded"


def test_another_process_cancels(flows: Flows) -> None:
    process, child = begin_slow(flows)
    assert flows.run("cancel", "slow").returncode == 0
    process.communicate(timeout=DEADLINE_SECONDS)
    assert process.returncode == 1
    assert not is_alive(child)
    assert flows.json("show", "slow", "--json")["status"] == "cancelled"
    assert flows.run("cancel", "slow").returncode == 2


def test_another_process_follows_the_logs_to_the_end(flows: Flows) -> None:
    process, _ = begin_slow(flows)
    follower = flows.start("logs", "slow", "-f")
    assert follower.stdout is not None
    assert follower.stdout.readline() == "first: done first\n"
    assert follower.stdout.readline() == "wait: waiting\n"
    assert follower.poll() is None
    flows.run("cancel", "slow")
    process.communicate(timeout=DEADLINE_SECONDS)
    follower.communicate(timeout=DEADLINE_SECONDS)
    assert follower.returncode == 0


def test_several_processes_share_a_store(flows: Flows) -> None:
    started = [flows.start("run", "quick.toml", "--run-id", f"r{n}") for n in range(6)]
    for process in started:
        _, err = process.communicate(timeout=DEADLINE_SECONDS)
        assert process.returncode == 0, err
        assert "locked" not in err
    found = flows.json("runs", "--json")
    assert {each["run_id"] for each in found} == {f"r{n}" for n in range(6)}
    assert {each["status"] for each in found} == {"succeeded"}


def test_a_closed_pipe_ends_quietly(flows: Flows) -> None:
    flows.run("run", "quick.toml")
    reading, writing = os.pipe()
    os.close(reading)
    process = flows.start("runs", "--json", stdout=writing)
    os.close(writing)
    _, err = process.communicate(timeout=DEADLINE_SECONDS)
    assert (process.returncode, err) == (0, "")


def test_a_run_whose_reader_has_gone_is_finished(flows: Flows) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    process = flows.start("run", "quick.toml", "--run-id", "alone", stderr=writing)
    os.close(writing)
    process.communicate(timeout=DEADLINE_SECONDS)
    assert process.returncode == 0
    assert flows.json("show", "alone", "--json")["status"] == "succeeded"


def test_on_a_terminal_there_is_a_tree(flows: Flows) -> None:
    ours, theirs = pty.openpty()
    flows.environment["TERM"] = "xterm"
    process = flows.start("run", "quick.toml", stderr=theirs)
    os.close(theirs)
    seen = b""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        if not select.select([ours], [], [], 1)[0]:
            continue
        try:
            part = os.read(ours, 4096)
        except OSError:  # how a terminal says that nobody writes to it any more
            break
        if not part:
            break
        seen += part
    os.close(ours)
    process.communicate(timeout=DEADLINE_SECONDS)
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", seen.decode())
    assert process.returncode == 0
    assert b"\x1b[" in seen
    assert "quick 1.0.0" in text
    assert re.search(r"✓\s+a\b", text)
    assert re.search(r"✓\s+b\b", text)


def test_the_completion_of_bash_completes(flows: Flows) -> None:
    script = flows.run("completion", "bash").stdout
    (flows.folder / "flows.bash").write_text(script)
    ask = (
        "source ./flows.bash; COMP_WORDS=(flows {words}); COMP_CWORD={at}; _flows; "
        'echo "${{COMPREPLY[@]}}"'
    )

    def completed(words: str, at: int) -> list[str]:
        return subprocess.run(
            ["bash", "-c", ask.format(words=words, at=at)],
            cwd=flows.folder,
            capture_output=True,
            text=True,
            timeout=DEADLINE_SECONDS,
            check=True,
        ).stdout.split()

    assert completed("re", 1) == ["resume", "retry"]
    assert completed("check --st", 2) == ["--strict"]
    assert completed("init t", 2) == ["toml"]


def test_the_installation_tests_itself(flows: Flows, tmp_path: Path) -> None:
    done = flows.run("self-test", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert {each["problem"] for each in json.loads(done.stdout)["checks"]} == {None}
    assert not (tmp_path / ".flows").exists()


@pytest.mark.parametrize("decision", ["done", "retry"])
def test_an_effect_in_doubt_parks_the_run_until_somebody_decides(
    flows: Flows, decision: str
) -> None:
    process = flows.start("run", "pay.py", "--input", '"o1"', "--run-id", "pay")
    until(lambda: lines(flows, "charged.txt") == 1, "the effect has begun")
    process.kill()
    process.communicate()
    (flows.folder / "go").touch()
    done = flows.run("resume", "pay")
    assert done.returncode == 1
    assert "error[RUN105]" in done.stderr
    assert "flows resume pay --assume" in done.stderr
    assert lines(flows, "charged.txt") == 1
    done = flows.run("resume", "pay", "--assume", decision, "--json")
    assert json.loads(done.stdout)["status"] == "succeeded", done.stderr
    assert lines(flows, "charged.txt") == (2 if decision == "retry" else 1)


def test_a_second_signal_ends_at_once(flows: Flows) -> None:
    text = SLOW.replace("sleep 600", "trap '' TERM; while :; do sleep 1; done")
    (flows.folder / "slow.toml").write_text(text)
    process, child = begin_slow(flows)
    process.send_signal(signal.SIGINT)
    assert process.stderr is not None
    while "once more to kill" not in (line := process.stderr.readline()):
        assert line, "the command did not say that it cancels"
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=DEADLINE_SECONDS)
    assert process.returncode == -signal.SIGKILL
    until(lambda: not is_alive(child), "the child dies with its parent")


def test_a_run_goes_on_where_it_was_started(flows: Flows) -> None:
    process, _ = begin_slow(flows)
    process.kill()
    process.communicate()
    (flows.folder / "go").touch()
    store = f"sqlite:///{flows.folder}/.flows/runs.db"
    flows.folder = flows.folder / "elsewhere"
    flows.folder.mkdir()
    assert flows.run("resume", "slow", "--store", store).returncode == 0
    assert list(flows.folder.iterdir()) == []
    assert lines(flows, "../last.txt") == 1
