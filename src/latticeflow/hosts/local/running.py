"""One run on this machine: from a prepared flow and its inputs to a recorded result."""

from __future__ import annotations

import asyncio
import contextlib
import getpass
import os
import platform
import secrets
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast

import msgspec

from latticeflow.capabilities import Dedupe
from latticeflow.capabilities.grants import Grants, Holder
from latticeflow.diagnostics import Diagnostic, InternalError, report
from latticeflow.engine import (
    Durability,
    Effects,
    InDoubt,
    Journal,
    Loop,
    Observer,
    Outcome,
    Stepper,
    Surroundings,
    UnrecordableResultError,
    encode_result,
    failure_of,
)
from latticeflow.flow.identity import canonical_json
from latticeflow.hosts.local.artifacts import Artifacts
from latticeflow.hosts.local.output_lines import OutputLines
from latticeflow.hosts.local.preparing import Prepared
from latticeflow.hosts.local.providers import shell_runner, workers
from latticeflow.plan import Step
from latticeflow.runs import (
    TERMINAL,
    Event,
    EventKind,
    Run,
    RunError,
    RunStatus,
    RunStore,
    StoreError,
    encode_value,
)

CANCEL_POLL_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Result:
    """How a run ended.

    `value` is what the flow returned, as a Python object where the run happened in this process.
    `exception` is the original error of a run in this process that failed.
    """

    run: Run
    status: RunStatus
    value: Any = None
    error: RunError | None = None
    exception: BaseException | None = None
    diagnostics: tuple[Diagnostic, ...] = ()


def new_run_id() -> str:
    """Return a fresh id: sortable by time, unguessable."""
    return f"{int(time.time() * 1000):012x}{secrets.token_hex(6)}"


def make_run(
    prepared: Prepared,
    arguments: Mapping[str, Any],
    *,
    run_id: str | None = None,
    durability: Durability = "strong",
    options: Mapping[str, Any] | None = None,
    parent_run_id: str | None = None,
) -> Run:
    """Describe a run that has not begun."""
    flow = prepared.flow
    return Run(
        run_id=run_id or new_run_id(),
        flow_name=flow.name,
        flow_version=flow.version,
        flow_digest=prepared.plan.digest,
        flow_ir=prepared.ir,
        arguments=canonical_json(msgspec.json.decode(encode_value(dict(arguments)))),
        created_at_ms=wall_ms(),
        target=prepared.target,
        durability=durability,
        code_digests=dict(prepared.code_digests),
        seed=secrets.randbits(48),
        actor=_actor(),
        host=platform.node(),
        product_version=product_version(),
        options=dict(options or {}),
        parent_run_id=parent_run_id,
    )


def make_unrecorded_run(prepared: Prepared) -> Run:
    """Describe a run that nobody will look up: what its steps may see of it, and no more."""
    return Run(
        run_id=new_run_id(),
        flow_name=prepared.flow.name,
        flow_version=prepared.flow.version,
        flow_digest=prepared.plan.digest,
        flow_ir=b"",
        arguments=b"",
        created_at_ms=wall_ms(),
        durability="off",
        seed=secrets.randbits(48),
    )


def product_version() -> str:
    """Return the version of the package that runs."""
    return str(getattr(sys.modules["latticeflow"], "__version__", "unknown"))


