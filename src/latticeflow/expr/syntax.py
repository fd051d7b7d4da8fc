"""The syntax tree of an expression. Offsets count characters of the text, ends are exclusive."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal as OneOf
from typing import TypeAlias


@dataclass(slots=True, eq=False)
class Literal:
    """A constant: null, bool, int, float, str or bytes."""

    start: int
    end: int
    value: bool | int | float | str | bytes | None


@dataclass(slots=True, eq=False)
class Ident:
    """A name."""

    start: int
    end: int
    name: str


@dataclass(slots=True, eq=False)
class Select:
    """`operand.field`."""

    start: int
    end: int
    operand: Node
    field: str
    field_start: int


@dataclass(slots=True, eq=False)
class Index:
    """`operand[index]`."""

    start: int
    end: int
    operand: Node
    index: Node


@dataclass(slots=True, eq=False)
class Call:
    """`name(args)`, or `target.name(args)`; macros too."""

    start: int
    end: int
    name: str
    name_start: int
    target: Node | None
    args: tuple[Node, ...]


@dataclass(slots=True, eq=False)
class Unary:
    """`!operand` or `-operand`."""

    start: int
    end: int
    op: OneOf["!", "-"]
    operand: Node


@dataclass(slots=True, eq=False)
class Binary:
    """`left op right`."""

    start: int
    end: int
    op: str
    op_start: int
    left: Node
    right: Node


@dataclass(slots=True, eq=False)
class Ternary:
    """`condition ? then : otherwise`."""

    start: int
    end: int
    condition: Node
    then: Node
    otherwise: Node


@dataclass(slots=True, eq=False)
class ListDisplay:
    """`[items]`."""

    start: int
    end: int
    items: tuple[Node, ...]


@dataclass(slots=True, eq=False)
class MapDisplay:
    """`{key: value}`."""

    start: int
    end: int
    entries: tuple[tuple[Node, Node], ...]


Node: TypeAlias = (
    Literal | Ident | Select | Index | Call | Unary | Binary | Ternary | ListDisplay | MapDisplay
)


def children(node: Node) -> tuple[Node, ...]:
    """Return the nodes directly below `node`, in the order of the text."""
    match node:
        case Select(operand=operand) | Unary(operand=operand):
            return (operand,)
        case Index(operand=operand, index=index):
            return (operand, index)
        case Call(target=target, args=args):
            return args if target is None else (target, *args)
        case Binary(left=left, right=right):
            return (left, right)
        case Ternary(condition=condition, then=then, otherwise=otherwise):
            return (condition, then, otherwise)
        case ListDisplay(items=items):
            return items
        case MapDisplay(entries=entries):
            return tuple(part for entry in entries for part in entry)
        case _:
            return ()
