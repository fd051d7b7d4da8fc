import asyncio
import contextlib
import os
import signal
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest

from latticeflow.capabilities import ProcessError
from latticeflow.providers.process import Command, identify, kill_group, run_command

linux = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")


def command(*argv, cwd="/", **rest):
    rest.setdefault("grace", timedelta(seconds=0.3))
    env = {"PATH": os.environ["PATH"]} | rest.pop("env", {})
    return Command(argv=argv, env=env, cwd=str(cwd), **rest)


def sh(script, **rest):
    return command("/bin/sh", "-c", script, **rest)


def is_alive(pid):
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except FileNotFoundError:
        return False
    return stat.rpartition(b")")[2].split()[0] not in (b"Z", b"X")


async def until_gone(pid):
    async with asyncio.timeout(10):
        while is_alive(pid):
            await asyncio.sleep(0.002)


async def test_result_has_all_of_it():
    done = await run_command(sh("echo out; echo err >&2; exit 3"))
    assert (done.exit_code, done.stdout, done.stderr, done.truncated) == (3, "out\n", "err\n", ())


async def test_lines_are_told_as_they_come():
    seen = []
    waiting = asyncio.Event()

    def tell(stream, line):
        seen.append((stream, line))
        waiting.set()

    running = asyncio.ensure_future(run_command(sh("echo one; exec sleep 60"), on_output=tell))
    await waiting.wait()
    assert seen == [("stdout", "one")]
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_odd_bytes_are_text_all_the_same():
    lines = []
    done = await run_command(
        command("printf", "caf\\303\\251 \\377 \\342\\230\\203\\r\\nend"),
        on_output=lambda _, line: lines.append(line),
    )
    assert lines == ["café \ufffd ☃", "end"]
    assert done.stdout == "café \ufffd ☃\r\nend"


async def test_huge_output_is_bounded_and_marked():
    lines = 0

    def count(stream, line):
        nonlocal lines
        lines += 1

    script = "i=0; while [ $i -lt 300 ]; do printf '%01000d\\n' $i; i=$((i+1)); done; echo é"
    done = await run_command(sh(script, limit_bytes=5000), on_output=count)
    assert lines == 301
    assert done.truncated == ("stdout",)
    assert done.stdout.startswith("[295303 bytes left out]\n")
    assert done.stdout.endswith("299\né\n")
    assert len(done.stdout) < 5100


async def test_endless_line_is_told_in_pieces():
    lines = []
    await run_command(
        sh("head -c 200000 /dev/zero | tr '\\0' x"), on_output=lambda _, line: lines.append(line)
    )
    assert "".join(lines) == "x" * 200_000
    assert max(map(len, lines)) <= 65536


async def test_arguments_are_not_read_by_a_shell(tmp_path):
    evil = "$(touch pwned); `touch pwned` && touch pwned"
    done = await run_command(command("printf", "%s", evil, cwd=tmp_path))
    assert done.stdout == evil
    assert list(tmp_path.iterdir()) == []


async def test_environment_is_what_was_given():
    done = await run_command(command("env", env={"A": "b c"}))
    assert {line.partition("=")[0] for line in done.stdout.splitlines()} == {
        "PATH",
        "A",
        "FLOWS_ATTEMPT_TOKEN",
    }


async def test_stdin_is_given_whole_or_empty():
    content = b"x" * 500_000
    assert (await run_command(command("wc", "-c", stdin=content))).stdout.strip() == "500000"
    assert (await run_command(command("wc", "-c"))).stdout.strip() == "0"


@pytest.mark.parametrize(
    ("argv", "cwd", "why"),
    [
        (["no-such-program-here"], "/", "no such file or directory"),
        (["/"], "/", "permission denied"),
        (["true"], "/no/such/place", "no such file or directory: /no/such/place"),
        (["true", "a\0b"], "/", "a NUL character cannot be given to a program"),
        (["true", "x" * 3_000_000], "/", "argument list too long"),
    ],
)
async def test_what_cannot_be_started_says_why(argv, cwd, why):
    with pytest.raises(ProcessError) as caught:
        await run_command(command(*argv, cwd=cwd))
    (finding,) = caught.value.diagnostics
    assert finding.code == "CAP210"
    assert finding.message == f"`{argv[0]}` cannot be started: {why}"


