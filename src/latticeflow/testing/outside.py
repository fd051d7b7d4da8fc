"""Commands and workers that are real in a test: while one runs, time is not faster than it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from latticeflow.engine import ShellRunner, WorkerRunner
from latticeflow.plan import Step
from latticeflow.testing.virtual_time import VirtualTime


class OutsideCommands:
    """Runs shell steps as a host does."""

    def __init__(self, runner: ShellRunner, time: VirtualTime) -> None:
        self._runner = runner
        self._time = time

    async def __call__(self, step: Step, *given: Any, **named: Any) -> Any:  # noqa: ANN401  (the port's)
        """Run the command of a step."""
        with self._time.outside(asyncio.get_running_loop()):
            return await self._runner(step, *given, **named)


class OutsideWorkers:
    """Runs synchronous steps in processes as a host does."""

    def __init__(self, runner: WorkerRunner, time: VirtualTime) -> None:
        self._runner = runner
        self._time = time

    async def run(
        self,
        function: Callable[..., Any],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
        *,
        timeout: float | None = None,
    ) -> Any:  # noqa: ANN401  (whatever the function returns)
        """Call `function` in a worker."""
        with self._time.outside(asyncio.get_running_loop()):
            return await self._runner.run(function, args, kwargs, timeout=timeout)
