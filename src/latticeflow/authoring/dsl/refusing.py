"""Refuse what a decorator or a scope was told, with a code."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import NoReturn, TypeVar

from latticeflow.authoring.dsl.durations import Duration, parse_duration
from latticeflow.diagnostics import UsageError, report

T = TypeVar("T")


def refuse(where: str, option: str, why: str) -> NoReturn:
    """Raise FLOW025 for `option` of `where`.

    Raises:
        UsageError: Always; its diagnostic has no place yet, whoever imports the module knows it.
    """
    raise UsageError("", (report("FLOW025", option=option, name=where, why=why),))


def read_duration(where: str, option: str, given: Duration) -> timedelta:
    """Read a duration longer than nothing.

    Raises:
        UsageError: It is none.
    """
    try:
        found = parse_duration(given)
    except ValueError as error:
        refuse(where, option, str(error))
    if not found:
        refuse(where, option, "it must be longer than nothing")
    return found


def read_count(where: str, option: str, given: object) -> int:
    """Read a whole number of 1 or more.

    Raises:
        UsageError: It is none.
    """
    if isinstance(given, int) and not isinstance(given, bool) and given >= 1:
        return given
    refuse(where, option, f"{given!r} is no whole number of 1 or more")


def read_choice(where: str, option: str, given: T, choices: Collection[T]) -> T:
    """Return `given` if it is one of `choices`.

    Raises:
        UsageError: It is none of them.
    """
    if given in choices:
        return given
    refuse(where, option, f"{given!r} is none of {', '.join(repr(c) for c in choices)}")
