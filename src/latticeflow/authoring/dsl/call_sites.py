"""Where a call stands in a program, for graphs that calls make."""

from __future__ import annotations

import linecache
import os
from itertools import islice
from types import CodeType, FrameType

from latticeflow.authoring.dsl.naming import file_label
from latticeflow.flow.model import Span

Sites = dict[tuple[CodeType, int], Span | None]


def call_site(frame: FrameType, known: Sites) -> Span | None:
    """Return where the call stands that `frame` is in, None for code that came from no file.

    Args:
        frame: The caller's frame.
        known: The answers so far; a loop asks for the same place again and again.
    """
    key = (frame.f_code, frame.f_lasti)
    if key not in known:
        known[key] = _span(*key)
    return known[key]


def _span(code: CodeType, instruction: int) -> Span | None:
    if not os.path.exists(code.co_filename):  # noqa: PTH110  (a path object is not needed)
        return None
    # Two bytes an instruction; it counts columns in bytes of UTF-8, from 0.
    found = next(islice(code.co_positions(), instruction // 2, None), None)
    if found is None:
        return None
    line, last, column, end_column = found
    if line is None:
        return None
    end_line = line if last is None else last
    return Span(
        file=file_label(code.co_filename),
        line=line,
        column=_column(code, line, column),
        end_line=end_line,
        end_column=_column(code, end_line, end_column),
    )


def _column(code: CodeType, line: int, offset: int | None) -> int:
    before = linecache.getline(code.co_filename, line).encode()[: offset or 0]
    return len(before.decode(errors="replace")) + 1
