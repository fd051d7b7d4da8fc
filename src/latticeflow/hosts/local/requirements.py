"""What a flow requires of the machine, looked at before a run begins."""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
from collections.abc import Iterable
from importlib import metadata

from latticeflow.diagnostics import Diagnostic, report
from latticeflow.flow import Requirement

_NUMBER = re.compile(r"\d+(?:\.\d+)*")
_COMPARISON = re.compile(r"\s*(>=|<=|==|!=|~=|>|<|)\s*v?(\d+(?:\.\d+)*)(?:\.\*)?\s*")
_ASK_SECONDS = 10


def unmet_requirements(requirements: Iterable[Requirement]) -> tuple[Diagnostic, ...]:
    """Return a finding (TOML018) for each requirement that this machine does not meet.

    A tool that must have a version is asked for it with `--version`; a package is looked up
    without importing it.
    """
    found: list[Diagnostic] = []
    for each in requirements:
        why = _problem(each)
        if why is not None:
            what = {"tool": "the tool", "package": "the package"}.get(each.kind, "the version of")
            found.append(report("TOML018", what=what, name=each.name, why=why))
    return tuple(found)


def _problem(requirement: Requirement) -> str | None:
    wanted = requirement.version
    if wanted is not None and _comparisons(wanted) is None:
        return f"must be `{wanted}`, which is no version"
    if requirement.kind == "tool" and shutil.which(requirement.name) is None:
        return "is not installed"
    if requirement.kind == "package":
        try:
            metadata.version(requirement.name)
        except metadata.PackageNotFoundError:
            return "is not installed"
    if wanted is None:
        return None
    given = _version(requirement)
    if given is None:
        return f"does not tell its version, which must be {wanted}"
    return None if meets(given, wanted) else f"is {given}, not {wanted}"


def _version(requirement: Requirement) -> str | None:
    if requirement.kind == "python":
        return platform.python_version()
    if requirement.kind == "package":
        return metadata.version(requirement.name)
    program = shutil.which(requirement.name)
    try:
        done = subprocess.run(
            [program or requirement.name, "--version"],
            capture_output=True,
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
            timeout=_ASK_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    number = _NUMBER.search(done.stdout) or _NUMBER.search(done.stderr)
    return number[0] if number else None


def meets(version: str, wanted: str) -> bool:
    """Tell whether `version` is one that `wanted` names, such as `>=2.30,<3` or `3.11`.

    A bare number stands for all versions that begin with it, as does `~=` for all but the last
    part. What follows the numbers of a version (`rc1`, `+local`) is not looked at.
    """
    comparisons = _comparisons(wanted)
    number = _NUMBER.match(version)
    if comparisons is None or number is None:
        return False
    have = _parts(number[0])
    return all(_compare(have, operator, _parts(limit)) for operator, limit in comparisons)


def _comparisons(wanted: str) -> list[tuple[str, str]] | None:
    found = [_COMPARISON.fullmatch(part) for part in wanted.split(",")]
    return [(each[1], each[2]) for each in found if each] if all(found) else None


def _parts(number: str) -> tuple[int, ...]:
    return tuple(map(int, number.split(".")))


def _compare(have: tuple[int, ...], operator: str, limit: tuple[int, ...]) -> bool:
    width = max(len(have), len(limit))
    left, right = _padded(have, width), _padded(limit, width)
    match operator:
        case ">=":
            return left >= right
        case "<=":
            return left <= right
        case ">":
            return left > right
        case "<":
            return left < right
        case "!=":
            return left != right
        case "==":
            return left == right
        case "~=":
            fixed = limit[:-1] or limit
            return left >= right and have[: len(fixed)] == fixed
        case _:
            return have[: len(limit)] == limit


def _padded(parts: tuple[int, ...], width: int) -> tuple[int, ...]:
    return parts + (0,) * (width - len(parts))
