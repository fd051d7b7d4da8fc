"""How often the body of a loop or comprehension runs, and over what."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

import msgspec

from latticeflow.authoring.dsl.compiler.scope import Exits
from latticeflow.authoring.dsl.compiler.session import Frame
from latticeflow.authoring.dsl.compiler.values import Const, Value

OnError: TypeAlias = Literal["fail", "skip", "collect"]
Block: TypeAlias = Callable[[], Exits]


def _no_binding(_body: Frame) -> None:
    return


def _no_guard(_body: Frame, block: Block) -> Exits:
    return block()


class Rounds(msgspec.Struct):
    """How often a body runs, and over what.

    `bind` gives the loop's variables their values in the body; `guard` compiles the body's block,
    within a condition if there is one that rounds must meet.
    """

    hint: str
    items: Value | None = None
    item: str = "item"
    index: str | None = None
    concurrency: int = 1
    on_error: OnError = "fail"
    limit: int = 1000
    finishes: bool = False
    at_least_one: bool = False
    key: str | None = None
    unrolled: list[Const] | None = None
    bind: Callable[[Frame], None] = msgspec.field(default=_no_binding)
    guard: Callable[[Frame, Block], Exits] = msgspec.field(default=_no_guard)
    valid: Callable[[Frame], Value] | None = None
    """The condition of `guard` as a value, for a comprehension."""
