import asyncio
import importlib.util
import os
import signal
import sys
import time
from pathlib import Path

import pytest
from tests.unit.engine.workers import sample_work as work

from latticeflow.engine.workers import (
    RemoteError,
    RemoteTraceback,
    WorkerCallError,
    WorkerDiedError,
    WorkerPool,
)

linux = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")


def is_alive(pid):
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except FileNotFoundError:
        return False
    return stat.rpartition(b")")[2].split()[0] not in (b"Z", b"X")


async def until(condition):
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.002)


async def number_in(file):
    await until(lambda: file.exists() and file.read_text())
    return int(file.read_text())


@pytest.fixture
async def pool():
    pool = WorkerPool(2)
    yield pool
    await pool.close()
    assert not any(map(is_alive, pool.pids))
    assert not pool.pids


async def test_values_come_back(pool):
    assert await pool.run(work.add, (1,), {"b": 2}) == 3
    assert await pool.run(work.mirrored, (work.Point(1, 2),)) == work.Point(2, 1)
    assert await pool.run(work.big, (30_000_000,)) == b"x" * 30_000_000


async def test_process_is_another_one_and_is_kept(pool):
    first = await pool.run(work.process_id)
    assert first != os.getpid()
    assert await pool.run(work.process_id) == first


async def test_no_more_processes_than_allowed(pool):
    seen = await asyncio.gather(*(pool.run(work.process_id) for _ in range(12)))
    assert len(set(seen)) <= 2
    assert len(pool.pids) <= 2


async def test_error_is_the_original_with_its_traceback(pool):
    pid = await pool.run(work.process_id)
    with pytest.raises(work.Plain, match=r"^no$") as caught:
        await pool.run(work.fail, ("no",))
    cause = caught.value.__cause__
    assert isinstance(cause, RemoteTraceback)
    assert "in fail\n    raise Plain(message)" in str(cause)
    assert "child.py" not in str(cause)
    assert await pool.run(work.process_id) == pid, "an error does not cost the process"


async def test_error_that_cannot_be_sent_comes_as_data(pool):
    with pytest.raises(RemoteError, match="1-2") as caught:
        await pool.run(work.fail_oddly)
    error = caught.value.error
    assert error.type == f"{work.__name__}:Odd"
    assert error.bases == ("builtins:Exception", "builtins:BaseException")
    assert "in fail_oddly" in error.details


async def test_exit_ends_the_call_and_not_this_process(pool):
    with pytest.raises(RemoteError) as caught:
        await pool.run(work.exit_politely)
    assert caught.value.error.type == "builtins:SystemExit"
    assert await pool.run(work.add, (1,)) == 2


async def test_result_that_cannot_be_sent_is_an_error(pool):
    with pytest.raises(TypeError, match="cannot leave its process"):
        await pool.run(work.make_lambda)
    assert await pool.run(work.add, (1,)) == 2


async def test_call_that_cannot_be_sent_is_refused(pool):
    with pytest.raises(WorkerCallError, match="<lambda>"):
        await pool.run(lambda: 1)
    with pytest.raises(WorkerCallError):
        await pool.run(work.add, (lambda: 1,))
    assert pool.pids == frozenset()


@linux
async def test_timeout_kills_and_replaces(pool, tmp_path):
    mark = tmp_path / "pid"
    with pytest.raises(TimeoutError):
        await pool.run(work.spin_for_ever, (str(mark),), timeout=0.5)
    pid = await number_in(mark)
    assert not is_alive(pid)
    assert await pool.run(work.process_id) != pid


async def test_starting_is_not_on_the_clock(pool, tmp_path, monkeypatch):
    (tmp_path / "sitecustomize.py").write_text("import time; time.sleep(0.8)")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert await pool.run(work.add, (1,), timeout=0.7) == 2


async def test_importing_the_function_is_not_on_the_clock(pool, tmp_path):
    file = tmp_path / "slow_import.py"
    file.write_text("def four():\n    return 4\n")
    spec = importlib.util.spec_from_file_location("slow_import", file)
    module = importlib.util.module_from_spec(spec)
    sys.modules["slow_import"] = module
    spec.loader.exec_module(module)
    file.write_text("import time\ntime.sleep(0.8)\n" + file.read_text())
    try:
        assert await pool.run(module.four, timeout=0.7) == 4
    finally:
        del sys.modules["slow_import"]


async def test_timeout_of_the_function_itself_is_an_error_like_others(pool):
    pid = await pool.run(work.process_id)
    with pytest.raises(TimeoutError, match="my own"):
        await pool.run(work.time_out, timeout=30)
    assert await pool.run(work.process_id) == pid


@linux
async def test_cancelling_kills_the_process_and_what_it_started(pool, tmp_path):
    mark = tmp_path / "pid"
    task = asyncio.ensure_future(pool.run(work.start_a_child, (str(mark),)))
    child = await number_in(mark)
    (worker,) = pool.pids
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not is_alive(worker)
    await until(lambda: not is_alive(child))


