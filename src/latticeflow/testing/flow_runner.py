"""Running flows in tests: fakes for everything outside, virtual time, a whole result to look at."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from latticeflow.capabilities import Grants
from latticeflow.diagnostics import Diagnostic
from latticeflow.hosts.local import Execution, Prepared, prepare, prepare_flow, read_target
from latticeflow.hosts.local.arguments import bind_arguments, decode_arguments
from latticeflow.hosts.local.embedding import Runnable, ephemeral, value_of
from latticeflow.hosts.local.providers import shell_runner, workers
from latticeflow.hosts.local.running import Result
from latticeflow.runs import Event, EventKind, RunStatus
from latticeflow.testing.commands import FakeCommands
from latticeflow.testing.effects import Effect, Recorded
from latticeflow.testing.fakes import Fakes
from latticeflow.testing.outside import OutsideCommands, OutsideWorkers
from latticeflow.testing.virtual_time import VirtualTime

_STATUS = {
    EventKind.STEP_STARTED: "running",
    EventKind.STEP_RETRYING: "retrying",
    EventKind.STEP_COMPLETED: "succeeded",
    EventKind.STEP_FAILED: "failed",
    EventKind.STEP_SKIPPED: "skipped",
    EventKind.STEP_CANCELLED: "cancelled",
}


@dataclass(frozen=True, slots=True)
class OutputLine:
    """A line that a shell step printed."""

    position: str
    stream: str
    text: str


@dataclass(frozen=True, slots=True)
class FlowRun:
    """What became of a run.

    `events` are in order, at virtual times; `effects` are the calls of its steps that change
    something outside, in order; `elapsed` is the virtual time it took.
    """

    status: RunStatus
    error: Exception | None
    events: tuple[Event, ...]
    effects: tuple[Effect, ...]
    output: tuple[OutputLine, ...]
    elapsed: timedelta
    diagnostics: tuple[Diagnostic, ...]
    result: Any = None

    @property
    def value(self) -> Any:  # noqa: ANN401  (whatever the flow returned)
        """What the flow returned.

        Raises:
            Exception: What ended the run, if it did not succeed.
        """
        if self.error is not None:
            raise self.error
        return self.result

    @property
    def steps(self) -> dict[str, str]:
        """How each step ended, by position; a step that is a body is told by the steps in it."""
        return {
            event.position: status
            for event in self.events
            if (status := _STATUS.get(event.kind)) is not None
        }

    def attempts(self, position: str) -> int:
        """Return how often a step was tried; 0 if it never was."""
        return max(
            (event.attempt for event in self.events if event.position == position), default=0
        )


class FlowRunner:
    """Runs flows with fakes and in virtual time.

        result = await flow_runner(checkout, order)
        assert result.value == receipt

    Nothing is stored. Shell steps end as `commands` says. Synchronous steps run in place, and so
    are not cut off by their timeout.

    Args:
        time: The time the runs are on.
        grants: The providers, by family.
        seed: Where the jitter of retries and random values start.

    Attributes:
        commands: How shell steps end.
    """

    def __init__(
        self, time: VirtualTime | None = None, grants: Fakes | None = None, *, seed: int = 0
    ) -> None:
        self.time = time or VirtualTime()
        self.grants = grants or Fakes(clock=self.time, seed=seed)
        self.commands = FakeCommands()
        self._seed = seed

    async def __call__(
        self,
        flow: Runnable | str | Path,
        /,
        *inputs: Any,
        grants: Mapping[str, object] | None = None,
        deadline: float | timedelta | None = None,
        max_parallel: int | None = None,
        environment: Mapping[str, str] | None = None,
        real_commands: bool = False,
        real_workers: bool = False,
        **named: Any,
    ) -> FlowRun:
        """Run a flow to its end and tell all about it; a run that fails raises nothing.

        Args:
            flow: A flow function, a `FlowBuilder`, or the target of a file (`workflow.toml`,
                `flow.json`, `file.py:flow`).
            inputs: Its inputs, by position.
            grants: Providers that take the place of fakes, by family.
            deadline: After how many (virtual) seconds the run is cancelled.
            max_parallel: How many steps may run at once.
            environment: What expressions see as `env`.
            real_commands: Run shell steps, in this process's directory and environment.
            real_workers: Run synchronous steps that have a timeout in processes, as a host does.
            named: Its inputs, by name. Those of a file are given as JSON.

        Raises:
            CheckError: The checks found errors.
            UsageError: The inputs are not those of the flow.

        Cancellation: the run is cancelled and waited for.
        """
        prepared, arguments = _prepare(flow, inputs, named)
        effects: list[Effect] = []
        watcher = _Watcher()
        execution = self._execution(prepared, arguments, {**self.grants, **(grants or {})}, effects)
        execution.observer = watcher
        execution.max_parallel = max_parallel
        execution.deadline_ms = _milliseconds(deadline)
        around = execution.surroundings
        around.environment = dict(environment or {})
        if real_commands:
            around.shell = OutsideCommands(shell_runner(), self.time)
        if real_workers:
            around.workers = OutsideWorkers(workers(), self.time)
        before = self.time.elapsed
        with self.time.on(asyncio.get_running_loop()):
            result = await execution.execute()
        return FlowRun(
            status=result.status,
            error=_error_of(result),
            events=tuple(watcher.events),
            effects=tuple(effects),
            output=tuple(watcher.lines),
            elapsed=self.time.elapsed - before,
            diagnostics=result.diagnostics,
            result=result.value,
        )

    def run_sync(self, flow: Runnable | str | Path, /, *inputs: Any, **options: Any) -> FlowRun:
        """Run as a call does, from a test that is no coroutine."""
        with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
            return runner.run(self(flow, *inputs, **options))

    def _execution(
        self,
        prepared: Prepared,
        arguments: Mapping[str, Any],
        providers: Mapping[str, object],
        effects: list[Effect],
    ) -> Execution:
        """Describe a run as the host would, and put what is observed and virtual in its place."""
        execution = ephemeral(prepared, arguments, grants=Grants(providers))
        execution.run.seed = self._seed
        execution.grants = Grants(
            {
                family: Recorded(provider, family, effects, self.time)
                for family, provider in providers.items()
            }
        )
        around = execution.surroundings
        around.clock_ms = self.time.now_ms
        around.shell = self.commands
        around.workers = None
        return execution


class _Watcher:
    """Keeps what happens in a run."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.lines: list[OutputLine] = []

    def on_event(self, event: Event) -> None:
        self.events.append(event)

    def on_output(self, position: str, attempt: int, stream: str, text: str) -> None:
        self.lines.append(OutputLine(position, stream, text))


def _prepare(
    flow: Runnable | str | Path, inputs: tuple[Any, ...], named: Mapping[str, Any]
) -> tuple[Prepared, dict[str, Any]]:
    if not isinstance(flow, (str, Path)):
        prepared = prepare_flow(flow)
        return prepared, bind_arguments(prepared, inputs, named)
    target = str(flow)
    prepared = prepare(read_target(target), target=target)
    by_name = {**dict(zip(prepared.flow.inputs, inputs, strict=False)), **named}
    return prepared, decode_arguments(prepared, by_name)


def _error_of(result: Result) -> Exception | None:
    try:
        value_of(result)
    except Exception as error:  # noqa: BLE001  (whatever ended the run is what is asked for)
        return error
    return None


def _milliseconds(deadline: float | timedelta | None) -> int | None:
    if deadline is None:
        return None
    seconds = deadline.total_seconds() if isinstance(deadline, timedelta) else deadline
    return int(seconds * 1000)
