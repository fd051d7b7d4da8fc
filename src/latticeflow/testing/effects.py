"""What the steps of a run did to the outside: kept, call by call."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Mapping
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    asynccontextmanager,
    nullcontext,
)
from dataclasses import dataclass, field
from typing import Any

from latticeflow.capabilities import CAPABILITIES, MEMBERS, Holder, PerStep, floor_of
from latticeflow.flow.lattice import Effects
from latticeflow.testing.virtual_time import VirtualTime


@dataclass(frozen=True, slots=True)
class Effect:
    """One call that changes something outside, as a step made it; it may have failed.

    `step` is the step's alias, `position` its place in the run, `call` the capability's family
    and the method (`kv.put`). `arguments` and `named` are what was passed.
    """

    step: str
    call: str
    arguments: tuple[object, ...] = ()
    named: Mapping[str, object] = field(default_factory=dict)
    position: str = ""
    attempt: int = 1


def effectful_members(family: str) -> frozenset[str]:
    """Return the methods of a family's ports that change something outside.

    Those of `dedupe` do not count: they are bookkeeping about effects.
    """
    if family == "dedupe":
        return frozenset()
    harmless: set[str] = set()
    harmful: set[str] = set()
    for identifier, spec in CAPABILITIES.items():
        if spec.family == family:
            is_effectful = floor_of((identifier,)).effects is Effects.EFFECTFUL
            (harmful if is_effectful else harmless).update(MEMBERS[identifier])
    return frozenset(harmful - harmless)


class Recorded:
    """A provider whose effects are kept; to everybody but a step it is the provider itself.

    Args:
        provider: The provider.
        family: What it provides.
        effects: Where its effects are added.
        time: The time it must not be outrun by where it works off the event loop.
    """

    def __init__(
        self, provider: object, family: str, effects: list[Effect], time: VirtualTime
    ) -> None:
        self._provider = provider
        self._family = family
        self._effects = effects
        self._time = time
        self._harmful = effectful_members(family)
        # What has to be closed holds threads or files: its calls end in real time.
        self._is_outside = hasattr(provider, "close")

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  (whatever the provider has)
        return getattr(self._provider, name)

    def for_step(self, holder: Holder) -> object:
        """Return the provider as one step gets it."""
        provider = self._provider
        own = provider.for_step(holder) if isinstance(provider, PerStep) else provider
        return _Own(own, self, holder)

    def note(
        self, name: str, arguments: tuple[object, ...], named: Mapping[str, object], holder: Holder
    ) -> None:
        """Keep a call, if it is an effect."""
        if name in self._harmful:
            effect = Effect(
                step=holder.node,
                call=f"{self._family}.{name}",
                arguments=arguments,
                named=dict(named),
                position=holder.position,
                attempt=holder.attempt,
            )
            self._effects.append(effect)

    def off_the_loop(self) -> AbstractContextManager[None]:
        """Return a block in which time runs no faster than what the provider does elsewhere."""
        if self._is_outside:
            return self._time.outside(asyncio.get_running_loop())
        return nullcontext()


class _Own:
    """A provider as one step sees it."""

    def __init__(self, provider: object, recorded: Recorded, holder: Holder) -> None:
        self._provider = provider
        self._recorded = recorded
        self._holder = holder

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  (whatever the provider has)
        method = getattr(self._provider, name)
        recorded, holder = self._recorded, self._holder
        if not callable(method):
            return method
        if not inspect.iscoroutinefunction(method):

            def call(*arguments: object, **named: object) -> object:
                result = method(*arguments, **named)
                if isinstance(result, AbstractAsyncContextManager):
                    return _scope(result, recorded, holder)
                recorded.note(name, arguments, named, holder)
                return result

            return call

        async def awaited(*arguments: object, **named: object) -> object:
            recorded.note(name, arguments, named, holder)
            with recorded.off_the_loop():
                return await method(*arguments, **named)

        return awaited


@asynccontextmanager
async def _scope(
    block: AbstractAsyncContextManager[object], recorded: Recorded, holder: Holder
) -> AsyncIterator[_Own]:
    """Enter what a provider gave for a block, such as a transaction, as the step sees it."""
    with recorded.off_the_loop():
        async with block as inner:
            yield _Own(inner, recorded, holder)
