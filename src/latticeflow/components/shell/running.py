"""Run a shell step: its workspace, its command, its outputs."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec

from latticeflow.capabilities import ProcessResult
from latticeflow.components.shell.command import command_of, inherited
from latticeflow.components.shell.errors import CommandFailedError
from latticeflow.components.shell.outputs import read_outputs
from latticeflow.diagnostics import report
from latticeflow.flow.model import Node
from latticeflow.plan import Step
from latticeflow.providers.process import (
    DEFAULT_GRACE,
    DEFAULT_LIMIT_BYTES,
    Command,
    ProcessGroup,
    kill_group,
    run_command,
)

_TAIL_LINES = 10
_TAIL_CHARACTERS = 2000

Collect = Callable[[Path, str], None]
"""Takes what it wants from a workspace that is about to be removed; told the step's position."""


class ShellSteps:
    """Runs the shell steps of a host.

    Args:
        cwd: Where they run unless they say otherwise.
        environment: What their environment starts from; None is this process's own.
        grace: How long a command that is asked to end may take.
        limit_bytes: How much of the end of a command's output is kept, for each stream.
        collect: Called, in a thread, for every ephemeral workspace before it is removed.
    """

    def __init__(
        self,
        cwd: Path | None = None,
        *,
        environment: Mapping[str, str] | None = None,
        grace: timedelta = DEFAULT_GRACE,
        limit_bytes: int = DEFAULT_LIMIT_BYTES,
        collect: Collect | None = None,
    ) -> None:
        self._cwd = (cwd or Path.cwd()).absolute()
        self._environment = environment
        self._grace = grace
        self._limit_bytes = limit_bytes
        self._collect = collect

    async def __call__(
        self,
        step: Step,
        inputs: Mapping[str, Any],
        scope: Mapping[str, Any],
        *,
        position: str,
        attempt: int,
        on_output: Callable[[str, str], None],
        on_started: Callable[[dict[str, Any]], Awaitable[None]],
        past: dict[str, Any] | None,
    ) -> dict[str, object]:
        """Run one attempt of a shell step and return its record.

        Args:
            step: The step.
            inputs: Its inputs by name; expressions see them as `inputs`.
            scope: What else expressions see.
            position: Where in the run it is.
            attempt: Which attempt, from 1.
            on_output: Told each line: `stdout` or `stderr`, and the text.
            on_started: Awaited, before the command begins, with what identifies its processes.
            past: What `on_started` was given by an earlier process that ran this attempt: what
                is left of it is killed first.

        Returns:
            `stdout`, `stderr`, `exit_code` and `outputs`.

        Raises:
            CommandFailedError: The exit code is not 0 (STEP004), or a signal ended the command
                (STEP012). Its `result` is the record.
            ShellConfigError: What the step says cannot be run.
            ShellOutputError: What the command left in its output file cannot be used.
            ProcessError: The command cannot be started (CAP210).

        Cancellation: the command's processes get SIGTERM, then SIGKILL; none is left.
        """
        if past is not None:
            await asyncio.to_thread(kill_group, msgspec.convert(past, ProcessGroup))
        node = step.node
        command = command_of(node, {**scope, "inputs": dict(inputs)})
        async with self._workspace(node, position) as workspace, _scratch() as scratch:
            outputs = scratch / "outputs"
            run = scope.get("run")
            facts = {
                "FLOWS_RUN_ID": str(run.get("id", "")) if isinstance(run, Mapping) else "",
                "FLOWS_STEP": step.alias,
                "FLOWS_POSITION": position,
                "FLOWS_ATTEMPT": str(attempt),
                "FLOWS_OUTPUT": str(outputs),
                "FLOWS_WORKSPACE": str(workspace),
            }
            done = await run_command(
                Command(
                    argv=command.argv,
                    env={**inherited(self._environment), **command.env, **facts},
                    cwd=str(workspace),
                    grace=self._grace,
                    limit_bytes=self._limit_bytes,
                ),
                on_output=on_output,
                on_started=lambda group: on_started(msgspec.to_builtins(group)),
            )
            if done.exit_code != 0:
                raise _failed(step.alias, done)
            named = read_outputs(outputs, node.config.get("outputs"), step=step.alias)
            return _record(done, named)

    @asynccontextmanager
    async def _workspace(self, node: Node, position: str) -> AsyncIterator[Path]:
        wanted = str(node.config.get("workspace") or "inherit")
        if wanted == "inherit":
            yield self._cwd
        elif wanted == "ephemeral":
            async with _scratch() as workspace:
                yield workspace
                if self._collect is not None:
                    await asyncio.to_thread(self._collect, workspace, position)
        else:
            yield self._cwd / wanted


@asynccontextmanager
async def _scratch() -> AsyncIterator[Path]:
    """Give a fresh directory; it is gone afterwards, whatever was put in it."""
    place = Path(tempfile.mkdtemp(prefix="flows-"))
    try:
        yield place
    finally:
        # Shielded: a cancellation does not leave it behind, it only stops waiting.
        await asyncio.shield(asyncio.to_thread(_remove, place))


def _remove(place: Path) -> None:
    for parent, directories, _ in os.walk(place):
        for name in directories:
            directory = Path(parent, name)
            if not directory.is_symlink():
                directory.chmod(0o700)  # a directory that nobody may enter cannot be emptied
    shutil.rmtree(place, ignore_errors=True)


def _record(done: ProcessResult, outputs: dict[str, object]) -> dict[str, object]:
    return {
        "stdout": done.stdout,
        "stderr": done.stderr,
        "exit_code": done.exit_code,
        "outputs": outputs,
    }


def _failed(alias: str, done: ProcessResult) -> CommandFailedError:
    if done.exit_code < 0:
        finding = report("STEP012", step=alias, signal=_signal_name(-done.exit_code))
    else:
        finding = report("STEP004", step=alias, exit_code=done.exit_code)
    lines = done.stderr.rstrip().splitlines()[-_TAIL_LINES:]
    tail = "\n".join(lines)[-_TAIL_CHARACTERS:]
    message = f"{finding.message}:\n{tail}" if tail else finding.message
    return CommandFailedError(message, (finding,), _record(done, {}))


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
