"""Running programs: process groups that are recorded before they begin, and never survive."""

from latticeflow.providers.process.capture import DEFAULT_LIMIT_BYTES
from latticeflow.providers.process.group import ProcessGroup, identify, kill_group
from latticeflow.providers.process.local import LocalProcess
from latticeflow.providers.process.running import DEFAULT_GRACE, Command, run_command

__all__ = [
    "DEFAULT_GRACE",
    "DEFAULT_LIMIT_BYTES",
    "Command",
    "LocalProcess",
    "ProcessGroup",
    "identify",
    "kill_group",
    "run_command",
]
