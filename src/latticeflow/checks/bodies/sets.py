"""Find where a set's order gets into something ordered.

The order of a set of texts differs from process to process (hash randomisation), so a list made
from one is no result that a replay would give again.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from latticeflow.checks.bodies.scope import Instance, Scope
from latticeflow.checks.bodies.source import FunctionNode, Source

_ORDERING_CALLS = frozenset({"list", "tuple", "enumerate", "iter", "zip", "reversed", "map"})
_SET_METHODS = frozenset({"union", "intersection", "difference", "symmetric_difference", "copy"})
_NUMBERS = frozenset({"int", "bool", "None"})
_ORDERED_STATEMENTS = (ast.Yield, ast.YieldFrom, ast.Return, ast.Break)
_ORDERED_METHODS = frozenset({"append", "extend", "insert", "appendleft", "write", "put"})

Place = tuple[ast.expr, str, str | None]


def set_order(tree: FunctionNode, scope: Scope, source: Source) -> Iterator[Place]:
    """Yield each expression whose set order is kept, with its description and a repair."""
    seen = _Sets(scope)
    for node in ast.walk(tree):
        for iterable, whole in _ordered_uses(node):
            if seen.is_set(iterable):
                text = source.text_of(iterable)
                exact = ast.unparse(iterable)
                yield iterable, f"`{source.text_of(whole)}`", f"sorted({exact})" if text else None


def _ordered_uses(node: ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
    if isinstance(node, ast.Call):
        yield from _ordering_call(node)
    elif isinstance(node, ast.ListComp | ast.GeneratorExp | ast.DictComp):
        # A generator is judged by what takes it; alone it is handed on, order and all.
        if not isinstance(node, ast.GeneratorExp):
            yield node.generators[0].iter, node
    elif isinstance(node, ast.For | ast.AsyncFor) and _keeps_order(node):
        yield node.iter, node.iter
    elif isinstance(node, ast.YieldFrom) or (
        isinstance(node, ast.Starred) and isinstance(node.ctx, ast.Load)
    ):
        yield node.value, node.value


def _ordering_call(node: ast.Call) -> Iterator[tuple[ast.expr, ast.expr]]:
    if isinstance(node.func, ast.Name) and node.func.id in _ORDERING_CALLS:
        for argument in node.args:
            yield _through_generator(argument), node
    elif isinstance(node.func, ast.Attribute):
        if node.func.attr in {"join", "extend"} and len(node.args) == 1:
            yield _through_generator(node.args[0]), node
        elif node.func.attr == "pop" and not node.args:
            yield node.func.value, node


def _through_generator(node: ast.expr) -> ast.expr:
    return node.generators[0].iter if isinstance(node, ast.GeneratorExp) else node


def _keeps_order(loop: ast.For | ast.AsyncFor) -> bool:
    for statement in loop.body:
        for node in ast.walk(statement):
            if isinstance(node, _ORDERED_STATEMENTS):
                return True
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in _ORDERED_METHODS
            ):
                return True
            # Dictionaries keep the order in which keys arrive.
            if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
                return True
    return False


class _Sets:
    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._following: set[str] = set()

    def is_set(self, node: ast.expr) -> bool:
        """Tell whether `node` is certainly a set whose order is not that of whole numbers."""
        if isinstance(node, ast.Set):
            return not all(_is_number(e) for e in node.elts)
        if isinstance(node, ast.SetComp):
            return True
        if isinstance(node, ast.Call):
            return self._made(node)
        if isinstance(node, ast.BinOp) and isinstance(
            node.op, ast.BitOr | ast.BitAnd | ast.Sub | ast.BitXor
        ):
            return self.is_set(node.left) or _is_keys(node.left)
        if isinstance(node, ast.IfExp):
            return self.is_set(node.body) or self.is_set(node.orelse)
        return isinstance(node, ast.Name) and self._named(node.id)

    def _made(self, node: ast.Call) -> bool:
        if isinstance(node.func, ast.Name):
            if node.func.id not in {"set", "frozenset"} or self._scope.is_local(node.func.id):
                return False
            return bool(node.args) and not _is_range(node.args[0])
        if isinstance(node.func, ast.Attribute) and node.func.attr in _SET_METHODS:
            return self.is_set(node.func.value)
        return False

    def _named(self, name: str) -> bool:
        if name in self._following:
            return False
        self._following.add(name)
        try:
            values = self._scope.values_of(name)
            if values:
                known = [v for v in values if v is not None and not _is_empty_set(v)]
                if not known:
                    # Made empty and filled later: with what is not followed.
                    return all(v is not None for v in values)
                return all(v is not None for v in values) and all(map(self.is_set, known))
            return name in self._scope.parameters and self._annotated(name)
        finally:
            self._following.discard(name)

    def _annotated(self, name: str) -> bool:
        annotation = self._scope.parameters[name]
        found = self._scope.annotated(annotation)
        if not isinstance(found, Instance):
            return False
        if found.of.name.rpartition(".")[2] not in {"set", "frozenset", "Set", "AbstractSet"}:
            return False
        members = annotation.slice if isinstance(annotation, ast.Subscript) else None
        return not (isinstance(members, ast.Name) and members.id in _NUMBERS)


def _is_number(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, int | None)


def _is_range(node: ast.expr) -> bool:
    return (
        isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "range"
    )


def _is_empty_set(node: ast.expr) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in {"set", "frozenset"}
        and not node.args
    )


def _is_keys(node: ast.expr) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "keys"
    )
