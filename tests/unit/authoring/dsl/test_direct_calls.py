"""What the words of a flow mean when it is called as plain Python."""

import asyncio
import pickle
from datetime import UTC, datetime, timedelta

import pytest

from latticeflow import (
    Decision,
    NonRetryable,
    RetryAfter,
    approval,
    each,
    event,
    flow,
    join,
    node,
    parallel,
    rate_limit,
    retry,
    saga,
    session,
    sleep,
    sliding,
    static,
    timeout,
    tumbling,
    up_to,
    window,
)
from latticeflow.authoring.dsl import answering
from latticeflow.diagnostics import LatticeFlowError, UsageError

START = datetime(2026, 1, 1, tzinfo=UTC)


async def after(*seconds):
    for second in seconds:
        yield START + timedelta(seconds=second)


def seconds_of(windows):
    return [[int((item - START).total_seconds()) for item in w.items] for w in windows]


async def collected(stream):
    return [item async for item in stream]


def test_a_scope_runs_its_body_once():
    tries = []
    with pytest.raises(OSError, match="broken"), retry(3), timeout("1s"), rate_limit(qps=1):
        tries.append(1)
        raise OSError("broken")
    assert tries == [1]


async def test_scopes_are_asynchronous_too():
    async with retry(3, on=OSError, unless=PermissionError), timeout("1s"), rate_limit(qps=2):
        pass


def test_loops_are_plain_loops():
    assert list(each([1, 2], concurrency=8)) == [1, 2]
    assert list(static(("a", "b"))) == ["a", "b"]
    assert list(up_to(3)) == [0, 1, 2]
    with pytest.raises(UsageError, match="FLOW025"):
        up_to(0)
    with pytest.raises(UsageError, match="FLOW025"):
        each([1], concurrency=0)


async def test_each_over_a_stream_is_the_stream():
    assert len(await collected(each(after(1, 2), by=lambda at: at))) == 2


# -- parallel ------------------------------------------------------------------------------------


async def test_parallel_gives_results_in_order():
    async def give(value, turns):
        for _ in range(turns):
            await asyncio.sleep(0)
        return value

    assert await parallel(give("a", 5), give("b", 0)) == ("a", "b")
    assert await parallel() == ()


async def test_parallel_cancels_the_others_and_waits_for_them():
    seen = []

    async def waits():
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            seen.append("ended")

    async def fails():
        await asyncio.sleep(0)
        raise ValueError("mine")

    with pytest.raises(ValueError, match="mine"):
        await parallel(waits(), fails())
    assert seen == ["ended"]


async def test_of_two_failures_the_first_argument_wins():
    async def fails(name):
        raise ValueError(name)

    with pytest.raises(ValueError, match="first"):
        await parallel(fails("first"), fails("second"))


# -- saga ----------------------------------------------------------------------------------------


async def test_a_saga_undoes_in_reverse_and_lets_the_error_through():
    undone = []

    async def undo(name):
        undone.append(name)

    with pytest.raises(ValueError, match="late"):
        async with saga() as s:
            s.undo(undo, "a")
            s.undo(undone.append, "b")
            raise ValueError("late")
    assert undone == ["b", "a"]


async def test_a_saga_that_succeeds_undoes_nothing():
    undone = []
    async with saga() as s:
        s.undo(undone.append, 1)
    assert undone == []


# -- waiting -------------------------------------------------------------------------------------


async def test_sleep_takes_no_time():
    await asyncio.wait_for(sleep("1w"), timeout=5)


async def test_nobody_answers_unless_somebody_does():
    with pytest.raises(LatticeFlowError, match=r"nobody answers event\(int\) in a direct call"):
        await event(int, key=1)
    with pytest.raises(LatticeFlowError, match="nobody answers approval"):
        await approval("Sure?", by="me", within="1d")


async def test_answers():
    class Answers:
        async def event(self, kind, key, within):
            return kind(key)

        async def approval(self, question, by, within, escalate):
            return Decision(approved=question == "Sure?", by=by)

        async def sleep(self, duration):
            slept.append(duration)

    slept = []
    with answering(Answers()):
        assert await event(int, key="7", within="1h") == 7
        assert (await approval("Sure?", by="me", within="1d")).approved
        await sleep("2s")
    assert slept == [timedelta(seconds=2)]


# -- streams -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "frame, expected",
    [
        (tumbling("1m"), [[1, 5], [61], [130]]),
        (sliding("1m", every="30s"), [[1, 5], [1, 5], [61, 50], [61], [130], [130]]),
        (session("20s"), [[1, 5], [61, 50], [130]]),
    ],
    ids=["tumbling", "sliding", "session"],
)
async def test_windows(frame, expected):
    windows = await collected(window(after(1, 5, 61, 50, 130), frame, at=lambda at: at))
    assert seconds_of(windows) == expected
    starts = [w.start for w in windows]
    assert starts == sorted(starts)


async def test_lateness_keeps_a_window_open_and_late_items_are_handed_over():
    late = []
    stream = after(1, 61, 50, 130, 40)
    windows = await collected(
        window(stream, tumbling("1m"), at=lambda at: at, lateness="30s", late=late.append)
    )
    assert seconds_of(windows) == [[1, 50], [61], [130]]
    assert [int((at - START).total_seconds()) for at in late] == [40]


async def test_times_without_a_zone_count_as_utc():
    async def naive():
        yield datetime(2026, 1, 1, 0, 0, 5)

    (found,) = await collected(window(naive(), tumbling("1m"), at=lambda at: at))
    assert found.start == START


async def test_join_pairs_by_key():
    async def stream(*items):
        for item in items:
            yield item

    pairs = join(
        stream(("a", 1), ("b", 2), ("a", 3)),
        stream(("a", "x"), ("c", "y"), ("a", "z")),
        on=(lambda pair: pair[0], lambda pair: pair[0]),
        within="5m",
    )
    found = [(left[1], right[1]) async for left, right in pairs]
    assert found == [(1, "x"), (1, "z"), (3, "x"), (3, "z")]


# -- errors and flows ----------------------------------------------------------------------------


def test_signals_survive_a_border():
    again = pickle.loads(pickle.dumps(RetryAfter("5s", "busy")))
    assert (again.delay, str(again)) == (timedelta(seconds=5), "busy")
    assert str(pickle.loads(pickle.dumps(NonRetryable("no")))) == "no"


def test_the_engine_reads_the_signals():
    from latticeflow.engine.failure import failure_of

    assert failure_of(RetryAfter("5s")).retry_after_ms == 5000
    assert not failure_of(NonRetryable("no")).retryable
    assert failure_of(ValueError("x")).retryable


@node
def double(x: int) -> int:
    return x * 2


@flow
async def doubled(xs: list[int]) -> list[int]:
    return [double(x) for x in each(xs, concurrency=4)]


async def test_a_flow_is_called_like_a_function():
    assert await doubled([1, 2]) == [2, 4]
