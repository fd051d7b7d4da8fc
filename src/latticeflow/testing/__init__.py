"""For those who write flows, and for those who write providers: what their tests stand on.

Fakes for every capability, handed to what a test calls; the suites every provider passes are in
`latticeflow.testing.contracts`.
"""

from latticeflow.providers.clock import VirtualClock
from latticeflow.providers.db import SqliteDb
from latticeflow.providers.dedupe import MemoryDedupe
from latticeflow.providers.files import MemoryFiles
from latticeflow.providers.kv import MemoryKv
from latticeflow.providers.rng import SeededRng
from latticeflow.testing.granting import fake_providers, grants
from latticeflow.testing.http import FakeHttp, Request
from latticeflow.testing.process import FakeProcess, Started

__all__ = [
    "FakeHttp",
    "FakeProcess",
    "MemoryDedupe",
    "MemoryFiles",
    "MemoryKv",
    "Request",
    "SeededRng",
    "SqliteDb",
    "Started",
    "VirtualClock",
    "fake_providers",
    "grants",
]
