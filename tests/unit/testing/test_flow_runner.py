import asyncio
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest

from latticeflow import Clock, Db, Http, Kv, flow, granted, node, retry, sleep
from latticeflow.capabilities import CapabilityMissingError, HttpError, HttpResponse
from latticeflow.diagnostics import CheckError, LatticeFlowError, UsageError
from latticeflow.runs import EventKind, RunStatus
from latticeflow.testing import FlowRunner, VirtualTime
from latticeflow.testing.effects import effectful_members

PAY = "https://bank/pay"


@node(retry=6, idempotency="cents")
async def pay(cents: int, *, http: Http.Write = granted) -> int:
    """Pay."""
    answer = await http.post(PAY, {"cents": cents})
    return answer.status


@node
async def note(status: int, *, kv: Kv.Write = granted) -> int:
    """Keep the status."""
    await kv.put("status", str(status).encode())
    return status


@flow
async def shop(cents: int) -> int:
    """Pay and keep."""
    return await note(await pay(cents))


@node(timeout="1h")
async def never(x: int) -> int:
    """Wait for what does not come."""
    await asyncio.Event().wait()
    return x


@flow
async def waits(x: int) -> int:
    """Wait in vain."""
    return await never(x)


@node(timeout="1h")
async def busy(x: int) -> int:
    """Take many turns of the loop, and no time."""
    for _ in range(200):
        await asyncio.sleep(0)
    return x


@flow
async def works(x: int) -> int:
    """Work."""
    return await busy(x)


@node(timeout="2s")
async def naps(x: int, *, clock: Clock = granted) -> int:
    """Sleep x seconds on the clock."""
    await clock.sleep(timedelta(seconds=x))
    return int(clock.now().timestamp())


@flow
async def nap(x: int) -> int:
    """Sleep."""
    return await naps(x)


def test_hours_of_backoff_pass_in_no_time(flow_runner: FlowRunner) -> None:
    http = flow_runner.grants.http
    for _ in range(5):
        http.answer("POST", PAY, HttpError("down"))
    http.answer("POST", PAY, status=201)

    began = time.monotonic()
    result = flow_runner.run_sync(shop, 500)

    assert time.monotonic() - began < 5
    assert result.value == 201
    assert result.attempts("pay") == 6
    assert result.elapsed > timedelta(seconds=20)
    assert [(effect.step, effect.call, effect.attempt) for effect in result.effects] == [
        *[("pay", "http.post", attempt) for attempt in range(1, 7)],
        ("note", "kv.put", 1),
    ]
    assert result.effects[-1].arguments == ("status", b"201")
    assert result.steps == {"pay": "succeeded", "note": "succeeded"}
    retries = [event for event in result.events if event.kind is EventKind.STEP_RETRYING]
    assert [event.at_ms for event in retries] == sorted({event.at_ms for event in retries})


def test_the_same_seed_gives_the_same_delays() -> None:
    def elapsed(seed: int) -> timedelta:
        runner = FlowRunner(seed=seed)
        runner.grants.http.answer("POST", PAY, HttpError("down"))
        runner.grants.http.answer("POST", PAY, status=200)
        return runner.run_sync(shop, 1).elapsed

    assert elapsed(1) == elapsed(1) != elapsed(2)


async def test_a_timeout_fires_without_waiting(
    flow_runner: FlowRunner, virtual_time: VirtualTime
) -> None:
    result = await flow_runner(waits, 1)
    assert isinstance(result.error, TimeoutError)
    with pytest.raises(TimeoutError, match="3600 s"):
        _ = result.value
    assert result.steps == {"never": "failed"}
    assert virtual_time.elapsed == timedelta(hours=1)


async def test_a_timeout_waits_for_what_can_still_go_on(flow_runner: FlowRunner) -> None:
    result = await flow_runner(works, 7)
    assert result.value == 7
    assert result.elapsed == timedelta(0)


async def test_the_clock_of_nodes_is_the_clock_of_timeouts(
    flow_runner: FlowRunner, virtual_time: VirtualTime
) -> None:
    start = int(virtual_time.now().timestamp())
    assert (await flow_runner(nap, 1)).value == start + 1
    assert isinstance((await flow_runner(nap, 3)).error, TimeoutError)
    assert virtual_time.elapsed == timedelta(seconds=3)


