"""What an expression of a flow stands for while it is compiled: no data, only where it comes from.

Const      known now: a JSON constant
Ref        a part of the value a node will have
Cel        an expression over such parts, not yet a node
Pending    a Ref or Cel that may fail, so that its turn in the program matters
Display    a list, tuple or record of values, not yet a node
Unknown    what is left after a mistake was reported
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from latticeflow.authoring.dsl.compiler.types import ANY, TypeForm

DisplayKind = Literal["list", "tuple", "record"]

# How strongly the outermost operator of a text binds; a part that binds less gets parentheses.
TERNARY, OR, AND, RELATION, ADD, MULTIPLY, UNARY, ATOM = range(8)


@dataclass(frozen=True, slots=True)
class Const:
    """A constant; `value` is JSON."""

    value: Any
    type: TypeForm


@dataclass(frozen=True, slots=True)
class Ref:
    """The part at `path` of the value of node `alias`.

    `narrowed` tells that `type` is less than what the node declares, because a condition was
    passed on the way.
    """

    alias: str
    path: tuple[str, ...]
    type: TypeForm
    narrowed: bool = False


@dataclass(frozen=True, slots=True)
class Cel:
    """Text with holes for the parts it reads; they get names when it becomes a node."""

    parts: tuple[str | Ref, ...]
    type: TypeForm
    level: int = ATOM


@dataclass(slots=True, eq=False)
class Pending:
    """Something that may fail when it is computed, and has not been given a node yet."""

    value: Ref | Cel
    settled: Ref | None = None

    @property
    def type(self) -> TypeForm:
        """The type of the value."""
        return self.value.type


@dataclass(frozen=True, slots=True)
class Display:
    """Values put together; `keys` are the names of a record's fields, else the positions."""

    kind: DisplayKind
    keys: tuple[str, ...]
    items: tuple[Value, ...]
    type: TypeForm


@dataclass(frozen=True, slots=True)
class Unknown:
    """Anything: a mistake was reported already."""

    type: TypeForm = ANY


Value: TypeAlias = Const | Ref | Cel | Pending | Display | Unknown

UNKNOWN = Unknown()
NULL = Const(None, type(None))
TRUE = Const(value=True, type=bool)
FALSE = Const(value=False, type=bool)
