"""Apply machine fixes to texts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from latticeflow.diagnostics.model import Diagnostic, Edit, Fix, Position, Range


def apply_fixes(
    diagnostics: Iterable[Diagnostic], sources: Mapping[str, str], *, unsafe: bool = False
) -> tuple[dict[str, str], tuple[Diagnostic, ...]]:
    """Apply the fixes of diagnostics, each as a whole or not at all.

    A fix is left out when one of its edits overlaps an edit already taken, when it names a file
    not in `sources`, or when it is unsafe and `unsafe` is false. Running the check again and
    applying what is left converges.

    Args:
        diagnostics: The findings, in order of preference.
        sources: The texts by file name.
        unsafe: Also apply fixes that may change the meaning.

    Returns:
        The texts that changed, by file name, and the diagnostics whose fix was applied.
    """
    taken: dict[str, set[Edit]] = {}
    applied: list[Diagnostic] = []
    for diagnostic in diagnostics:
        fix = diagnostic.fix
        if fix is None or (fix.applicability == "unsafe" and not unsafe):
            continue
        if not _fits(fix, sources, taken):
            continue
        for edit in fix.edits:
            taken.setdefault(edit.file, set()).add(edit)
        applied.append(diagnostic)
    return {file: _apply(sources[file], edits) for file, edits in taken.items()}, tuple(applied)


def _fits(fix: Fix, sources: Mapping[str, str], taken: Mapping[str, set[Edit]]) -> bool:
    for edit in fix.edits:
        if edit.file not in sources:
            return False
        others = taken.get(edit.file, set())
        if edit in others:
            continue
        if any(_overlap(edit.range, other.range) for other in others):
            return False
    return True


def _overlap(first: Range, second: Range) -> bool:
    # Two insertions at one place have no order between them, so they count as overlapping.
    if first.start == second.start:
        return True
    return first.start < second.end and second.start < first.end


def _apply(text: str, edits: Iterable[Edit]) -> str:
    lines = text.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    for edit in sorted(edits, key=lambda e: e.range, reverse=True):
        start, end = _offset(edit.range.start, starts), _offset(edit.range.end, starts)
        text = text[:start] + edit.new_text + text[end:]
    return text


def _offset(position: Position, starts: list[int]) -> int:
    line = min(position.line - 1, len(starts) - 1)
    return min(starts[line] + position.column - 1, starts[-1])
