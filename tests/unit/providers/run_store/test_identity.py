"""Who a process is."""

from __future__ import annotations

import os
import subprocess
import sys

from latticeflow.providers.run_store import this_process


def test_a_process_is_itself():
    assert this_process() == this_process()
    assert this_process().pid == os.getpid()
    assert this_process().fence == 0
    assert this_process().process_started


def test_another_process_is_another():
    program = (
        "import os\n"
        "from latticeflow.providers.run_store import this_process\n"
        "mine = this_process()\n"
        "if os.fork() == 0:\n"
        "    os._exit(this_process() == mine)\n"
        "print(os.wait()[1], mine.boot_id, mine.process_started)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    status, boot_id, started = done.stdout.split()
    assert status == "0"
    assert boot_id == this_process().boot_id
    assert started != this_process().process_started or boot_id
