"""Runs flows on this machine: in this process, or durably in an embedded store."""

from latticeflow.hosts.local.client import Client, Handle
from latticeflow.hosts.local.embedding import check, prepare_flow, run, run_sync
from latticeflow.hosts.local.preparing import Checked, Prepared, judge, prepare
from latticeflow.hosts.local.running import Execution, Result
from latticeflow.hosts.local.targets import read_target

__all__ = [
    "Checked",
    "Client",
    "Execution",
    "Handle",
    "Prepared",
    "Result",
    "check",
    "judge",
    "prepare",
    "prepare_flow",
    "read_target",
    "run",
    "run_sync",
]
