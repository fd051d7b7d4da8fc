"""Group commit: what waits is one batch, the order holds, and nothing is written after a failure."""

from __future__ import annotations

import asyncio
import threading

import apsw
import pytest

from latticeflow.providers.run_store.sqlite.operations import Operation
from latticeflow.providers.run_store.sqlite.writer import GroupCommit
from latticeflow.runs import StoreError


class Numbered(Operation):
    """An operation that answers with its number."""

    __slots__ = ("number",)

    def __init__(self, number, *, heavy=False):
        super().__init__(asyncio.get_running_loop().create_future(), heavy=heavy)
        self.number = number


class Recorder:
    """A committer that remembers, and can be held up, locked or broken."""

    def __init__(self):
        self.batches = []
        self.threads = []
        self.gate = threading.Event()
        self.gate.set()
        self.locked = False
        self.broken = None
        self.untidy = 0
        self.tidied = threading.Event()

    def commit(self, batch, *, wait):
        if self.locked and not wait:
            raise apsw.BusyError("locked")
        if wait:
            self.gate.wait(10)
        if self.broken is not None:
            raise self.broken
        self.batches.append([operation.number for operation in batch])
        self.threads.append(threading.current_thread())
        for operation in batch:
            operation.result = operation.number

    def is_untidy(self):
        return self.untidy > 0

    def tidy(self):
        self.untidy -= 1
        self.tidied.set()


@pytest.fixture
def recorder():
    return Recorder()


@pytest.fixture
async def ask(recorder):
    writer = GroupCommit(recorder, url="u", busy_ms=5)

    def ask(*numbers, heavy=False):
        operations = [Numbered(number, heavy=heavy) for number in numbers]
        for operation in operations:
            writer.submit(operation, asyncio.get_running_loop())
        return asyncio.gather(*(operation.future for operation in operations))

    ask.writer = writer
    yield ask
    recorder.gate.set()
    await asyncio.to_thread(writer.close)


async def test_one_alone_is_committed_by_its_own_thread(recorder, ask):
    assert await ask(1) == [1]
    assert await ask(2) == [2]
    assert recorder.batches == [[1], [2]]
    assert set(recorder.threads) == {threading.current_thread()}


async def test_many_are_one_batch_of_the_writers_thread(recorder, ask):
    assert await ask(*range(200)) == list(range(200))
    assert recorder.batches == [list(range(200))]
    assert recorder.threads != [threading.current_thread()]


async def test_what_is_heavy_stays_off_the_loop(recorder, ask):
    await ask(1, heavy=True)
    assert recorder.threads != [threading.current_thread()]


async def test_what_comes_during_a_commit_is_the_next_batch(recorder, ask):
    recorder.gate.clear()
    first = ask(*range(10))
    while ask.writer._waiting:  # until the thread has taken them
        await asyncio.sleep(0)
    second = [ask(number) for number in range(10, 20)]
    recorder.gate.set()
    await asyncio.gather(first, *second)
    assert recorder.batches == [list(range(10)), list(range(10, 20))]


async def test_a_locked_file_is_left_to_the_thread_and_the_order_holds(recorder, ask):
    recorder.locked = True
    recorder.gate.clear()
    waiting = [ask(1), ask(2)]
    for _ in range(50):
        await asyncio.sleep(0)  # the loop goes on
    third = ask(3)
    recorder.gate.set()
    await asyncio.gather(*waiting, third)
    assert [number for batch in recorder.batches for number in batch] == [1, 2, 3]
    assert threading.current_thread() not in recorder.threads


async def test_slow_commits_move_to_the_thread_and_quick_ones_come_back(recorder, ask):
    ask.writer._pace = 1.0
    await ask(1)
    for number in range(2, 60):
        await ask(number)
    assert recorder.threads[0] is not threading.current_thread()
    assert recorder.threads[-1] is threading.current_thread()