async def test_a_deadline_passes_in_virtual_time(flow_runner: FlowRunner) -> None:
    result = await flow_runner(waits, 1, deadline=timedelta(minutes=20))
    assert result.status is RunStatus.CANCELLED
    assert isinstance(result.error, TimeoutError)
    assert result.elapsed == timedelta(minutes=20)
    assert result.steps == {"never": "cancelled"}


@node
async def sleeps(x: int) -> int:
    """Sleep on the event loop itself."""
    await asyncio.sleep(x)
    return x


@flow
async def patient(x: int) -> int:
    """Try within a day, twice."""
    async with retry(2, on=TimeoutError):
        async with asyncio.timeout(86_400):
            return await sleeps(x)


async def test_sleeps_and_time_limits_of_asyncio_are_virtual_too(flow_runner: FlowRunner) -> None:
    assert (await flow_runner(patient, 80_000)).elapsed == timedelta(seconds=80_000)
    slow = await flow_runner(patient, 90_000)
    assert isinstance(slow.error, TimeoutError)
    assert slow.elapsed >= timedelta(days=2)


@node(timeout="1h")
async def in_a_thread(x: int) -> int:
    """Wait for a thread."""
    return await asyncio.to_thread(lambda: (GATE.wait(5), x)[1])


GATE = threading.Event()


@flow
async def threaded(x: int) -> int:
    """Wait for a thread."""
    return await in_a_thread(x)


async def test_time_is_not_faster_than_a_thread(flow_runner: FlowRunner) -> None:
    GATE.clear()
    timer = threading.Timer(0.05, GATE.set)
    timer.start()
    result = await flow_runner(threaded, 3)
    timer.join()
    assert result.value == 3
    assert result.elapsed == timedelta(0)


@node(timeout="1m", idempotency="x")
async def stores(x: int, *, db: Db.Write = granted) -> int:
    """Write to a database, which works in a thread."""
    await db.execute("CREATE TABLE IF NOT EXISTS t (a)")
    async with db.transaction() as transaction:
        await transaction.execute("INSERT INTO t VALUES (?)", (x,))
    return len(await db.query("SELECT a FROM t"))


@flow
async def stored(x: int) -> int:
    """Store."""
    return await stores(x)


async def test_the_database_is_waited_for_and_its_writes_are_effects(
    flow_runner: FlowRunner,
) -> None:
    result = await flow_runner(stored, 4)
    assert result.value == 1
    assert result.elapsed == timedelta(0)
    assert [effect.call for effect in result.effects] == ["db.execute", "db.execute"]
    assert result.effects[1].arguments == ("INSERT INTO t VALUES (?)", (4,))


async def test_two_runs_at_once_share_the_time(
    flow_runner: FlowRunner, virtual_time: VirtualTime
) -> None:
    results = await asyncio.gather(flow_runner(nap, 1), flow_runner(nap, 0), flow_runner(nap, 1))
    assert all(result.error is None for result in results)
    assert virtual_time.elapsed == timedelta(seconds=1)


async def test_after_a_run_the_loop_keeps_real_time_again(flow_runner: FlowRunner) -> None:
    loop = asyncio.get_running_loop()
    before = loop.time()
    await flow_runner(waits, 1)
    after = loop.time()
    assert 3600 <= after - before < 3660
    began = time.monotonic()
    await asyncio.sleep(0.02)
    assert time.monotonic() - began >= 0.019
    assert 0.019 <= loop.time() - after < 60


async def test_a_cancelled_call_cancels_the_run(flow_runner: FlowRunner) -> None:
    task = asyncio.create_task(flow_runner(waits, 1, deadline=10**9))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_another_virtual_time_on_the_same_loop_is_refused(flow_runner: FlowRunner) -> None:
    other = VirtualTime()
    with other.on(asyncio.get_running_loop()), pytest.raises(LatticeFlowError, match="another"):
        await flow_runner(works, 1)


async def test_what_is_called_directly_gets_the_same_fakes(
    flow_runner: FlowRunner, grants: object
) -> None:
    http = flow_runner.grants.http
    http.answer("POST", PAY, status=202)
    called = await shop(500)
    assert called == (await flow_runner(shop, 500)).value == 202
    assert [request.body for request in http.requests] == [{"cents": 500}] * 2


class BrokenKv:
    """Cannot write."""

    async def get(self, key):
        return None

    async def get_entry(self, key):
        return None

    async def list(self, prefix="", *, cursor=None, limit=0):
        return None

    def info(self):
        return None

    async def put(self, key, value, **_):
        raise OSError("disk full")

    async def delete(self, key, **_):
        return False


