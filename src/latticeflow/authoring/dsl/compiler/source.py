"""Where a function stands in its file: its syntax tree, and places for messages.

A file is read and parsed once per content. A function is found by its first line and qualified
name rather than by `inspect.getsource`, which guesses from indentation.
"""

from __future__ import annotations

import ast
import inspect
import linecache
import tokenize
from dataclasses import dataclass, field
from functools import lru_cache
from types import CodeType, FunctionType

from latticeflow.authoring.dsl.naming import file_label
from latticeflow.diagnostics import Diagnostic, Location, Range, report
from latticeflow.flow.identity import digest
from latticeflow.flow.model import Span

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True, eq=False)
class SourceFile:
    """One version of a file. `label` is its path relative to the project."""

    path: str
    label: str
    text: str
    digest: str
    lines: list[str]
    functions: dict[tuple[int, str], FunctionNode]
    codes: dict[tuple[int, str], CodeType] = field(repr=False)

    def column(self, line: int, offset: int) -> int:
        """Return the column, from 1 and in characters, of a byte offset."""
        text = self.lines[line - 1] if line <= len(self.lines) else ""
        if text.isascii():
            return offset + 1
        return len(text.encode()[:offset].decode(errors="ignore")) + 1

    def range(self, node: ast.AST) -> Range:
        """Return the range of `node`."""
        line, offset = getattr(node, "lineno", 1), getattr(node, "col_offset", 0)
        end_line = getattr(node, "end_lineno", None) or line
        end = getattr(node, "end_col_offset", None)
        return Range.of(
            line,
            self.column(line, offset),
            end_line,
            self.column(end_line, offset + 1 if end is None else end),
        )

    def location(self, node: ast.AST) -> Location:
        """Return the place of `node` for a message."""
        return Location(file=self.label, range=self.range(node))

    def span(self, node: ast.AST) -> Span:
        """Return the place of `node` for the graph."""
        at = self.range(node)
        return Span(
            file=self.label,
            line=at.start.line,
            column=at.start.column,
            end_line=at.end.line,
            end_column=at.end.column,
        )

    def text_of(self, node: ast.AST) -> str:
        """Return the source of `node` on one line."""
        at = self.range(node)
        if at.start.line == at.end.line:
            return self.lines[at.start.line - 1][at.start.column - 1 : at.end.column - 1]
        first = self.lines[at.start.line - 1][at.start.column - 1 :]
        middle = self.lines[at.start.line : at.end.line - 1]
        last = self.lines[at.end.line - 1][: at.end.column - 1]
        return " ".join(part.strip() for part in (first, *middle, last))


@dataclass(frozen=True, slots=True)
class FunctionSource:
    """A function's tree in its file."""

    file: SourceFile
    node: FunctionNode


def find_function(fn: FunctionType) -> FunctionSource | Diagnostic:
    """Return the source of `fn`, or the diagnostic that says why there is none."""
    name, code = fn.__name__, fn.__code__
    text = _read(code.co_filename, fn)
    if text is None:
        why = f"`{code.co_filename}` has no source"
        return report("FLOW001", flow=name, why=why)
    try:
        file = _parse(code.co_filename, text)
    except (SyntaxError, ValueError):
        # It was imported, so it was valid then.
        return report("FLOW002", flow=name, file=code.co_filename)
    key = (code.co_firstlineno, code.co_qualname)
    node, fresh = file.functions.get(key), file.codes.get(key)
    if node is None or fresh is None:
        if name == "<lambda>":
            return report("FLOW003", name=name, what="a lambda")
        return report("FLOW002", flow=name, file=file.label)
    # Test runners rewrite `assert`, which a flow cannot contain anyway.
    if not _same_code(code, fresh) and not any(isinstance(p, ast.Assert) for p in ast.walk(node)):
        return report("FLOW002", flow=name, file=file.label, location=file.location(node))
    return FunctionSource(file, node)


def plain_function(fn: object) -> FunctionType | None:
    """Return the function under `functools.wraps` wrappers, None if there is none."""
    found = inspect.unwrap(fn) if callable(fn) else None
    return found if isinstance(found, FunctionType) else None


def _read(filename: str, fn: FunctionType) -> str | None:
    try:
        with tokenize.open(filename) as stream:
            return stream.read()
    except (OSError, SyntaxError, UnicodeDecodeError):
        # Notebooks and zipped packages keep their source where only linecache finds it.
        lines = linecache.getlines(filename, fn.__globals__)
        return "".join(lines) or None


@lru_cache(maxsize=256)
def _parse(filename: str, text: str) -> SourceFile:
    tree = ast.parse(text, filename)
    functions: dict[tuple[int, str], FunctionNode] = {}
    _index_functions(tree, "", functions)
    codes: dict[tuple[int, str], CodeType] = {}
    _index_codes(compile(tree, filename, "exec", dont_inherit=True), codes)
    return SourceFile(
        path=filename,
        label=file_label(filename),
        text=text,
        digest=digest(text.encode()),
        lines=text.splitlines(),
        functions=functions,
        codes=codes,
    )


def _index_functions(
    node: ast.AST, prefix: str, found: dict[tuple[int, str], FunctionNode]
) -> None:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, FunctionNode):
            name = prefix + child.name
            first = min([child.lineno, *(mark.lineno for mark in child.decorator_list)])
            found[first, name] = child
            _index_functions(child, f"{name}.<locals>.", found)
        elif isinstance(child, ast.ClassDef):
            _index_functions(child, f"{prefix}{child.name}.", found)
        else:
            _index_functions(child, prefix, found)


def _index_codes(code: CodeType, found: dict[tuple[int, str], CodeType]) -> None:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            found[constant.co_firstlineno, constant.co_qualname] = constant
            _index_codes(constant, found)


def _same_code(live: CodeType, fresh: CodeType) -> bool:
    if live.co_code != fresh.co_code or live.co_names != fresh.co_names:
        return False
    if len(live.co_consts) != len(fresh.co_consts):
        return False
    for ours, theirs in zip(live.co_consts, fresh.co_consts, strict=True):
        if isinstance(ours, CodeType) and isinstance(theirs, CodeType):
            if not _same_code(ours, theirs):
                return False
        elif type(ours) is not type(theirs) or ours != theirs:
            return False
    return True
