"""Find the name that was probably meant."""

from __future__ import annotations

from collections.abc import Iterable


def closest(name: str, candidates: Iterable[str]) -> str | None:
    """Return the candidate most like `name`, or None when none is like it.

    The answer does not depend on the candidates' order: ties go to the alphabetically first.
    """
    # Late: most runs end without a misspelt name, and difflib costs time to import.
    import difflib  # noqa: PLC0415

    lowered: dict[str, str] = {}
    for candidate in sorted(set(candidates)):
        lowered.setdefault(candidate.lower(), candidate)
    found = difflib.get_close_matches(name.lower(), list(lowered), n=1, cutoff=0.6)
    return lowered[found[0]] if found else None


def did_you_mean(name: str, candidates: Iterable[str]) -> str:
    """Return "; did you mean `x`?" for a message's end, or an empty text."""
    found = closest(name, candidates)
    return f"; did you mean `{found}`?" if found else ""
