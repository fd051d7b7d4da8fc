"""What an expression of a flow stands for while it is compiled: no data, only where it comes from.

Const      known now: a JSON constant
Ref        a part of the value a node will have
Cel        an expression over such parts, not yet a node
Pending    a Ref or Cel that may fail, so that its turn in the program matters
Display    a list, tuple or record of values, not yet a node
Unknown    what is left after a mistake was reported
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import msgspec

from latticeflow.authoring.dsl.compiler.types import ANY, TypeForm

DisplayKind = Literal["list", "tuple", "record"]

# How strongly the outermost operator of a text binds; a part that binds less gets parentheses.
TERNARY, OR, AND, RELATION, ADD, MULTIPLY, UNARY, ATOM = range(8)


class Const(msgspec.Struct, frozen=True):
    """A constant; `value` is JSON."""

    value: Any
    type: TypeForm


class Ref(msgspec.Struct, frozen=True):
    """The part at `path` of the value of node `alias`.

    `narrowed` tells that `type` is less than what the node declares, because a condition was
    passed on the way.
    """

    alias: str
    path: tuple[str, ...]
    type: TypeForm
    narrowed: bool = False


class Cel(msgspec.Struct, frozen=True):
    """Text with holes for the parts it reads; they get names when it becomes a node."""

    parts: tuple[str | Ref, ...]
    type: TypeForm
    level: int = ATOM


class Pending(msgspec.Struct, eq=False):
    """Something that may fail when it is computed, and has not been given a node yet."""

    value: Ref | Cel
    settled: Ref | None = None

    @property
    def type(self) -> TypeForm:
        """The type of the value."""
        return self.value.type


class Display(msgspec.Struct, frozen=True):
    """Values put together; `keys` are the names of a record's fields, else the positions."""

    kind: DisplayKind
    keys: tuple[str, ...]
    items: tuple[Value, ...]
    type: TypeForm


class Unknown(msgspec.Struct, frozen=True):
    """Anything: a mistake was reported already."""

    type: TypeForm = ANY


Value: TypeAlias = Const | Ref | Cel | Pending | Display | Unknown

UNKNOWN = Unknown()
NULL = Const(None, type(None))
TRUE = Const(value=True, type=bool)
FALSE = Const(value=False, type=bool)
