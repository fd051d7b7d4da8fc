"""The local loop: drives a stepper on asyncio.

Steps without capabilities that cannot suspend are called in place, each in its own copied
context; every other coroutine runs in a task from the start, synchronous steps with a timeout or
much to compute in a worker process, shell steps in a process group of their own. With a journal,
a value is recorded before anything that depends on it begins, as far as durability asks for it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from contextvars import copy_context
from itertools import repeat
from typing import Any

from latticeflow.engine.effects import InDoubt
from latticeflow.engine.environment import environment_of
from latticeflow.engine.failure import Failure, LateError, failure_of
from latticeflow.engine.fairness import Turn
from latticeflow.engine.frame import Frame
from latticeflow.engine.inputs import call_arguments
from latticeflow.engine.journal import Journal, Past
from latticeflow.engine.recording import (
    UnrecordableResultError,
    decode_result,
    encode_result,
    end_of,
    recall,
)
from latticeflow.engine.stepper import Fact, Outcome, Stepper
from latticeflow.engine.surroundings import Durability, Surroundings
from latticeflow.engine.workers.errors import RemoteTraceback
from latticeflow.plan import Step, StepKind
from latticeflow.runs import Event, EventKind

_SUSPENDED = "a coroutine function without an await suspended all the same"

# What a node may raise in place without anybody outside having a part in it.
_ENDS = (Exception, SystemExit, asyncio.CancelledError, GeneratorExit)


class _ExitError(Exception):
    """A node ends the process. In a task that must not get past the step it is."""


class Loop:
    """Drives one run to its outcome."""

    def __init__(
        self,
        stepper: Stepper,
        surroundings: Surroundings,
        *,
        journal: Journal | None = None,
        durability: Durability = "off",
    ) -> None:
        self._stepper = stepper
        self._around = surroundings
        self._journal = journal
        self._strong = durability == "strong"
        self._observed = journal is not None or surroundings.observer is not None
        self._tasks: dict[tuple[Frame, int], asyncio.Task[Any]] = {}
        self._inbox: deque[tuple[Frame, int, Any, Failure | None]] = deque()
        self._wakeup: asyncio.Future[None] | None = None
        self._loop = asyncio.get_running_loop()
        self._clock = surroundings.clock_ms or _monotonic_ms(self._loop)
        self._turn = Turn()
        self.in_doubt: list[InDoubt] = []
        self._doubtful: list[tuple[Frame, int]] = []
        self._committing = 0
        self._broken: BaseException | None = None
        if journal is not None and journal.past:
            stepper.recall = self._recall_body

    async def run(self, *, deadline_ms: int | None = None) -> Outcome:
        """Run until the stepper has an outcome and nothing it started is left.

        Cancellation: the run is cancelled, its steps are waited for, then `CancelledError` goes
        on to the caller.

        Raises:
            StoreError: the journal could not be written; the run stops where it is.
        """
        try:
            return await self._drive(deadline_ms)
        except BaseException:
            # A cancelled run that has ended, a journal that is gone, or a defect.
            await self._abandon()
            raise

    async def _drive(self, deadline_ms: int | None) -> Outcome:
        stepper = self._stepper
        interrupted: asyncio.CancelledError | None = None
        stepper.begin(self._clock(), deadline_ms=deadline_ms)
        while True:
            rested = self._run_ready()
            if stepper.cancels:
                self._cancel_steps()
            if stepper.facts:
                self._note_facts()
            if self._broken is not None:
                raise self._broken
            if stepper.outcome is not None and not self._tasks:
                break
            if self._inbox:
                self._take_inbox()
                continue
            if self.in_doubt and not self._tasks and not self._committing:
                self._park()
                continue
            try:
                await (self._wait() if rested else asyncio.sleep(0))
            except asyncio.CancelledError as exc:
                interrupted = exc
                stepper.cancel("cancelled")
            self._take_inbox()
            due = stepper.next_timer()
            if due is not None and due <= (now := self._clock()):
                stepper.tick(now)
        if interrupted is not None:
            raise interrupted
        return stepper.outcome

    def _park(self) -> None:
        """End the run for now: what went on beside the steps in doubt has ended."""
        stepper = self._stepper
        stepper.cancel("in_doubt")
        doubtful, self._doubtful = self._doubtful, []
        for frame, index in doubtful:
            stepper.cancelled(frame, index)

    def cancel(self, reason: str) -> None:
        """Cancel the run; its steps are cancelled and waited for."""
        self._stepper.cancel(reason)
        self._wake()

    # -- starting steps ------------------------------------------------------------------------

    def _run_ready(self) -> bool:
        """Start what is ready; False if the turn is over before all has been started.

        Once a step is in doubt nothing more is started: what runs may end, then the run parks.
        """
        if self.in_doubt:
            return True
        turn = self._turn
        turn.begin()
        if self._observed or self._stepper.max_parallel is not None:
            return self._start_ready(turn)
        return self._run_quickly(turn)

    def _run_quickly(self, turn: Turn) -> bool:
        stepper = self._stepper
        ready = stepper.ready
        complete = stepper.complete
        while ready:
            for _ in repeat(None, turn.length):
                if not ready:
                    return True
                frame, index = ready.popleft()
                quick = frame.plan.quick[index]
                if quick is None:
                    stepper.now_ms = self._clock()
                    self._start(frame, index)
                    continue
                call, pick, is_async, several = quick
                run = copy_context().run
                try:
                    if is_async:
                        values = pick(frame.values)
                        coroutine = call(*values) if several else call(values)
                        run(coroutine.send, None)
                        coroutine.close()
                        raise RuntimeError(_SUSPENDED)
                    if several:
                        value = run(call, *pick(frame.values))
                    else:
                        value = run(call, pick(frame.values))
                except StopIteration as stop:
                    if is_async:
                        complete(frame, index, stop.value)
                    else:
                        stepper.fail(frame, index, failure_of(stop))
                except _ENDS as exc:
                    stepper.fail(frame, index, end_of(exc))
                else:
                    complete(frame, index, value)
            if turn.is_over():
                return False
        return True

    def _start_ready(self, turn: Turn) -> bool:
        stepper = self._stepper
        while True:
            for _ in repeat(None, turn.length):
                start = stepper.take()
                if start is None:
                    return True
                if stepper.facts:
                    # Before what follows from a failure is recorded, the failure is.
                    self._note_facts()
                stepper.now_ms = self._clock()
                self._start(*start)
            if turn.is_over():
                return False

    def _arguments(self, frame: Frame, step: Step) -> tuple[list[Any], dict[str, Any]]:
        stepper = self._stepper
        return call_arguments(frame, step, stepper.facts_of_run, stepper.environment)

    def _start(self, frame: Frame, index: int) -> None:
        """Start a step of any kind, or take its end from the history."""
        step = frame.plan.steps[index]
        attempt = frame.attempts.get(index, 1)
        journal = self._journal
        past = None
        if journal is not None and journal.past:
            past = journal.past.pop((frame.position(index), attempt), None)
            known = None if past is None else recall(step, past, journal.clock)
            if known is not None:
                value, failure = known
                if failure is None:
                    self._stepper.complete(frame, index, value)
                else:
                    self._stepper.fail(frame, index, failure)
                return
        try:
            arguments, named = self._arguments(frame, step)
        except Exception as exc:  # noqa: BLE001  (an input that cannot be made fails the step)
            self._end(frame, index, None, failure_of(exc))
            return
        if step.direct and not step.effectful and past is None:
            self._call_in_place(frame, step, arguments, named)
            return
        # What a worker process runs may have to wait for one, which keeps the time of the call.
        self._stepper.launched(frame, index, is_timed=not self._is_for_worker(step))
        coroutine = self._attempt(frame, step, attempt, arguments, named, past=past)
        task = self._loop.create_task(coroutine, context=copy_context())
        self._tasks[frame, index] = task
        task.add_done_callback(lambda done: self._task_done(frame, index, done))

    def _call_in_place(
        self, frame: Frame, step: Step, arguments: list[Any], named: dict[str, Any]
    ) -> None:
        call = step.call
        assert call is not None  # noqa: S101  (direct steps have one)
        began = self._clock()
        try:
            context = copy_context()
            if step.is_async:
                context.run(call(*arguments, **named).send, None)
                raise RuntimeError(_SUSPENDED)
            value = context.run(call, *arguments, **named)
        except StopIteration as stop:
            if step.is_async:
                self._end(frame, step.index, stop.value, None, began)
            else:
                self._end(frame, step.index, None, failure_of(stop), began)
        except _ENDS as exc:
            self._end(frame, step.index, None, end_of(exc), began)
        else:
            self._end(frame, step.index, value, None, began)

    async def _attempt(
        self,
        frame: Frame,
        step: Step,
        attempt: int,
        arguments: list[Any],
        named: dict[str, Any],
        *,
        past: Past | None,
    ) -> Any:
        """Run one attempt that may suspend."""
        position = frame.position(step.index)
        effects = self._around.effects
        is_command = step.kind is StepKind.SHELL
        claim = None
        if step.effectful:
            if effects is not None:
                inputs = _by_name(step, arguments, named)
                component = step.component
                claim = await effects.begin(
                    step.node,
                    inputs,
                    position,
                    attempt,
                    past,
                    capabilities=() if component is None else component.spec.capabilities.values(),
                )
                if claim is not None and claim.is_done:
                    return decode_result(step, claim.result)
            if self._journal is not None and not is_command:
                await self._commit_start(
                    position, attempt, {} if claim is None else {"key": claim.key}
                )
        elif self._observed and not is_command:
            self._announce(position, attempt)
        try:
            if is_command:
                value = await self._shell(frame, step, attempt, named, past)
            else:
                value = await self._call(step, position, attempt, arguments, named)
        except (Exception, SystemExit) as exc:
            # A cancelled attempt keeps its claim: whether its effect happened is not known.
            if claim is not None and effects is not None:
                await effects.abandon(claim)
            if isinstance(exc, SystemExit):
                raise _ExitError from exc
            raise
        if claim is not None and effects is not None:
            await effects.complete(claim, encode_result(step.alias, value))
        return value

    async def _commit_start(self, position: str, attempt: int, data: dict[str, Any]) -> None:
        """Record, durably, that an effect begins; where that fails, the run is at its end."""
        journal = self._journal
        assert journal is not None  # noqa: S101  (the caller has looked)
        try:
            await journal.write(EventKind.STEP_STARTED, position, attempt, data=data)
        except Exception as exc:
            self._broken = exc
            raise

    def _is_for_worker(self, step: Step) -> bool:
        """Tell whether a step is a function that has to be killable."""
        spec = None if step.component is None else step.component.spec
        if step.call is None or step.is_async or self._around.workers is None:
            return False
        if spec is not None and spec.capabilities and self._around.grant is not None:
            return False
        return step.timeout_ms is not None or (spec is not None and spec.cpu_bound)

    async def _call(
        self, step: Step, position: str, attempt: int, arguments: list[Any], named: dict[str, Any]
    ) -> Any:
        call = step.call
        assert call is not None  # noqa: S101  (only steps with a function come here)
        granted: Mapping[str, Any] = {}
        spec = None if step.component is None else step.component.spec
        if spec is not None and spec.capabilities and self._around.grant is not None:
            granted = self._around.grant(step, position, attempt)
        if step.is_async:
            return await call(*arguments, **named, **granted)
        workers = self._around.workers
        if workers is not None and self._is_for_worker(step):
            timeout = None if step.timeout_ms is None else step.timeout_ms / 1000
            try:
                return await workers.run(call, tuple(arguments), named, timeout=timeout)
            except TimeoutError as error:
                if step.timeout_ms is None or isinstance(error.__cause__, RemoteTraceback):
                    raise
                raise LateError(step.alias, step.timeout_ms) from error
        return call(*arguments, **named, **granted)

    async def _shell(
        self, frame: Frame, step: Step, attempt: int, inputs: dict[str, Any], past: Past | None
    ) -> Any:
        runner = self._around.shell
        if runner is None:
            msg = f"this host runs no commands, but `{step.alias}` is one"
            raise RuntimeError(msg)
        position = frame.position(step.index)
        observer = self._around.observer

        def on_output(stream: str, text: str) -> None:
            if observer is not None:
                observer.on_output(position, attempt, stream, text)

        async def on_started(group: dict[str, Any]) -> None:
            if self._journal is not None:
                await self._commit_start(position, attempt, {"process": group})
            else:
                self._announce(position, attempt)

        stepper = self._stepper
        scope = environment_of(frame, stepper.facts_of_run, stepper.environment)
        group = None
        if past is not None and past.data is not None:
            group = past.data.get("process")
        return await runner(
            step,
            inputs,
            scope,
            position=position,
            attempt=attempt,
            on_output=on_output,
            on_started=on_started,
            past=group,
        )

    # -- ends of steps -------------------------------------------------------------------------

    def _recall_body(self, frame: Frame, index: int) -> Failure | None:
        """Return the failure that the next attempt of a body has in the history."""
        journal = self._journal
        assert journal is not None  # noqa: S101  (it is asked only where there is one)
        key = (frame.position(index), frame.attempts.get(index, 1))
        past = journal.past.pop(key, None)
        known = None if past is None else recall(frame.plan.steps[index], past, journal.clock)
        return None if known is None else known[1]

    def _end(
        self,
        frame: Frame,
        index: int,
        value: Any,
        failure: Failure | None,
        began: int | None = None,
    ) -> None:
        """Report the end of an attempt, after its record is durable where that is asked for."""
        stepper = self._stepper
        if failure is not None:
            stepper.fail(frame, index, failure)
            return
        if not self._observed:
            stepper.complete(frame, index, value)
            return
        if stepper.is_over(frame, index):
            stepper.complete(frame, index, value)  # too late: it failed
            return
        step = frame.plan.steps[index]
        position = frame.position(index)
        attempt = frame.attempts.get(index, 1)
        journal = self._journal
        data = {} if began is None else {"ms": self._clock() - began}
        if journal is None:
            self._tell(EventKind.STEP_COMPLETED, position, attempt, data)
            stepper.complete(frame, index, value)
            return
        try:
            encoded = encode_result(step.alias, value)
        except UnrecordableResultError as exc:
            stepper.fail(frame, index, failure_of(exc))
            return
        written = journal.write(
            EventKind.STEP_COMPLETED, position, attempt, value=encoded, data=data
        )
        if step.pure or not (self._strong or step.effectful):
            stepper.complete(frame, index, value)
            return
        if index not in frame.in_flight:
            stepper.launched(frame, index)
        self._committing += 1
        future = asyncio.ensure_future(written)
        future.add_done_callback(lambda done: self._committed(frame, index, value, done))

    def _committed(self, frame: Frame, index: int, value: Any, done: asyncio.Future[None]) -> None:
        self._committing -= 1
        error = asyncio.CancelledError() if done.cancelled() else done.exception()
        if error is not None:
            self._broken = error
        else:
            self._inbox.append((frame, index, value, None))
        self._wake()

    def _task_done(self, frame: Frame, index: int, task: asyncio.Task[Any]) -> None:
        del self._tasks[frame, index]
        try:
            self._take_end(frame, index, task)
        except Exception as exc:  # noqa: BLE001  (a defect must end the run, not leave it waiting)
            self._broken = exc
        self._wake()

    def _take_end(self, frame: Frame, index: int, task: asyncio.Task[Any]) -> None:
        if task.cancelled():
            self._stepper.cancelled(frame, index)
            return
        error = task.exception()
        if self._broken is not None:
            return  # the run is at its end, whatever the step's was
        if error is None:
            self._end(frame, index, task.result(), None)
        elif isinstance(error, InDoubt):
            self.in_doubt.append(error)
            self._doubtful.append((frame, index))
        elif isinstance(error, Exception):
            raised = error.__cause__ if isinstance(error, _ExitError) else error
            self._end(frame, index, None, end_of(raised or error))
        else:
            self._broken = error

    def _take_inbox(self) -> None:
        inbox = self._inbox
        stepper = self._stepper
        while inbox:
            frame, index, value, failure = inbox.popleft()
            if failure is None:
                stepper.complete(frame, index, value)
            else:
                stepper.fail(frame, index, failure)

    def _cancel_steps(self) -> None:
        cancels = self._stepper.cancels
        self._stepper.cancels = []
        for frame, index in cancels:
            task = self._tasks.get((frame, index))
            if task is not None:
                task.cancel()

    async def _abandon(self) -> None:
        """Stop everything that still runs, without a record."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # -- waiting, noting -----------------------------------------------------------------------

    async def _wait(self) -> None:
        """Wait until something has ended or the next timer is due."""
        self._wakeup = self._loop.create_future()
        due = self._stepper.next_timer()
        handle: asyncio.TimerHandle | asyncio.Future[None] | None = None
        if due is not None:
            delay = max(0, due - self._clock()) / 1000
            if self._around.sleep_until is not None:
                sleeper = asyncio.ensure_future(self._around.sleep_until(due))
                sleeper.add_done_callback(lambda _: self._wake())
                handle = sleeper
            else:
                handle = self._loop.call_later(delay, self._wake)
        try:
            await self._wakeup
        finally:
            self._wakeup = None
            if handle is not None:
                handle.cancel()

    def _wake(self) -> None:
        if self._wakeup is not None and not self._wakeup.done():
            self._wakeup.set_result(None)

    def _note_facts(self) -> None:
        facts = self._stepper.facts
        if not self._observed:
            facts.clear()
            return
        self._stepper.facts = []
        for fact in facts:
            self._note(fact)

    def _note(self, fact: Fact) -> None:
        kind = _FACT_EVENTS[fact.kind]
        if fact.kind == "completed":
            return
        position = fact.frame.position(fact.index)
        if self._journal is not None and (kind, position, fact.attempt) in self._journal.noted:
            return
        error = None if fact.failure is None else fact.failure.error
        data = {"delay_ms": fact.delay_ms} if fact.kind == "retrying" else {}
        if self._journal is not None:
            _ = self._journal.write(kind, position, fact.attempt, error=error, data=data)
        else:
            self._tell(kind, position, fact.attempt, data, error)

    def _announce(self, position: str, attempt: int) -> None:
        if self._journal is not None:
            _ = self._journal.write(EventKind.STEP_STARTED, position, attempt)
        else:
            self._tell(EventKind.STEP_STARTED, position, attempt, {})

    def _tell(
        self,
        kind: EventKind,
        position: str,
        attempt: int,
        data: dict[str, Any],
        error: Any = None,
    ) -> None:
        observer = self._around.observer
        if observer is not None:
            observer.on_event(
                Event(
                    kind=kind,
                    at_ms=self._clock(),
                    position=position,
                    attempt=attempt,
                    data=data,
                    error=error,
                )
            )


_FACT_EVENTS = {
    "skipped": EventKind.STEP_SKIPPED,
    "retrying": EventKind.STEP_RETRYING,
    "failed": EventKind.STEP_FAILED,
    "completed": EventKind.STEP_COMPLETED,
    "cancelled": EventKind.STEP_CANCELLED,
}


def _by_name(step: Step, arguments: list[Any], named: Mapping[str, Any]) -> dict[str, Any]:
    names = [feed.port for feed in step.feeds[: step.arity]]
    return {**dict(zip(names, arguments, strict=True)), **named}


def _monotonic_ms(loop: asyncio.AbstractEventLoop) -> Callable[[], int]:
    return lambda: int(loop.time() * 1000)