async def test_a_dropped_answer_is_written_all_the_same(recorder, ask):
    dropped = Numbered(1)
    ask.writer.submit(dropped, asyncio.get_running_loop())
    dropped.future.cancel()
    await ask(2)
    assert recorder.batches == [[1, 2]]


@pytest.mark.parametrize("count", [1, 50], ids=["on the loop", "in the thread"])
async def test_nothing_is_written_after_a_failure(recorder, ask, count):
    await ask(0)
    recorder.broken = apsw.IOError("disk")
    failed = [ask(number) for number in range(count)]
    for outcome in await asyncio.gather(*failed, return_exceptions=True):
        assert isinstance(outcome, StoreError)
        assert outcome.code == "STORE005"
        assert isinstance(outcome.__cause__, apsw.IOError)
    recorder.broken = None
    with pytest.raises(StoreError):
        await ask(9)
    assert recorder.batches == [[0]]


async def test_what_waits_behind_a_failure_fails(recorder, ask):
    recorder.gate.clear()
    first = ask(*range(10))
    while ask.writer._waiting:
        await asyncio.sleep(0)
    second = ask(11)
    recorder.broken = apsw.FullError("full")
    recorder.gate.set()
    for outcome in await asyncio.gather(first, second, return_exceptions=True):
        assert isinstance(outcome, StoreError)
    assert recorder.batches == []


async def test_a_lock_that_stays_is_a_failure_with_its_code(recorder, ask):
    recorder.broken = apsw.BusyError("locked")
    with pytest.raises(StoreError) as failed:
        await ask(1, heavy=True)
    assert failed.value.code == "STORE004"
    assert "5 ms" in str(failed.value)


async def test_tidying_is_done_by_the_thread_after_the_answer(recorder, ask):
    recorder.untidy = 1
    await ask(1)
    assert await asyncio.to_thread(recorder.tidied.wait, 10)
    assert recorder.threads == [threading.current_thread()]
    assert await ask(2) == [2]


async def test_a_failed_tidying_ends_the_writing(recorder, ask):
    def fail():
        recorder.untidy = 0
        recorder.tidied.set()
        raise apsw.IOError("disk")

    recorder.tidy = fail
    recorder.untidy = 1
    await ask(1)
    await asyncio.to_thread(recorder.tidied.wait, 10)
    with pytest.raises(StoreError):
        for number in range(2, 1000):  # ends with the first that sees it
            await ask(number, heavy=True)


def test_loops_of_several_threads_are_each_answered(recorder):
    writer = GroupCommit(recorder, url="u", busy_ms=5)
    answers = []

    async def ask_some():
        for number in range(200):
            operation = Numbered(number)
            writer.submit(operation, asyncio.get_running_loop())
            answers.append(await operation.future)

    threads = [threading.Thread(target=asyncio.run, args=(ask_some(),)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    writer.close()
    assert sorted(answers) == sorted(list(range(200)) * 4)
    assert sorted(n for batch in recorder.batches for n in batch) == sorted(answers)


def test_a_loop_that_ended_before_it_looked_holds_up_nobody(recorder):
    writer = GroupCommit(recorder, url="u", busy_ms=5)

    def ask_and_end():
        loop = asyncio.new_event_loop()

        async def ask():
            operation = Numbered(1)
            writer.submit(operation, loop)
            loop.stop()

        loop.create_task(ask())  # noqa: RUF006 - the loop ends before it could be collected
        loop.run_forever()
        # Stopped with the look still to come: closing drops it.
        loop.close()

    async def ask_again():
        operation = Numbered(2)
        writer.submit(operation, asyncio.get_running_loop())
        return await asyncio.wait_for(operation.future, 10)

    ask_and_end()
    assert asyncio.run(ask_again()) == 2
    assert [n for batch in recorder.batches for n in batch] == [1, 2]
    writer.close()


async def test_a_closed_writer_refuses(recorder, ask):
    await ask(*range(20))
    await asyncio.to_thread(ask.writer.close)
    with pytest.raises(StoreError) as refused:
        await ask(21)
    assert refused.value.code == "STORE001"
    assert len(recorder.batches) == 1
