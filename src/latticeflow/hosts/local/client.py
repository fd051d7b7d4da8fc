"""Durable runs from a program: a client over a store, and handles on its runs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

from latticeflow.bindings import open_store
from latticeflow.capabilities import ArtifactFile
from latticeflow.capabilities.grants import Grants, Holder
from latticeflow.diagnostics import CheckError, UsageError, report
from latticeflow.engine import Durability, Loop, Observer
from latticeflow.hosts.local.arguments import bind_arguments
from latticeflow.hosts.local.artifacts import FOLDER as ARTIFACTS
from latticeflow.hosts.local.embedding import Runnable, prepare_flow, wait_for
from latticeflow.hosts.local.preparing import Prepared
from latticeflow.hosts.local.providers import Providers, store_folder
from latticeflow.hosts.local.recalling import driven_ms, recall
from latticeflow.hosts.local.running import Execution, Result, make_run, surroundings_of
from latticeflow.providers.run_store import this_process
from latticeflow.runs import (
    TERMINAL,
    Event,
    EventKind,
    Run,
    RunFilter,
    RunStatus,
    RunStore,
    decode_value,
)

POLL_SECONDS = 0.1


class Client:
    """Starts, finds and follows durable runs in one store.

    Use it as an async context manager, or call `open` and `close`. A run that is started belongs
    to this process until it ends; another process may follow or cancel it through the store.

    Args:
        store: A store, or its URL: `memory:` or `sqlite:///path`.
        grants: The providers of capabilities, by family; embedded ones by default.
        durability: `strong` commits every step that needs a record before the next begins,
            `partial` before effects and at the end, `off` only the run itself.
    """

    def __init__(
        self,
        store: RunStore | str = "sqlite:///.flows/runs.db",
        *,
        grants: Grants | Mapping[str, object] | None = None,
        durability: Durability = "strong",
    ) -> None:
        self._url = store if isinstance(store, str) else None
        self.store: RunStore = open_store(store) if isinstance(store, str) else store
        self._given = grants
        self._providers = Providers(self._url, grants, on_artifact=self._keep)
        self._executions: dict[str, Execution] = {}
        self._durability: Durability = durability
        self._handles: dict[str, Handle] = {}
        self._opened = False

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def open(self) -> None:
        """Open the store. A second call does nothing."""
        if not self._opened:
            await self.store.open()
            self._opened = True

    async def close(self) -> None:
        """Cancel the runs this client drives, wait for them, close the store."""
        tasks = [handle.task for handle in self._handles.values() if handle.task is not None]
        for handle in self._handles.values():
            handle.interrupt()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._handles.clear()
        await self._providers.close()
        if self._opened:
            self._opened = False
            await self.store.close()

    async def start(
        self,
        flow: Runnable,
        /,
        *inputs: Any,
        run_id: str | None = None,
        deadline: float | None = None,
        max_parallel: int | None = None,
        observer: Observer | None = None,
        options: Mapping[str, Any] | None = None,
        **named: Any,
    ) -> Handle:
        """Start a run and return a handle on it; with a `run_id` that exists, on that run.

        Args:
            flow: A flow function, a `FlowBuilder` or a prepared flow.
            inputs: Its inputs, by position.
            run_id: An id of the caller's choice, which makes starting idempotent.
            deadline: Seconds after which the run is cancelled.
            max_parallel: How many steps may run at once.
            observer: Sees events and output as they happen.
            options: Data to keep with the run.
            named: Its inputs, by name.

        Raises:
            CheckError: the checks found errors, or the machine lacks what the flow requires.
            UsageError: the run exists with another flow or other inputs (RUN109).
        """
        await self.open()
        prepared = prepare_flow(flow)
        await require_machine(prepared)
        arguments = bind_arguments(prepared, inputs, named)
        kept = dict(options or {})
        if deadline is not None:
            kept["deadline"] = deadline
        if max_parallel is not None:
            kept["max_parallel"] = max_parallel
        run = make_run(
            prepared, arguments, run_id=run_id, durability=self._durability, options=kept
        )
        stored, added = await self.store.create(run, this_process())
        if not added:
            _expect_same(stored, run)
            return self._handles.get(stored.run_id) or Handle(self, stored)
        return self.drive(
            prepared,
            stored,
            arguments,
            deadline=deadline,
            max_parallel=max_parallel,
            observer=observer,
        )

    def drive(
        self,
        prepared: Prepared,
        run: Run,
        arguments: Mapping[str, Any],
        *,
        past: tuple[Event, ...] = (),
        deadline: float | None = None,
        max_parallel: int | None = None,
        observer: Observer | None = None,
    ) -> Handle:
        """Run `run`, which this process owns, in the background."""
        grants = self._providers.grants_for(prepared.needs)
        handle = Handle(self, run)
        execution = Execution(
            prepared=prepared,
            run=run,
            arguments=arguments,
            store=self.store,
            grants=grants,
            past=past,
            deadline_ms=None if deadline is None else int(deadline * 1000),
            max_parallel=max_parallel,
            observer=observer,
            on_loop=handle.attach,
            artifacts_into=None if self.folder is None else self.folder / ARTIFACTS,
            surroundings=surroundings_of(prepared, run, grants),
        )
        self._executions[run.run_id] = execution
        handle.task = asyncio.get_running_loop().create_task(execution.execute())
        self._handles[run.run_id] = handle
        handle.task.add_done_callback(lambda _: self._forget(run.run_id))
        return handle

    def _forget(self, run_id: str) -> None:
        self._handles.pop(run_id, None)
        self._executions.pop(run_id, None)

    def _keep(self, artifact: ArtifactFile, holder: Holder | None) -> None:
        """Record an artifact that a step kept, in the history of the step's run."""
        execution = None if holder is None else self._executions.get(holder.run_id)
        if holder is not None and execution is not None and execution.artifacts is not None:
            execution.artifacts.record(artifact, holder.position, holder.attempt)

    @property
    def folder(self) -> Path | None:
        """The folder of the store and what lies beside it; None for one in memory."""
        return store_folder(self._url)

    async def get(self, run_id: str) -> Handle | None:
        """Return a handle on a run, None if there is none of that id."""
        await self.open()
        if run_id in self._handles:
            return self._handles[run_id]
        run = await self.store.get(run_id)
        return None if run is None else Handle(self, run)

    async def runs(self, which: RunFilter | None = None) -> list[Run]:
        """Return the runs that match, newest first."""
        await self.open()
        return await self.store.find(which or RunFilter())

    async def resume(
        self,
        run_id: str,
        *,
        flow: Runnable | None = None,
        accept_code: bool = False,
        assume: str | None = None,
        value: object = None,
        observer: Observer | None = None,
    ) -> Handle:
        """Go on with a run whose owner is gone, or that is parked.

        As many steps run at once as in the beginning. Of its deadline what is left runs on: the
        time in which no process drove the run does not count.

        Args:
            run_id: The run.
            flow: Where its code is, instead of the target the run recorded.
            accept_code: Go on although the code of a step still to run has changed.
            assume: For steps in doubt: `done` or `retry`.
            value: What the step in doubt returned, as JSON, if it is assumed to be done.
            observer: Sees events and output as they happen.

        Raises:
            UsageError: there is no such run (RUN104), it has ended (RUN106), a live process
                owns it (DAG-CKPT-007), its code has changed (DAG-CKPT-009), `value` is not what
                the step returns (CLI010).
        """
        await self.open()
        recalled = await recall(
            self.store,
            run_id,
            prepared=None if flow is None else prepare_flow(flow),
            accept_code=accept_code,
            assume=assume,
            value=value,
        )
        deadline = recalled.run.options.get("deadline")
        return self.drive(
            recalled.prepared,
            recalled.run,
            recalled.arguments,
            past=recalled.past,
            deadline=None if deadline is None else deadline - driven_ms(recalled.past) / 1000,
            max_parallel=recalled.run.options.get("max_parallel"),
            observer=observer,
        )

    async def retry(
        self,
        run_id: str,
        *,
        from_step: str | None = None,
        flow: Runnable | None = None,
        accept_code: bool = False,
        observer: Observer | None = None,
    ) -> Handle:
        """Start a new run of the same graph and inputs that takes over what succeeded.

        Args:
            run_id: The run to do again; it must have ended.
            from_step: A step that runs again, with all that follows from it.
            flow: Where its code is, instead of the target the run recorded.
            accept_code: Go on although the code of a step that runs again has changed.
            observer: Sees events and output as they happen.

        Raises:
            UsageError: there is no such run (RUN104) or step (CLI013), it has not ended
                (DAG-CKPT-007), its code has changed (DAG-CKPT-009).
        """
        # Late: only who retries pays.
        from latticeflow.hosts.local.repeating import repeat  # noqa: PLC0415

        await self.open()
        repeated = await repeat(
            self.store,
            run_id,
            from_step=from_step,
            prepared=None if flow is None else prepare_flow(flow),
            accept_code=accept_code,
        )
        return self.drive(
            repeated.prepared,
            repeated.run,
            repeated.arguments,
            past=repeated.past,
            deadline=repeated.run.options.get("deadline"),
            max_parallel=repeated.run.options.get("max_parallel"),
            observer=observer,
        )

    # -- for scripts and notebooks -------------------------------------------------------------

    def run_sync(self, flow: Runnable, /, *inputs: Any, **options: Any) -> Any:
        """Start a run, wait for it, return its value; for code without an event loop."""

        async def whole() -> Any:
            async with Client(
                self._url or self.store, grants=self._given, durability=self._durability
            ) as client:
                handle = await client.start(flow, *inputs, **options)
                return await handle.result()

        return wait_for(whole())


