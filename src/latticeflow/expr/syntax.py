"""The syntax tree of an expression. Offsets count characters of the text, ends are exclusive."""

from __future__ import annotations

from typing import Literal as OneOf
from typing import TypeAlias

import msgspec


class Literal(msgspec.Struct, eq=False):
    """A constant: null, bool, int, float, str or bytes."""

    start: int
    end: int
    value: bool | int | float | str | bytes | None


class Ident(msgspec.Struct, eq=False):
    """A name."""

    start: int
    end: int
    name: str


class Select(msgspec.Struct, eq=False):
    """`operand.field`."""

    start: int
    end: int
    operand: Node
    field: str
    field_start: int


class Index(msgspec.Struct, eq=False):
    """`operand[index]`."""

    start: int
    end: int
    operand: Node
    index: Node


class Call(msgspec.Struct, eq=False):
    """`name(args)`, or `target.name(args)`; macros too."""

    start: int
    end: int
    name: str
    name_start: int
    target: Node | None
    args: tuple[Node, ...]


class Unary(msgspec.Struct, eq=False):
    """`!operand` or `-operand`."""

    start: int
    end: int
    op: OneOf["!", "-"]
    operand: Node


class Binary(msgspec.Struct, eq=False):
    """`left op right`."""

    start: int
    end: int
    op: str
    op_start: int
    left: Node
    right: Node


class Ternary(msgspec.Struct, eq=False):
    """`condition ? then : otherwise`."""

    start: int
    end: int
    condition: Node
    then: Node
    otherwise: Node


class ListDisplay(msgspec.Struct, eq=False):
    """`[items]`."""

    start: int
    end: int
    items: tuple[Node, ...]


class MapDisplay(msgspec.Struct, eq=False):
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