async def test_signal_is_a_negative_code():
    assert (await run_command(sh("kill -USR1 $$"))).exit_code == -signal.SIGUSR1


async def test_signals_are_as_a_program_expects_them():
    # Python ignores SIGPIPE; a program that inherited that would write for ever.
    done = await run_command(sh("yes | head -1; trap"))
    assert (done.exit_code, done.stdout) == (0, "y\n")


@linux
async def test_group_is_told_before_the_program_begins(tmp_path):
    mark = tmp_path / "began"
    told = []

    async def started(group):
        await asyncio.sleep(0.02)
        assert not mark.exists()
        told.append(group)

    done = await run_command(sh(f"echo $$ $PPID; touch {mark}"), on_started=started)
    assert mark.exists()
    assert done.stdout.split() == [str(told[0].pgid), str(os.getpid())]
    assert told[0].started
    assert told[0].boot_id


async def test_program_never_begins_if_its_group_cannot_be_recorded(tmp_path):
    mark = tmp_path / "began"

    async def started(group):
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        await run_command(sh(f"touch {mark}"), on_started=started)
    assert not mark.exists()


@linux
async def test_cancelling_ends_children_that_ignore_sigterm(tmp_path):
    script = (
        "trap '' TERM\n"
        "(trap '' TERM; echo $$ > /dev/null; sh -c 'echo $PPID > inner; exec sleep 300'; sleep 300) &\n"
        "echo $$ > outer; echo $! > middle; echo ready; sleep 300"
    )
    ready = asyncio.Event()
    running = asyncio.ensure_future(
        run_command(sh(script, cwd=tmp_path), on_output=lambda *_: ready.set())
    )
    await ready.wait()
    pids = [int((tmp_path / name).read_text()) for name in ("outer", "middle")]
    assert all(map(is_alive, pids))
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    for pid in pids:
        await until_gone(pid)


async def test_polite_program_may_clean_up(tmp_path):
    ready = asyncio.Event()
    script = "trap 'echo bye > note; exit 0' TERM; echo ready; while :; do sleep 0.01; done"
    running = asyncio.ensure_future(
        run_command(
            sh(script, cwd=tmp_path, grace=timedelta(seconds=20)), on_output=lambda *_: ready.set()
        )
    )
    await ready.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert (tmp_path / "note").read_text() == "bye\n"


async def test_second_cancellation_ends_the_grace():
    ready = asyncio.Event()
    running = asyncio.ensure_future(
        run_command(
            sh("trap '' TERM; echo ready; while :; do sleep 1; done", grace=timedelta(hours=1)),
            on_output=lambda *_: ready.set(),
        )
    )
    await ready.wait()
    began = time.monotonic()
    running.cancel()
    await asyncio.sleep(0.05)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert time.monotonic() - began < 60


@linux
async def test_what_is_left_behind_is_ended(tmp_path):
    done = await run_command(sh("(sleep 300 </dev/null >/dev/null 2>&1) & echo $!", cwd=tmp_path))
    assert done.exit_code == 0
    await until_gone(int(done.stdout))


async def test_what_is_left_behind_may_finish_writing():
    done = await run_command(sh("(sleep 0.1; echo late) & echo early"))
    assert done.stdout == "early\nlate\n"


@linux
async def test_no_descriptor_and_no_zombie_is_left():
    async def once():
        await run_command(sh("echo x; exit 1", stdin=b"y"))
        with contextlib.suppress(ProcessError):
            await run_command(command("no-such-program-here"))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.01):
                await run_command(sh("sleep 60"))

    await once()
    before = sorted(Path("/proc/self/fd").iterdir())
    for _ in range(5):
        await once()
    assert sorted(Path("/proc/self/fd").iterdir()) == before
    assert own_zombies() == []