def wall_ms() -> int:
    """Return the time of day in milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


@dataclass(slots=True)
class Execution:
    """All that one run needs; `execute` drives it."""

    prepared: Prepared
    run: Run
    arguments: Mapping[str, Any]
    surroundings: Surroundings
    store: RunStore | None = None
    grants: Grants | None = None
    past: tuple[Event, ...] = ()
    deadline_ms: int | None = None
    max_parallel: int | None = None
    observer: Observer | None = None
    on_loop: Callable[[Loop], None] | None = None
    artifacts_into: Path | None = None
    artifacts: Artifacts | None = None

    async def execute(self) -> Result:
        """Run to the end, recording what happens.

        Cancellation: the run is cancelled and recorded as such, then `CancelledError` goes on.
        """
        run = self.run
        lines = self._keep_lines()
        journal = self._journal()
        stepper = Stepper(
            self.prepared.plan,
            self.arguments,
            seed=run.seed,
            facts_of_run={"id": run.run_id, "flow": run.flow_name, "version": run.flow_version},
            environment=self.surroundings.environment,
            max_parallel=self.max_parallel,
        )
        around = self._surroundings()
        mode = _mode(run.durability)
        # Without durability the run is recorded, its steps are not.
        loop = Loop(stepper, around, journal=None if mode == "off" else journal, durability=mode)
        if self.on_loop is not None:
            self.on_loop(loop)
        if run.cancel_requested:
            loop.cancel("requested")  # before it was taken up again: nothing more begins
        run.started_at_ms = run.started_at_ms or wall_ms()
        run.status = RunStatus.RUNNING
        begun = self._begin(journal)
        watcher = None
        if journal is not None:
            watcher = asyncio.ensure_future(self._watch_cancel(loop))
        deadline = None
        if self.deadline_ms is not None and around.clock_ms is not None:
            deadline = around.clock_ms() + self.deadline_ms
        try:
            outcome = await loop.run(deadline_ms=deadline)
        except asyncio.CancelledError:
            await self._finish(journal, Outcome("cancelled", reason="cancelled"), [])
            raise
        except BaseException:
            await self._give_up()
            raise
        finally:
            if lines is not None:
                _ = lines.flush()  # before the end of the run is recorded, and so not after it
            if watcher is not None:
                watcher.cancel()
            if begun is not None:
                await _quietly(begun)
        return await self._finish(journal, outcome, loop.in_doubt)

    def _begin(self, journal: Journal | None) -> Awaitable[None] | None:
        if journal is None:
            self._tell(EventKind.RUN_STARTED)
            return None
        kind = EventKind.RUN_RESUMED if self.past else EventKind.RUN_STARTED
        return journal.write(kind, state=self.run)

    def _journal(self) -> Journal | None:
        if self.store is None:
            return None
        journal = Journal(
            self.store, self.run, clock=wall_ms, observer=self.observer, past=self.past
        )
        self.artifacts = Artifacts(self.prepared.flow, journal, self.artifacts_into)
        return journal

    def _keep_lines(self) -> OutputLines | None:
        if self.store is None:
            return None
        lines = OutputLines(self.store, self.run.run_id, clock=wall_ms, further=self.observer)
        self.observer = lines
        return lines

    def _surroundings(self) -> Surroundings:
        around = self.surroundings
        collect = None if self.artifacts is None else self.artifacts.collector()
        if collect is not None:
            around.shell = shell_runner(collect=collect)
        around.observer = self.observer
        around.clock_ms = around.clock_ms or _clock_ms
        around.grant = self._grant if self.grants is not None else None
        return around

    def _grant(self, step: Step, position: str, attempt: int) -> Mapping[str, Any]:
        if self.grants is None or step.component is None:
            msg = "a step asks for capabilities where none are granted"
            raise InternalError(msg)
        holder = Holder(
            node=step.alias,
            run_id=self.run.run_id,
            position=position,
            attempt=attempt,
            seed=self.run.seed,
        )
        return self.grants.for_node(step.component.spec, holder)

    async def _watch_cancel(self, loop: Loop) -> None:
        """Cancel the run once another process has asked for it."""
        store = self.store
        while store is not None:
            await asyncio.sleep(CANCEL_POLL_SECONDS)
            try:
                asked = await store.cancel_requested((self.run.run_id,))
            except StoreError:
                return  # the run meets the same error
            if asked:
                loop.cancel("requested")
                return

    async def _give_up(self) -> None:
        """Leave the run, which has not ended, to whoever resumes it."""
        run = self.run
        if self.store is not None and run.owner is not None:
            with contextlib.suppress(StoreError):  # a store that has failed is why it is left
                await self.store.release(run.run_id, run.owner.fence)

    async def _finish(
        self, journal: Journal | None, outcome: Outcome, doubts: list[InDoubt]
    ) -> Result:
        run = self.run
        if journal is not None:
            outcome = self._keep_result(outcome)
        run.finished_at_ms = wall_ms()
        exception = None
        value = None
        diagnostics: tuple[Diagnostic, ...] = ()
        if doubts:
            run.status, kind = RunStatus.PARKED, EventKind.RUN_PARKED
            run.finished_at_ms = None
            diagnostics = tuple(
                report("RUN105", step=doubt.alias, run=run.run_id) for doubt in doubts
            )
            run.error = RunError(
                type="latticeflow:InDoubt",
                message=str(doubts[0]),
                code="RUN105",
                position=doubts[0].position,
            )
            if journal is not None:
                for doubt in doubts:
                    _ = journal.write(EventKind.STEP_IN_DOUBT, doubt.position, doubt.attempt)
        elif outcome.status == "succeeded":
            run.status, kind = RunStatus.SUCCEEDED, EventKind.RUN_COMPLETED
            value = outcome.value
        elif outcome.status == "failed" and outcome.failure is not None:
            run.status, kind = RunStatus.FAILED, EventKind.RUN_FAILED
            # What a command gave nonetheless is with its step.
            run.error = msgspec.structs.replace(outcome.failure.error, result=None)
            exception = outcome.failure.exception
        else:
            run.status, kind = RunStatus.CANCELLED, EventKind.RUN_CANCELLED
            late = outcome.reason == "deadline"
            found = (
                report("RUN102", run=run.run_id, timeout_ms=self.deadline_ms)
                if late
                else report("RUN103", run=run.run_id, why=f" ({outcome.reason})")
            )
            diagnostics = (found,)
            run.error = RunError(
                type="builtins:TimeoutError" if late else "asyncio:CancelledError",
                message=found.message,
                code=found.code,
            )
        if self.artifacts is not None and run.status in TERMINAL:
            diagnostics += await self.artifacts.collect(Path.cwd())
        if journal is not None:
            await journal.write(kind, error=run.error, state=run)
            # Parked, it is left to whoever decides, in this process or in another.
            if self.store is not None and run.owner is not None:
                await self.store.release(run.run_id, run.owner.fence)
        else:
            self._tell(kind)
        return Result(run, run.status, value, run.error, exception, diagnostics)

    def _keep_result(self, outcome: Outcome) -> Outcome:
        """Keep what the flow returned with the run; a result that cannot be kept fails it."""
        if outcome.status != "succeeded":
            return outcome
        try:
            self.run.result = encode_result(self.run.flow_name, outcome.value)
        except UnrecordableResultError as error:
            return Outcome("failed", failure=failure_of(error))
        return outcome

    def _tell(self, kind: EventKind) -> None:
        if self.observer is not None:
            self.observer.on_event(Event(kind=kind, at_ms=wall_ms(), error=self.run.error))


def surroundings_of(prepared: Prepared, run: Run, grants: Grants) -> Surroundings:
    """Return what the loop of a run needs around it, no more."""
    needs = prepared.needs
    return Surroundings(
        shell=shell_runner() if needs.shell else None,
        workers=workers() if needs.workers else None,
        effects=effects_of(prepared, run, grants),
        environment=os.environ,
    )


def effects_of(prepared: Prepared, run: Run, grants: Grants | None) -> Effects | None:
    """Return the judge of effects of a run, None for a flow without keys."""
    if not prepared.needs.keys:
        return None
    ledger = None if grants is None else cast("Dedupe | None", grants.provider("dedupe"))
    return Effects(
        run_id=run.run_id,
        namespace=prepared.flow.name,
        ledger=ledger,
        is_recorded=_mode(run.durability) != "off",
    )


def _mode(durability: str) -> Durability:
    return "strong" if durability == "strong" else "off" if durability == "off" else "partial"


def _clock_ms() -> int:
    return time.monotonic_ns() // 1_000_000


@cache
def _actor() -> str | None:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return None


async def _quietly(begun: Awaitable[None]) -> None:
    with contextlib.suppress(Exception):  # the same error has stopped the loop already
        await begun