async def test_a_provider_takes_the_place_of_a_fake(flow_runner: FlowRunner) -> None:
    flow_runner.grants.http.answer("POST", PAY, HttpResponse(status=200, headers={}, body=b""))
    result = await flow_runner(shop, 1, grants={"kv": BrokenKv()})
    assert isinstance(result.error, OSError)
    assert (await flow_runner(shop, 1)).error is None

    flow_runner.grants.use(kv=BrokenKv())
    assert isinstance((await flow_runner(shop, 1)).error, OSError)
    with pytest.raises(OSError, match="disk full"):
        await note(200)


async def test_a_provider_that_lacks_what_a_node_asks_for_is_refused(
    flow_runner: FlowRunner,
) -> None:
    with pytest.raises(CapabilityMissingError):
        await flow_runner(shop, 1, grants={"kv": object()})


async def test_inputs_are_judged(flow_runner: FlowRunner) -> None:
    with pytest.raises(UsageError, match="RUN101"):
        await flow_runner(shop)


WORKFLOW = """
id = "release"
version = "1.0.0"

[parameters.tag]
type = "string"
required = true

[steps.build]
run = "make ${{ params.tag }}"
effects = "read_only"
retry = { max_attempts = 3, initial_interval = "1h", max_interval = "2h" }

[steps.publish]
needs = ["build"]
run = ["upload", "${{ params.tag }}"]

[outputs]
said = "${{ steps.publish.stdout }}"
"""


async def test_a_workflow_runs_without_starting_its_commands(
    flow_runner: FlowRunner, tmp_path: Path
) -> None:
    target = tmp_path / "workflow.toml"
    target.write_text(WORKFLOW)
    commands = flow_runner.commands
    commands.answer("build", exit_code=2, stderr="no space")
    commands.answer("build", stdout="built")
    commands.answer("publish", stdout="done")

    result = await flow_runner(target, tag="v1")

    assert result.value == {"said": "done"}
    assert [(start.step, start.attempt) for start in commands.started] == [
        ("build", 1),
        ("build", 2),
        ("publish", 1),
    ]
    assert commands.started[2].argv == ("upload", "v1")
    assert [line.text for line in result.output] == ["no space", "built", "done"]
    assert result.elapsed > timedelta(minutes=30)


async def test_a_command_without_an_answer_says_how_to_set_one(
    flow_runner: FlowRunner, tmp_path: Path
) -> None:
    target = tmp_path / "workflow.toml"
    target.write_text(WORKFLOW.replace(', initial_interval = "1h", max_interval = "2h"', ""))
    result = await flow_runner(str(target), tag="v1")
    assert "flow_runner.commands.answer('build'" in str(result.error)


async def test_real_commands_take_the_time_they_take(
    flow_runner: FlowRunner, tmp_path: Path
) -> None:
    target = tmp_path / "workflow.toml"
    target.write_text(
        WORKFLOW.replace("make ${{ params.tag }}", "sleep 0.1; echo ${{ params.tag }}").replace(
            '"upload"', '"echo"'
        )
        + '[steps.late]\nrun = "sleep 60"\ntimeout = "1s"\non_error = "continue"\n'
    )
    result = await flow_runner(target, tag="v2", real_commands=True)
    assert result.value == {"said": "v2\n"}
    assert result.steps["late"] == "failed"


@flow
async def dozes(x: int) -> int:
    """Sleep in the flow itself."""
    await sleep("1h")
    return x


async def test_a_flow_that_sleeps_is_refused_as_the_local_host_does(
    flow_runner: FlowRunner,
) -> None:
    with pytest.raises(CheckError, match="CTRL901"):
        await flow_runner(dozes, 1)


def test_which_methods_are_effects() -> None:
    assert effectful_members("kv") == {"put", "delete"}
    assert effectful_members("process") == {"run"}
    assert effectful_members("clock") == effectful_members("dedupe") == frozenset()
    assert {"execute", "execute_many"} <= effectful_members("db")


def test_a_loop_of_another_kind_is_refused() -> None:
    class Foreign:
        pass

    with pytest.raises(LatticeFlowError, match="Foreign"), VirtualTime().on(Foreign()):  # type: ignore[arg-type]
        pass


def test_a_clock_starts_at_an_aware_time() -> None:
    from datetime import datetime

    with pytest.raises(ValueError, match="aware"):
        VirtualTime(datetime(2000, 1, 1))
