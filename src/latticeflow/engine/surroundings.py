"""What a host gives the loop besides the plan: runners, clocks, grants."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from latticeflow.engine.effects import Effects
from latticeflow.engine.journal import Observer
from latticeflow.plan import Step

Durability = Literal["off", "partial", "strong"]
GrantFor = Callable[[Step, str, int], Mapping[str, Any]]


class ShellRunner(Protocol):
    """Runs a shell step; see `components.shell`."""

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
    ) -> Any:
        """Run the command of `step` and return its record.

        `on_started` is awaited with what identifies the process group before the command begins;
        `past` is what an earlier process recorded so: its survivors are ended first.
        """


class WorkerRunner(Protocol):
    """Runs a synchronous function in a process that can be killed; see `engine.workers`."""

    async def run(
        self,
        function: Callable[..., Any],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
        *,
        timeout: float | None = None,
    ) -> Any:
        """Call `function` in a worker; cancelling kills the worker."""


@dataclass(slots=True)
class Surroundings:
    """What a host gives the loop besides the plan. All of it may be missing."""

    grant: GrantFor | None = None
    shell: ShellRunner | None = None
    workers: WorkerRunner | None = None
    effects: Effects | None = None
    observer: Observer | None = None
    clock_ms: Callable[[], int] | None = None
    sleep_until: Callable[[int], Awaitable[None]] | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