async def test_waiting_call_can_be_cancelled_and_its_place_goes_on(tmp_path):
    pool = WorkerPool(1)
    busy = asyncio.ensure_future(pool.run(work.spin_for_ever, (str(tmp_path / "pid"),)))
    waiting = [asyncio.ensure_future(pool.run(work.add, (n,))) for n in range(3)]
    await number_in(tmp_path / "pid")
    waiting[0].cancel()
    busy.cancel()
    assert await asyncio.gather(*waiting[1:]) == [2, 3]
    assert waiting[0].cancelled()
    await pool.close()


@pytest.mark.parametrize(
    ("function", "args", "why"),
    [
        (work.leave, (5,), "it ended with exit code 5"),
        (work.crash, (), "it was ended by SIGSEGV"),
    ],
)
async def test_death_of_a_process_is_told_and_mended(pool, function, args, why):
    with pytest.raises(WorkerDiedError) as caught:
        await pool.run(function, args)
    (finding,) = caught.value.diagnostics
    assert finding.code == "STEP007"
    assert finding.message.endswith(why)
    assert await pool.run(work.add, (1,)) == 2


@linux
async def test_idle_process_that_died_is_replaced(pool):
    pid = await pool.run(work.process_id)
    os.kill(pid, signal.SIGKILL)
    await until(lambda: not is_alive(pid))
    assert await pool.run(work.process_id) != pid


async def test_closing_fails_the_calls_in_progress(tmp_path):
    pool = WorkerPool(1)
    task = asyncio.ensure_future(pool.run(work.spin_for_ever, (str(tmp_path / "pid"),)))
    await number_in(tmp_path / "pid")
    await pool.close()
    with pytest.raises(WorkerDiedError):
        await task


def test_pool_serves_one_loop_after_another():
    pool = WorkerPool(1)
    first = asyncio.run(pool.run(work.process_id))
    assert asyncio.run(pool.run(work.process_id)) == first
    pool.close_now()
    assert pool.pids == frozenset()


async def test_module_known_by_file_only(pool, tmp_path):
    import importlib.util

    file = tmp_path / "odd place" / "shop_by_file.py"
    file.parent.mkdir()
    file.write_text(
        "from dataclasses import dataclass\n"
        "@dataclass\nclass Order:\n    cents: int\n"
        "def total(order, factor):\n    return Order(order.cents * factor)\n"
    )
    spec = importlib.util.spec_from_file_location("shop_by_file", file)
    module = importlib.util.module_from_spec(spec)
    sys.modules["shop_by_file"] = module
    try:
        spec.loader.exec_module(module)
        assert await pool.run(module.total, (module.Order(5), 2)) == module.Order(10)
    finally:
        del sys.modules["shop_by_file"]


MAIN = """
import asyncio, sys
from latticeflow.engine.workers import WorkerPool
class Word(str):
    pass
def shout(word):
    return Word(word.upper())
def spin():
    while True:
        pass
async def main():
    pool = WorkerPool(1)
    print(await pool.run(shout, (Word("hi"),)), *pool.pids, flush=True)
    if sys.argv[1:] == ["hang"]:
        await pool.run(spin)
    await pool.close()
if __name__ == "__main__":
    asyncio.run(main())
"""


async def test_functions_of_a_script(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(MAIN)
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(script), stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    assert out.split()[0] == b"HI"
    assert process.returncode == 0


@linux
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
async def test_worker_dies_with_its_parent(tmp_path, how):
    script = tmp_path / "script.py"
    script.write_text(MAIN)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(script),
        "hang",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    pid = int((await process.stdout.readline()).split()[1])
    assert is_alive(pid)
    process.send_signal(how)
    await process.wait()
    await until(lambda: not is_alive(pid))


@linux
async def test_timeout_stops_what_never_gives_up_the_interpreter(pool, tmp_path):
    mark = tmp_path / "pid"
    with pytest.raises(TimeoutError):
        await pool.run(work.hold_the_interpreter, (str(mark),), timeout=0.3)
    assert not is_alive(await number_in(mark))


async def test_worker_sees_the_arguments_of_its_parent(pool):
    assert await pool.run(work.argument_list) == sys.argv


async def test_call_costs_little_once_the_process_is_there(pool):
    await pool.run(work.add, (1,))
    began = time.perf_counter()
    for _ in range(100):
        await pool.run(work.add, (1,))
    assert (time.perf_counter() - began) / 100 < 0.02


async def test_systems_that_have_less(pool, monkeypatch):
    monkeypatch.delattr(os, "waitid", raising=False)
    pid = await pool.run(work.process_id)
    assert await pool.run(work.process_id) == pid
    with pytest.raises(WorkerDiedError):
        await pool.run(work.leave, (1,))
    assert await pool.run(work.add, (1,)) == 2
