"""Find the syntax tree of a live function, with places in characters of its file."""

from __future__ import annotations

import ast
import linecache
from functools import lru_cache
from types import CodeType, FunctionType

import msgspec

from latticeflow.diagnostics.model import Range

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


class Source(msgspec.Struct, frozen=True):
    """A function's tree and the file it stands in."""

    file: str
    lines: tuple[str, ...]
    tree: FunctionNode

    def range_of(self, node: ast.expr | ast.stmt | ast.excepthandler) -> Range:
        """Return where `node` stands; `ast` counts bytes of UTF-8, people count characters."""
        end_line = node.end_lineno or node.lineno
        end_column = node.end_col_offset or node.col_offset
        return Range.of(
            node.lineno,
            self._column(node.lineno, node.col_offset),
            end_line,
            self._column(end_line, end_column),
        )

    def text_of(self, node: ast.expr) -> str:
        """Return the source of `node` on one line, shortened."""
        text = ast.unparse(node)
        return text if len(text) <= 60 else f"{text[:57]}..."

    def _column(self, line: int, offset: int) -> int:
        if line > len(self.lines):
            return offset + 1
        text = self.lines[line - 1]
        if text.isascii():
            return offset + 1
        return len(text.encode()[:offset].decode(errors="ignore")) + 1


def source_of(function: FunctionType) -> Source | None:
    """Return the tree of `function`, or None when its source is not there or has changed."""
    # Late: graphs without Python nodes are checked without the Python way in.
    from latticeflow.authoring.dsl.naming import file_label  # noqa: PLC0415

    code = function.__code__
    linecache.checkcache(code.co_filename)
    text = "".join(linecache.getlines(code.co_filename, function.__globals__))
    if not text:
        return None
    module = _parse(text)
    if module is None:
        return None
    found = _find(module.get((code.co_firstlineno, code.co_name), []), code)
    if found is None:
        return None
    return Source(file_label(code.co_filename), tuple(text.split("\n")), found)


_Index = dict[tuple[int, str], list[FunctionNode]]


@lru_cache(maxsize=64)
def _parse(text: str) -> _Index | None:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return None
    found: _Index = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = min((d.lineno for d in node.decorator_list), default=node.lineno)
            found.setdefault((first, node.name), []).append(node)
        elif isinstance(node, ast.Lambda):
            found.setdefault((node.lineno, "<lambda>"), []).append(node)
    return found


def _find(candidates: list[FunctionNode], code: CodeType) -> FunctionNode | None:
    matching = [c for c in candidates if _arguments(c) == code.co_varnames[: len(_arguments(c))]]
    # Two lambdas on one line that take the same: which one it is cannot be known.
    return matching[0] if len(matching) == 1 else None


def _arguments(node: FunctionNode) -> tuple[str, ...]:
    a = node.args
    names = [*a.posonlyargs, *a.args, *a.kwonlyargs]
    if a.vararg:
        names.append(a.vararg)
    if a.kwarg:
        names.append(a.kwarg)
    return tuple(n.arg for n in names)
