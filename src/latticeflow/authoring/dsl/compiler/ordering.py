"""Who waits for whom, so that the run is as if sequential.

A pure step floats. A step that reads waits for the last writes above it. A step that writes waits
for the last writes and for every step since that reads or can fail: in Python it would not have
been reached had one of them failed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from latticeflow.flow.lattice import Effects


class Order(msgspec.Struct):
    """What a step written next would wait for: numbers of steps, in program order."""

    writes: list[int] = msgspec.field(default_factory=list)
    since: list[int] = msgspec.field(default_factory=list)

    def copy(self) -> Order:
        """Return a copy, for a branch of its own."""
        return Order(list(self.writes), list(self.since))

    def wanted(self, effects: Effects) -> list[int]:
        """Return the steps that a step with `effects` waits for."""
        if effects is Effects.PURE:
            return []
        return self.writes if effects is Effects.READ_ONLY else [*self.writes, *self.since]

    def note(self, step: int, effects: Effects, *, can_fail: bool) -> None:
        """Record that `step` stands here."""
        if effects is Effects.EFFECTFUL:
            self.writes = [step]
            self.since = []
        elif can_fail or effects is Effects.READ_ONLY:
            self.since.append(step)


def join_orders(orders: Sequence[Order]) -> Order:
    """Return what a step after several branches, or parallel calls, would wait for."""
    return Order(
        sorted({step for order in orders for step in order.writes}),
        sorted({step for order in orders for step in order.since}),
    )


class Ancestors:
    """Which steps each step comes after, as sets of bits."""

    __slots__ = ("_bits",)

    def __init__(self) -> None:
        self._bits: list[int] = []

    def add(self, sources: Iterable[int]) -> int:
        """Add the next step, which comes directly after `sources`; return its number."""
        bits = 0
        for source in sources:
            bits |= self._bits[source] | 1 << source
        self._bits.append(bits)
        return len(self._bits) - 1

    def rewind(self, count: int) -> None:
        """Forget all but the first `count` steps."""
        del self._bits[count:]

    def missing(self, wanted: Iterable[int], sources: Iterable[int]) -> list[int]:
        """Return which of `wanted` a step after `sources` would not come after anyway."""
        bits = 0
        for source in sources:
            bits |= self._bits[source] | 1 << source
        found: list[int] = []
        for step in sorted(set(wanted), reverse=True):
            if not bits >> step & 1:
                found.append(step)
                bits |= self._bits[step] | 1 << step
        return found[::-1]
