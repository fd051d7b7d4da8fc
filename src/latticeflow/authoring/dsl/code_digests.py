"""The digest of a function's code: what it does, not how it is laid out."""

from __future__ import annotations

import ast
import hashlib
import linecache
import types
from collections.abc import Iterator
from functools import lru_cache
from types import CodeType, FunctionType
from typing import Any

from latticeflow.authoring.dsl.options import FLOW_ATTRIBUTE, NODE_ATTRIBUTE

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef

_CONSTANTS = (type(None), bool, int, float, complex, str, bytes)


def code_digest(fn: FunctionType) -> str:
    """Return the digest of what `fn` does, the same in every process.

    It covers the body without comments, docstrings and layout, the constants it closes over or
    reads from its module, and the functions of its module that it uses. Nodes and flows it uses
    have digests of their own.
    """
    hasher = hashlib.sha256()
    for part in sorted(_parts(fn)):
        hasher.update(part.encode())
        hasher.update(b"\0")
    return f"sha256:{hasher.hexdigest()}"


def class_digest(kind: type, schema: bytes) -> str:
    """Return the digest of a data type: its schema, and its methods where its source is there."""
    hasher = hashlib.sha256(schema)
    for name, member in sorted(vars(kind).items()):
        # Methods that a decorator generated have no source; the schema says what they do.
        if isinstance(member, FunctionType):
            tree = definition_of(member.__code__, member.__globals__)
            if tree is not None:
                hasher.update(f"\0{name}\0{_tree_text(tree)}".encode())
    return f"sha256:{hasher.hexdigest()}"


def definition_of(code: CodeType, module_globals: dict[str, Any]) -> Definition | None:
    """Return the syntax tree of the function with this code, or None where there is none."""
    text = "".join(linecache.getlines(code.co_filename, module_globals))
    found = _definitions(text).get((code.co_firstlineno, code.co_name), ()) if text else ()
    # Two lambdas on one line: which one it is cannot be known.
    return found[0] if len(found) == 1 else None


def _parts(fn: FunctionType) -> Iterator[str]:
    seen: set[FunctionType] = set()
    waiting = [fn]
    while waiting:
        current = waiting.pop()
        if current in seen:
            continue
        seen.add(current)
        yield f"{current.__qualname__}={_body(current)}"
        for name, value in _outer_values(current):
            if isinstance(value, FunctionType):
                marked = hasattr(value, NODE_ATTRIBUTE) or hasattr(value, FLOW_ATTRIBUTE)
                if value.__module__ == fn.__module__ and not marked:
                    waiting.append(value)
            elif (said := _constant(value)) is not None:
                yield f"{current.__qualname__}.{name}={said}"
        wrapped = getattr(current, "__wrapped__", None)
        if isinstance(wrapped, FunctionType):
            waiting.append(wrapped)


def _outer_values(fn: FunctionType) -> Iterator[tuple[str, object]]:
    code = fn.__code__
    # Defaults are written as expressions; the values they had count.
    for number, value in enumerate(fn.__defaults__ or ()):
        yield f"default {number}", value
    yield from (fn.__kwdefaults__ or {}).items()
    for name, cell in zip(code.co_freevars, fn.__closure__ or (), strict=True):
        try:
            yield name, cell.cell_contents
        except ValueError:  # assigned later
            continue
    for name in _names(code):
        if name in fn.__globals__:
            yield name, fn.__globals__[name]


def _names(code: CodeType) -> set[str]:
    names = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            names |= _names(constant)
    return names


def _constant(value: object) -> str | None:
    """Return the text of a constant, None for anything that may change or differ by process."""
    if isinstance(value, _CONSTANTS):
        return repr(value)
    if isinstance(value, tuple):
        parts = [_constant(part) for part in value]
        return None if None in parts else f"({','.join(map(str, parts))})"
    if isinstance(value, frozenset):
        members = [_constant(part) for part in value]
        # The order of a set differs from process to process.
        return None if None in members else f"{{{','.join(sorted(map(str, members)))}}}"
    return None


def _body(fn: FunctionType) -> str:
    tree = definition_of(fn.__code__, fn.__globals__)
    return _code_text(fn.__code__) if tree is None else _tree_text(tree)


def _tree_text(tree: Definition) -> str:
    if isinstance(tree, ast.Lambda):
        return ast.dump(tree)
    body = tree.body
    first = body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
        body = body[1:] if isinstance(first.value.value, str) else body
    head = "" if isinstance(tree, ast.ClassDef) else ast.dump(tree.args)
    return "|".join([type(tree).__name__, head, *(ast.dump(statement) for statement in body)])


def _code_text(code: CodeType) -> str:
    """Describe compiled code, for a function without source."""
    constants = [
        _code_text(constant) if isinstance(constant, types.CodeType) else str(_constant(constant))
        for constant in code.co_consts
    ]
    return "|".join([code.co_code.hex(), *code.co_names, *code.co_varnames, *constants])


@lru_cache(maxsize=64)
def _definitions(text: str) -> dict[tuple[int, str], list[Definition]]:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return {}
    found: dict[tuple[int, str], list[Definition]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = min([node.lineno, *(mark.lineno for mark in node.decorator_list)])
            found.setdefault((first, node.name), []).append(node)
        elif isinstance(node, ast.Lambda):
            found.setdefault((node.lineno, "<lambda>"), []).append(node)
    return found
