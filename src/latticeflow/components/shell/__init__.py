"""How a `std.shell` step runs: never with a value as code, never with a process left behind."""

from latticeflow.components.shell.command import ShellCommand, command_of
from latticeflow.components.shell.errors import (
    CommandFailedError,
    ShellConfigError,
    ShellOutputError,
)
from latticeflow.components.shell.outputs import read_outputs
from latticeflow.components.shell.running import ShellSteps

__all__ = [
    "CommandFailedError",
    "ShellCommand",
    "ShellConfigError",
    "ShellOutputError",
    "ShellSteps",
    "command_of",
    "read_outputs",
]
