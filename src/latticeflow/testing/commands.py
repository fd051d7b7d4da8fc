"""Shell steps that start nothing: how they end is set beforehand, by step."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from latticeflow.components.shell import CommandFailedError, command_of
from latticeflow.diagnostics import LatticeFlowError, report
from latticeflow.plan import Step


@dataclass(frozen=True, slots=True)
class CommandStart:
    """A command that a shell step was to run."""

    step: str
    position: str
    attempt: int
    argv: tuple[str, ...]
    env: Mapping[str, str]


@dataclass(slots=True)
class _Answer:
    exit_code: int = 0
    stdout: str = ""
    stderr: str = ""
    outputs: dict[str, object] = field(default_factory=dict)


class FakeCommands:
    """Runs the shell steps of a flow under test.

        flow_runner.commands.answer("build", stdout="done", outputs={"version": "1.2"})

    Attributes:
        started: What was to be run, in order.
    """

    def __init__(self) -> None:
        self.started: list[CommandStart] = []
        self._answers: dict[str, list[_Answer]] = {}

    def answer(
        self,
        step: str,
        *,
        exit_code: int = 0,
        stdout: str = "",
        stderr: str = "",
        outputs: Mapping[str, object] | None = None,
    ) -> None:
        """Set how a step's next command ends; the last one set stands for all that follow.

        Args:
            step: The step's alias.
            exit_code: What it ends with; other than 0, the step fails.
            stdout: What it prints.
            stderr: What it prints as errors.
            outputs: What it leaves as outputs.
        """
        answers = self._answers.setdefault(step, [])
        answers.append(_Answer(exit_code, stdout, stderr, dict(outputs or {})))

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
        """End as set; what the step says is evaluated as for a real command.

        Raises:
            CommandFailedError: The exit code set is not 0.
            LatticeFlowError: Nothing is set for the step.
        """
        command = command_of(step.node, {**scope, "inputs": dict(inputs)})
        self.started.append(
            CommandStart(step.alias, position, attempt, command.argv, dict(command.env))
        )
        answers = self._answers.get(step.alias)
        if not answers:
            raise LatticeFlowError(
                f"no end is set for the command of `{step.alias}`: set one with"
                f" `flow_runner.commands.answer({step.alias!r}, …)`,"
                " or run real ones with `real_commands=True`"
            )
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        await on_started({})
        for stream, text in (("stdout", answer.stdout), ("stderr", answer.stderr)):
            for line in text.splitlines():
                on_output(stream, line)
        record: dict[str, object] = {
            "stdout": answer.stdout,
            "stderr": answer.stderr,
            "exit_code": answer.exit_code,
            "outputs": answer.outputs,
        }
        if answer.exit_code:
            finding = report("STEP004", step=step.alias, exit_code=answer.exit_code)
            raise CommandFailedError(finding.message, (finding,), record)
        return record
