"""What an expression takes of its variables, so that only that is handed to the evaluator."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from latticeflow.expr.types import Type

Step: TypeAlias = str | int
"""One step of a path: a field or key, or the index of a list."""
Path: TypeAlias = tuple[Step, ...]
"""From the name of a variable down to a part of it."""


SlotKind: TypeAlias = Literal["value", "has", "size"]


class Use(msgspec.Struct, eq=False):
    """How a place in a value is used: as a whole, or only some fields or items of it."""

    whole: bool = False
    fields: dict[Step, Use] = msgspec.field(default_factory=dict)
    items: Use | None = None

    def at(self, step: Step) -> Use:
        """Return the use of the part at `step`."""
        return self.fields.setdefault(step, Use())

    def each(self) -> Use:
        """Return the use of the items."""
        if self.items is None:
            self.items = Use()
        return self.items


class Slot(msgspec.Struct, eq=False):
    """A value that the evaluator gets: a path of a variable, its presence, or its length."""

    name: str
    path: Path
    kind: SlotKind
    type: Type
    use: Use


class Resolved(msgspec.Struct, eq=False):
    """What the check knows about a part of an expression.

    `path` is set while it is a plain path of a variable, `key` names it for narrowing, `use` is
    the place in a variable that it comes from. `native` tells that times in it are times for the
    evaluator and not text.
    """

    type: Type
    use: Use | None = None
    path: Path | None = None
    key: tuple[object, ...] | None = None
    native: bool = True