def own_zombies() -> list[str]:
    """Return the ended children of this process that nobody has waited for."""
    states = (Path(f"/proc/{entry.name}/stat") for entry in Path("/proc").glob("[0-9]*"))
    found = []
    for state in states:
        with contextlib.suppress(OSError):
            status, parent = state.read_text().rpartition(")")[2].split()[:2]
            if status == "Z" and int(parent) == os.getpid():
                found.append(state.parent.name)
    return found


@linux
async def test_child_sees_no_descriptor_of_its_parent(tmp_path):
    with (tmp_path / "secret").open("w"):
        done = await run_command(command("ls", "-l", "/proc/self/fd"))
    targets = [line.split(" -> ")[1] for line in done.stdout.splitlines() if " -> " in line]
    assert len(targets) == 4  # three streams, and the directory that is listed
    assert not any("secret" in target for target in targets)


PARENT = """
import asyncio, os, sys
from latticeflow.providers.process import Command, run_command
async def main():
    await run_command(
        Command(argv=("/bin/sh", "-c", "echo $$; exec sleep 300"), env=dict(os.environ), cwd="/"),
        on_output=lambda _, line: print(line, flush=True),
    )
asyncio.run(main())
"""


@linux
async def test_child_dies_with_its_parent():
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PARENT, stdout=asyncio.subprocess.PIPE
    )
    pid = int(await parent.stdout.readline())
    assert is_alive(pid)
    parent.kill()
    await parent.wait()
    await until_gone(pid)


SURVIVORS = """
import asyncio, os, sys, msgspec
from latticeflow.providers.process import Command, run_command
script = '''
(trap '' TERM; exec sleep 300) >/dev/null 2>&1 &
echo $!
setsid sh -c 'echo $$; exec sleep 300 >/dev/null 2>&1' &
sleep 300
'''
async def started(group):
    print(msgspec.json.encode(group).decode(), flush=True)
async def main():
    await run_command(
        Command(argv=("/bin/sh", "-c", script), env=dict(os.environ), cwd="/"),
        on_started=started, on_output=lambda _, line: print(line, flush=True),
    )
asyncio.run(main())
"""


@linux
async def test_survivors_of_a_killed_parent_are_found_and_killed():
    import msgspec

    from latticeflow.providers.process import ProcessGroup

    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SURVIVORS, stdout=asyncio.subprocess.PIPE
    )
    group = msgspec.json.decode(await parent.stdout.readline(), type=ProcessGroup)
    pids = [int(await parent.stdout.readline()) for _ in range(2)]
    parent.kill()
    await parent.wait()
    assert all(map(is_alive, pids)), "the test needs survivors"
    assert kill_group(group) >= 2
    assert not any(map(is_alive, pids))
    assert kill_group(group) == 0


@linux
async def test_reused_number_harms_nobody():
    bystander = await asyncio.create_subprocess_exec("sleep", "300", start_new_session=True)
    try:
        ours = identify(bystander.pid, "token")
        import msgspec

        reused = msgspec.structs.replace(ours, started="1")
        assert kill_group(reused) == 0
        assert kill_group(msgspec.structs.replace(ours, boot_id="another")) == 0
        assert is_alive(bystander.pid)
        assert kill_group(ours) == 1  # the same number, and it is the one
    finally:
        with contextlib.suppress(ProcessLookupError):
            bystander.kill()
        await bystander.wait()


async def test_many_at_once():
    done = await asyncio.gather(*(run_command(sh(f"echo {n}")) for n in range(20)))
    assert [int(each.stdout) for each in done] == list(range(20))


@linux
async def test_program_that_fails_before_the_gate_says_why_all_the_same():
    async def started(group):
        await until_gone(group.pgid)

    with pytest.raises(ProcessError, match="no such file or directory"):
        await run_command(command("true", cwd="/no/such/place"), on_started=started)


@pytest.mark.parametrize("missing", [["pidfd_open"], ["pidfd_open", "waitid"]])
async def test_systems_that_have_less(monkeypatch, missing):
    for name in missing:
        monkeypatch.delattr(os, name, raising=False)
    assert (await run_command(sh("echo x; exit 3"))).exit_code == 3
    running = asyncio.ensure_future(run_command(sh("trap '' TERM; sleep 300")))
    await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    with pytest.raises(ProcessError):
        await run_command(command("no-such-program-here"))
