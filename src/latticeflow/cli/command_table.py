"""The commands by name, with a line on each; what is listed here has a module in `commands`."""

from __future__ import annotations

COMMANDS = {
    "init": "write a first workflow",
    "check": "judge flows without running them",
    "graph": "print the graph of a flow",
    "plan": "tell what a run would do",
    "run": "run a flow",
    "runs": "list runs",
    "show": "show one run",
    "logs": "print what a run's steps wrote",
    "cancel": "cancel a run",
    "resume": "go on with a run that was interrupted",
    "retry": "run again what failed",
    "gc": "remove old runs and what belongs to them",
    "explain": "explain a code",
    "config": "show the configuration and where it comes from",
    "self-test": "check that this installation works",
    "completion": "print a completion script for a shell",
}
