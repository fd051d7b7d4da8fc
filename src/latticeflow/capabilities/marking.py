"""Tie a port to the capability id that signatures, grants and floors speak of."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

Port = TypeVar("Port", bound=type)

_ATTRIBUTE = "__capability__"


def capability(identifier: str) -> Callable[[Port], Port]:
    """Mark a protocol as the port of capability `identifier`.

    The mark is set after the class exists, so it is no member of the protocol: a fake satisfies
    the port by its methods alone, for every type checker.

    Args:
        identifier: A capability id such as `kv.write`.

    Returns:
        A class decorator that returns the class it was given.
    """

    def mark(port: Port) -> Port:
        setattr(port, _ATTRIBUTE, identifier)
        return port

    return mark


def capability_of(annotation: object) -> str | None:
    """Return the capability id an evaluated annotation stands for, or None if it is no port."""
    identifier = getattr(annotation, _ATTRIBUTE, None)
    return identifier if isinstance(annotation, type) and isinstance(identifier, str) else None
