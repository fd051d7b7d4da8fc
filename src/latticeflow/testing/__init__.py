"""For those who write flows, and for those who write providers: what their tests stand on.

Fakes for every capability, handed to what a test calls; runs with those fakes in virtual time,
also as fixtures of pytest (`latticeflow.testing.plugin`); a simulator of the stepper. The suites
every provider passes are in `latticeflow.testing.contracts`. Names are bound lazily: pytest
loads this package in every project that has it installed.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from latticeflow.providers.clock import VirtualClock
    from latticeflow.providers.db import SqliteDb
    from latticeflow.providers.dedupe import MemoryDedupe
    from latticeflow.providers.files import MemoryFiles
    from latticeflow.providers.kv import MemoryKv
    from latticeflow.providers.rng import SeededRng
    from latticeflow.testing.commands import FakeCommands
    from latticeflow.testing.effects import Effect
    from latticeflow.testing.fakes import Fakes, fake_providers
    from latticeflow.testing.flow_runner import FlowRun, FlowRunner
    from latticeflow.testing.granting import grants
    from latticeflow.testing.http import FakeHttp, Request
    from latticeflow.testing.process import FakeProcess, Started
    from latticeflow.testing.virtual_time import VirtualTime

__all__ = [
    "Effect",
    "FakeCommands",
    "FakeHttp",
    "FakeProcess",
    "Fakes",
    "FlowRun",
    "FlowRunner",
    "MemoryDedupe",
    "MemoryFiles",
    "MemoryKv",
    "Request",
    "SeededRng",
    "SqliteDb",
    "Started",
    "VirtualClock",
    "VirtualTime",
    "fake_providers",
    "grants",
]

_HOMES = {
    "latticeflow.providers.clock": ("VirtualClock",),
    "latticeflow.providers.db": ("SqliteDb",),
    "latticeflow.providers.dedupe": ("MemoryDedupe",),
    "latticeflow.providers.files": ("MemoryFiles",),
    "latticeflow.providers.kv": ("MemoryKv",),
    "latticeflow.providers.rng": ("SeededRng",),
    "latticeflow.testing.commands": ("FakeCommands",),
    "latticeflow.testing.effects": ("Effect",),
    "latticeflow.testing.fakes": ("Fakes", "fake_providers"),
    "latticeflow.testing.flow_runner": ("FlowRun", "FlowRunner"),
    "latticeflow.testing.granting": ("grants",),
    "latticeflow.testing.http": ("FakeHttp", "Request"),
    "latticeflow.testing.process": ("FakeProcess", "Started"),
    "latticeflow.testing.virtual_time": ("VirtualTime",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

if not TYPE_CHECKING:
    # Hidden from the type checkers, which would take every misspelt name for a found one.
    def __getattr__(name: str) -> object:
        home = _HOME_OF.get(name)
        if home is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(import_module(home), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME_OF})
