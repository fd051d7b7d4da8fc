"""Hand fakes to what is called directly."""

from __future__ import annotations

from contextlib import AbstractContextManager

from latticeflow.authoring.dsl.granting import granting
from latticeflow.providers.clock import VirtualClock
from latticeflow.providers.db import SqliteDb
from latticeflow.providers.dedupe import MemoryDedupe
from latticeflow.providers.files import MemoryFiles
from latticeflow.providers.kv import MemoryKv
from latticeflow.providers.rng import SeededRng
from latticeflow.testing.http import FakeHttp
from latticeflow.testing.process import FakeProcess


def grants(**providers: object) -> AbstractContextManager[None]:
    """Hand providers to every node that is called inside the block, however deep.

        with grants(kv=MemoryKv(), http=FakeHttp()):
            receipt = await checkout(order)

    Args:
        **providers: By family (`kv` for `Kv.Read` and `Kv.Write`), or by the name of a parameter,
            which goes first. They add to, and win over, those of a block around.
    """
    return granting(providers)


def fake_providers(*, seed: int = 0) -> dict[str, object]:
    """Make a fresh provider for every family, none of which touches anything outside.

    Their clock is one and the same, and virtual. The database is a temporary one. Requests and
    programs are answered as set beforehand.

    Args:
        seed: Where random values start.
    """
    clock = VirtualClock()
    return {
        "clock": clock,
        "rng": SeededRng(seed),
        "files": MemoryFiles(clock=clock),
        "process": FakeProcess(),
        "kv": MemoryKv(clock=clock),
        "db": SqliteDb(),
        "dedupe": MemoryDedupe(clock=clock),
        "http": FakeHttp(),
    }