class Handle:
    """One run, driven here or elsewhere."""

    def __init__(self, client: Client, run: Run) -> None:
        self._client = client
        self._run = run
        self._loop: Loop | None = None
        self.task: asyncio.Task[Result] | None = None

    @property
    def run_id(self) -> str:
        """The run's id."""
        return self._run.run_id

    def attach(self, loop: Loop) -> None:
        """Take the loop that drives the run."""
        self._loop = loop

    def interrupt(self) -> None:
        """Cancel the run if this process drives it."""
        if self._loop is not None and self.task is not None and not self.task.done():
            self._loop.cancel("interrupted")

    async def wait(self) -> Result:
        """Wait for the run to end (or to park) and say how; never raises for a failed run."""
        if self.task is not None:
            return await asyncio.shield(self.task)
        while True:
            run = await self._client.store.get(self.run_id)
            if run is None:
                raise UsageError(diagnostics=(report("RUN104", run=self.run_id),))
            if run.status in TERMINAL or run.status is RunStatus.PARKED:
                value = None if run.result is None else decode_value(run.result)
                return Result(run, run.status, value, run.error)
            await asyncio.sleep(POLL_SECONDS)

    async def result(self) -> Any:
        """Return the run's value, waiting for it.

        A run driven by this process gives the object the flow returned, another one its JSON.

        Raises:
            LatticeFlowError: the run failed, was cancelled or is parked; where the run was
                driven by this process, its own exception.
        """
        from latticeflow.hosts.local.embedding import value_of  # noqa: PLC0415  (mutual by nature)

        return value_of(await self.wait())

    async def status(self) -> RunStatus:
        """Return where the run stands."""
        run = await self._client.store.get(self.run_id)
        return self._run.status if run is None else run.status

    async def cancel(self) -> bool:
        """Ask for the run to be cancelled; False if it has ended already."""
        if self._loop is not None and self.task is not None and not self.task.done():
            self._loop.cancel("requested")
            return True
        return await self._client.store.request_cancel(self.run_id)

    async def events(self, *, after: int = 0, follow: bool = True) -> AsyncIterator[Event]:
        """Yield the committed events in order; with `follow` until the run has ended."""
        while True:
            batch = await self._client.store.history(self.run_id, after)
            for event in batch:
                after = event.seq
                yield event
                if event.kind in _LAST:
                    return
            if not follow:
                return
            if not batch:
                await asyncio.sleep(POLL_SECONDS)


async def require_machine(prepared: Prepared) -> None:
    """Make sure that the machine has what a flow requires.

    Raises:
        CheckError: it has not (TOML018).
    """
    requirements = prepared.flow.requirements
    if requirements:
        # Late: reading what is installed costs time that most flows need not spend.
        from latticeflow.hosts.local.requirements import unmet_requirements  # noqa: PLC0415

        found = await asyncio.to_thread(unmet_requirements, requirements)
        if found:
            raise CheckError(diagnostics=found)


_LAST = frozenset(
    {
        EventKind.RUN_COMPLETED,
        EventKind.RUN_FAILED,
        EventKind.RUN_CANCELLED,
        EventKind.RUN_PARKED,
    }
)


def _expect_same(stored: Run, asked: Run) -> None:
    for what, ours, theirs in (
        ("flow", asked.flow_digest, stored.flow_digest),
        ("input", msgspec.json.decode(asked.arguments), msgspec.json.decode(stored.arguments)),
    ):
        if ours != theirs:
            found = report("RUN109", run=stored.run_id, what=what)
            raise UsageError(diagnostics=(found,))
