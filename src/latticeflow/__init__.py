"""LatticeFlow: typed workflows, judged before they run.

The names below are bound lazily, so that importing the package costs next to nothing. `__all__` is
what flows are written with and run by. Beside it, its *companions* can be imported from here too:
names that only stand in an annotation or an argument (capability types, `Header`, `tumbling` …),
and `run_sync`, which is `run` for a script or a notebook. Their home is `latticeflow.capabilities`,
`latticeflow.authoring.dsl` or `latticeflow.hosts.local`.

`latticeflow.flow` is the decorator. The folder of the same name is imported as usual (`from
latticeflow.flow import Flow`), only not as an attribute (`import latticeflow.flow as f`).
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # `as` marks the companions for the type checkers as meant to be imported from here.
    from latticeflow.authoring.dsl import Body as Body
    from latticeflow.authoring.dsl import Decision as Decision
    from latticeflow.authoring.dsl import (
        FlowBuilder,
        approval,
        each,
        event,
        flow,
        granted,
        http,
        join,
        manual,
        node,
        parallel,
        queue,
        rate_limit,
        retry,
        saga,
        schedule,
        sleep,
        static,
        timeout,
        up_to,
        window,
    )
    from latticeflow.authoring.dsl import Header as Header
    from latticeflow.authoring.dsl import NonRetryable as NonRetryable
    from latticeflow.authoring.dsl import PathParam as PathParam
    from latticeflow.authoring.dsl import RetryAfter as RetryAfter
    from latticeflow.authoring.dsl import Window as Window
    from latticeflow.authoring.dsl import session as session
    from latticeflow.authoring.dsl import sliding as sliding
    from latticeflow.authoring.dsl import tumbling as tumbling
    from latticeflow.capabilities import Clock as Clock
    from latticeflow.capabilities import Db as Db
    from latticeflow.capabilities import Dedupe as Dedupe
    from latticeflow.capabilities import Files as Files
    from latticeflow.capabilities import Http as Http
    from latticeflow.capabilities import Kv as Kv
    from latticeflow.capabilities import Process as Process
    from latticeflow.capabilities import Rng as Rng
    from latticeflow.hosts.local import Client, check, run
    from latticeflow.hosts.local import run_sync as run_sync

__version__ = "0.1.0"

__all__ = [
    "Client",
    "FlowBuilder",
    "__version__",
    "approval",
    "check",
    "each",
    "event",
    "flow",
    "granted",
    "http",
    "join",
    "manual",
    "node",
    "parallel",
    "queue",
    "rate_limit",
    "retry",
    "run",
    "saga",
    "schedule",
    "sleep",
    "static",
    "timeout",
    "up_to",
    "window",
]

_HOMES = {
    "latticeflow.hosts.local": ("Client", "check", "run", "run_sync"),
    "latticeflow.capabilities": (
        "Clock",
        "Db",
        "Dedupe",
        "Files",
        "Http",
        "Kv",
        "Process",
        "Rng",
    ),
    "latticeflow.authoring.dsl": (
        "Body",
        "Decision",
        "FlowBuilder",
        "Header",
        "NonRetryable",
        "PathParam",
        "RetryAfter",
        "Window",
        "approval",
        "each",
        "event",
        "flow",
        "granted",
        "http",
        "join",
        "manual",
        "node",
        "parallel",
        "queue",
        "rate_limit",
        "retry",
        "saga",
        "schedule",
        "session",
        "sleep",
        "sliding",
        "static",
        "timeout",
        "tumbling",
        "up_to",
        "window",
    ),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def _bind(name: str) -> object:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module 'latticeflow' has no attribute {name!r}")
    value: object = getattr(import_module(home), name)
    globals()[name] = value
    return value


if not TYPE_CHECKING:
    # Hidden from the type checkers, which would take every misspelt name for a found one.
    __getattr__ = _bind


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME_OF})


class _Front(ModuleType):
    """This package, where `flow` stays the decorator.

    The import system binds a folder to its parent when it is first imported, and would put the
    folder `flow` in the decorator's place. A data descriptor decides otherwise.
    """

    @property
    def flow(self) -> object:
        return _bind("flow")

    @flow.setter
    def flow(self, _: object) -> None:
        """Leave the decorator where it is; the folder is found in `sys.modules`."""


sys.modules[__name__].__class__ = _Front
