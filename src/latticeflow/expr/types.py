"""The types an expression is checked against.

They describe JSON values and the few further scalars that CEL knows. A record is a closed set of
named fields; `Dyn` is a value about which nothing is known, and which is checked when it is used.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

import msgspec


class Bool(msgspec.Struct, frozen=True, tag=True):
    """`true` or `false`."""


class Int(msgspec.Struct, frozen=True, tag=True):
    """A whole number of 64 bits, signed."""


class Double(msgspec.Struct, frozen=True, tag=True):
    """A number of 64 bits with a fraction (IEEE 754)."""


class String(msgspec.Struct, frozen=True, tag=True):
    """Text, counted in code points; with `choices`, one of these."""

    choices: tuple[str, ...] = ()


class Bytes(msgspec.Struct, frozen=True, tag=True):
    """A sequence of bytes."""


class Timestamp(msgspec.Struct, frozen=True, tag=True):
    """A point in time."""


class Duration(msgspec.Struct, frozen=True, tag=True):
    """A span of time."""


class Null(msgspec.Struct, frozen=True, tag=True):
    """Only `null`."""


class Dyn(msgspec.Struct, frozen=True, tag=True):
    """Anything; checked when it is used."""


class List(msgspec.Struct, frozen=True, tag=True, cache_hash=True):
    """A list of `item`."""

    item: Type


class Map(msgspec.Struct, frozen=True, tag=True, cache_hash=True):
    """From text to `value`."""

    value: Type


class Field(msgspec.Struct, frozen=True):
    """One field of a record; a field that is not `required` may be absent."""

    name: str
    type: Type
    required: bool = True


class Record(msgspec.Struct, frozen=True, tag=True, cache_hash=True, dict=True):
    """Named fields, each with its type."""

    fields: tuple[Field, ...]
    name: str | None = None

    def field(self, name: str) -> Field | None:
        """Return the field `name`, or None."""
        index: dict[str, Field] | None = self.__dict__.get("index")
        if index is None:
            # Frozen by its fields; this is only remembered. A flow may have thousands of steps.
            index = self.__dict__["index"] = {each.name: each for each in self.fields}
        return index.get(name)


class Union(msgspec.Struct, frozen=True, tag=True, cache_hash=True):
    """One of `members`; make it with `union`, which flattens and removes what is double."""

    members: tuple[Type, ...]


Type: TypeAlias = (
    Bool
    | Int
    | Double
    | String
    | Bytes
    | Timestamp
    | Duration
    | Null
    | Dyn
    | List
    | Map
    | Record
    | Union
)

BOOL = Bool()
INT = Int()
DOUBLE = Double()
STRING = String()
BYTES = Bytes()
TIMESTAMP = Timestamp()
DURATION = Duration()
NULL = Null()
DYN = Dyn()


def record(fields: dict[str, Type], name: str | None = None) -> Record:
    """Return a record whose fields are all required."""
    return Record(tuple(Field(key, value) for key, value in fields.items()), name)


def union(types: Iterable[Type]) -> Type:
    """Return the type of a value that has one of `types`.

    Nested unions are flattened, double members removed, texts with choices joined; anything
    together with `Dyn` is `Dyn`.
    """
    members: list[Type] = []
    for type_ in types:
        for member in type_.members if isinstance(type_, Union) else (type_,):
            if isinstance(member, Dyn):
                return DYN
            if isinstance(member, String):
                member = _join_texts(members, member)
            if member not in members:
                members.append(member)
    return members[0] if len(members) == 1 else Union(tuple(members))


def _join_texts(members: list[Type], text: String) -> String:
    for index, known in enumerate(members):
        if isinstance(known, String):
            both = known.choices and text.choices
            merged = String(tuple(dict.fromkeys(known.choices + text.choices)) if both else ())
            members[index] = merged
            return merged
    return text


def optional(type_: Type) -> Type:
    """Return `type_` or null."""
    return union((type_, NULL))


def is_nullable(type_: Type) -> bool:
    """Tell whether a value of `type_` may be null (a `Dyn` is not said to be)."""
    return isinstance(type_, Null) or (isinstance(type_, Union) and NULL in type_.members)


def without_null(type_: Type) -> Type:
    """Return `type_` for a value known not to be null."""
    if isinstance(type_, Union):
        return union(member for member in type_.members if not isinstance(member, Null))
    return type_


def members_of(type_: Type) -> tuple[Type, ...]:
    """Return the members of a union, or the type alone."""
    return type_.members if isinstance(type_, Union) else (type_,)


def describe(type_: Type) -> str:
    """Return `type_` as it is written in messages."""
    if isinstance(type_, List):
        return f"list({describe(type_.item)})"
    if isinstance(type_, Map):
        return f"map(string, {describe(type_.value)})"
    if isinstance(type_, Union):
        return " | ".join(describe(member) for member in type_.members)
    if isinstance(type_, Record):
        if type_.name:
            return type_.name
        fields = ", ".join(
            f"{field.name}{'' if field.required else '?'}: {describe(field.type)}"
            for field in type_.fields[:4]
        )
        return f"{{{fields}{', …' if len(type_.fields) > 4 else ''}}}"
    return type(type_).__name__.lower()
