"""Compensation: undo what was done when a later step fails."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import ParamSpec, Self

P = ParamSpec("P")


class Saga(AbstractAsyncContextManager["Saga"]):
    """A block whose registered undo steps run, last first, when it fails."""

    def __init__(self) -> None:
        self._undo: list[Callable[[], object]] = []

    def undo(self, fn: Callable[P, object], /, *args: P.args, **kwargs: P.kwargs) -> None:
        """Register a node to call, with these arguments, should the block fail later."""
        self._undo.append(partial(fn, *args, **kwargs))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        if kind is None:
            return
        while self._undo:
            result = self._undo.pop()()
            if isinstance(result, Awaitable):
                await result


def saga() -> Saga:
    """Open a block with compensation; in it, `s.undo(refund, receipt)` registers an undo step.

    In a direct call too, the undo steps run, last first, and the block's exception goes on.
    """
    return Saga()
