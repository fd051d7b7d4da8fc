"""A fresh fake for every capability, on one clock."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from latticeflow.capabilities import Clock
from latticeflow.providers.clock import VirtualClock
from latticeflow.providers.db import SqliteDb
from latticeflow.providers.dedupe import MemoryDedupe
from latticeflow.providers.files import MemoryFiles
from latticeflow.providers.kv import MemoryKv
from latticeflow.providers.rng import SeededRng
from latticeflow.testing.http import FakeHttp
from latticeflow.testing.process import FakeProcess


@dataclass(kw_only=True, eq=False)
class Fakes(Mapping[str, object]):
    """Providers by family, none of which touches anything outside.

    The database is a temporary one; requests and programs are answered as set beforehand. A test
    may put others in their place with `use`.
    """

    clock: Clock
    seed: int = 0
    rng: SeededRng = field(init=False)
    files: MemoryFiles = field(init=False)
    process: FakeProcess = field(default_factory=FakeProcess, init=False)
    kv: MemoryKv = field(init=False)
    db: SqliteDb = field(default_factory=SqliteDb, init=False)
    dedupe: MemoryDedupe = field(init=False)
    http: FakeHttp = field(default_factory=FakeHttp, init=False)

    def __post_init__(self) -> None:
        self.rng = SeededRng(self.seed)
        self.files = MemoryFiles(clock=self.clock)
        self.kv = MemoryKv(clock=self.clock)
        self.dedupe = MemoryDedupe(clock=self.clock)
        self._others: dict[str, object] = {}

    def __getitem__(self, family: str) -> object:
        if family in self._others:
            return self._others[family]
        if family not in _FAMILIES:
            raise KeyError(family)
        return getattr(self, family)

    def use(self, **providers: object) -> None:
        """Put other providers in the place of fakes.

        Args:
            **providers: By family (`kv` for `Kv.Read` and `Kv.Write`).
        """
        self._others.update(providers)

    def late(self) -> dict[str, object]:
        """Return by family what stands for its provider, whichever that is when it is called."""
        return {family: _Late(self, family) for family in self}

    def __iter__(self) -> Iterator[str]:
        yield from dict.fromkeys((*_FAMILIES, *self._others))

    def __len__(self) -> int:
        return len({*_FAMILIES, *self._others})

    def close(self) -> None:
        """Close the database."""
        self.db.close()


class _Late:
    """The provider of a family, looked up at each use."""

    def __init__(self, fakes: Fakes, family: str) -> None:
        self._fakes = fakes
        self._family = family

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  (whatever the provider has)
        return getattr(self._fakes[self._family], name)


_FAMILIES = ("clock", "rng", "files", "process", "kv", "db", "dedupe", "http")


def fake_providers(*, seed: int = 0, clock: Clock | None = None) -> dict[str, object]:
    """Make a fresh provider for every family, none of which touches anything outside.

    Their clock is one and the same, and virtual. The database is a temporary one. Requests and
    programs are answered as set beforehand.

    Args:
        seed: Where random values start.
        clock: The clock; by default a `VirtualClock` of their own.
    """
    return dict(Fakes(clock=clock or VirtualClock(), seed=seed))
