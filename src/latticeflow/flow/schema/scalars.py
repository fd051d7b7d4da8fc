"""Comparing what strings and numbers are limited to, and how long lists and maps are."""

from __future__ import annotations

from typing import Literal

from latticeflow.flow.schema.references import Schema

Doubt = tuple[Literal["no", "unknown"], str]
"""How a source falls short of a target, and why."""

_SIZES = {"string": "Length", "array": "Items", "object": "Properties"}


def limits(source: Schema, target: Schema, kind: str) -> Doubt | None:
    """Return how values of `source`, of type `kind`, may be beyond the limits of `target`."""
    if kind in _SIZES:
        return _size(source, target, _SIZES[kind])
    if kind in ("integer", "number"):
        return _range(source, target, kind)
    return None


def text(source: Schema, target: Schema, clash: str) -> Doubt | None:
    """Return how strings of `source` may be none of `target`."""
    for word in ("format", "contentEncoding"):
        wanted = target.get(word)
        if wanted is not None and source.get(word) != wanted:
            return "no", clash
    pattern = target.get("pattern")
    if pattern is not None and source.get("pattern") != pattern:
        return "unknown", f"it may not match `{pattern}`"
    return limits(source, target, "string")


def _size(source: Schema, target: Schema, what: str) -> Doubt | None:
    low, high = f"min{what}", f"max{what}"
    if source.get(low, 0) < target.get(low, 0):
        return "unknown", f"it may be outside of `{low}` {target[low]}"
    if high in target and not (high in source and source[high] <= target[high]):
        return "unknown", f"it may be outside of `{high}` {target[high]}"
    return None


def _range(source: Schema, target: Schema, kind: str) -> Doubt | None:
    for word, beside, sign in (("Minimum", "minimum", 1), ("Maximum", "maximum", -1)):
        open_word = f"exclusive{word}"
        for wanted, is_open in ((beside, False), (open_word, True)):
            if wanted in target and not _holds(
                source, sign * target[wanted], (beside, open_word, sign), is_open=is_open
            ):
                return "unknown", f"it may be outside of `{wanted}` {target[wanted]}"
    step = target.get("multipleOf")
    if (
        step is not None
        and source.get("multipleOf") != step
        and not (step == 1 and kind == "integer")
    ):
        return "unknown", f"it may be no multiple of {step}"
    return None


def _holds(source: Schema, bound: float, words: tuple[str, str, int], *, is_open: bool) -> bool:
    """Tell whether a bound of `source` keeps its values on the right side of `bound`."""
    closed_word, open_word, sign = words
    if open_word in source and sign * source[open_word] >= bound:
        return True
    if closed_word not in source:
        return False
    mine = sign * source[closed_word]
    return bool(mine > bound if is_open else mine >= bound)
