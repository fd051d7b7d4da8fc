"""A run is killed while its command has children that ignore signals: none meets the re-run."""

from __future__ import annotations

import asyncio
import os
import signal
import sys

import pytest

from latticeflow.hosts.local.client import Client
from latticeflow.runs import RunStatus

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(sys.platform != "linux", reason="needs /proc"),
]

# The first time, a child stays behind in a session of its own and keeps writing; the second time
# the step looks whether anybody still does.
WORKFLOW = """
id = "survivors"
name = "Survivors"
version = "1.0.0"

[steps.work]
run = '''
if test -e beats; then
    before=$(wc -c < beats); sleep 0.2; after=$(wc -c < beats)
    test "$before" = "$after" && echo quiet || echo noise
else
    setsid sh -c "trap '' TERM HUP INT; while :; do echo beat >> beats; sleep 0.01; done" >/dev/null 2>&1 &
    (trap '' STUBBORN; while :; do echo beat >> beats; sleep 0.01; done) &
    sleep 300
fi
'''

[outputs]
said = "${{ steps.work.stdout }}"
"""

RUN = "import sys; from latticeflow.cli import main; sys.exit(main())"


def beats(place):
    file = place / "beats"
    return file.stat().st_size if file.exists() else 0


async def until_more(place, than):
    async with asyncio.timeout(30):
        while beats(place) <= than:
            await asyncio.sleep(0.005)


async def start(place, *, stubborn):
    signals = "TERM HUP INT" if stubborn else "HUP"
    (place / "workflow.toml").write_text(WORKFLOW.replace("STUBBORN", signals))
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        RUN,
        "run",
        "workflow.toml",
        cwd=place,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )
    await until_more(place, 20)
    return process


async def test_survivors_are_ended_before_the_step_runs_again(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    process = await start(tmp_path, stubborn=True)
    os.kill(process.pid, signal.SIGKILL)
    await process.wait()
    await until_more(tmp_path, beats(tmp_path) + 20)  # else the test has no survivors

    async with Client("sqlite:///.flows/runs.db") as client:
        (run,) = await client.runs()
        assert run.status is RunStatus.RUNNING
        handle = await client.resume(run.run_id)
        assert await handle.result() == {"said": "quiet\n"}


async def test_interrupting_leaves_nothing(tmp_path):
    # What ignores the request to end would only cost the grace; one has left the group.
    process = await start(tmp_path, stubborn=False)
    process.send_signal(signal.SIGINT)
    assert await process.wait() == 130
    before = beats(tmp_path)
    await asyncio.sleep(0.2)
    assert beats(tmp_path) == before
