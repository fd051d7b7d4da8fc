"""Macros: `all`, `exists`, `exists_one`, `map` and `filter`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from latticeflow.expr import issues
from latticeflow.expr.functions import (
    YIELDS_LIST,
)
from latticeflow.expr.narrowing import not_null_if
from latticeflow.expr.path_checks import PathChecks
from latticeflow.expr.syntax import (
    Call,
    Ident,
    Node,
)
from latticeflow.expr.types import (
    BOOL,
    DYN,
    STRING,
    Dyn,
    List,
    Map,
    Record,
    Type,
    describe,
    members_of,
    union,
)
from latticeflow.expr.uses import Resolved

MAX_NESTED_MACROS = 3
"""How deep `all`, `exists`, `map` and `filter` may nest: each level multiplies the rounds."""


class MacroChecks(PathChecks):
    """Checks macros, each with a name of its own."""

    def _macro(self, node: Call, target: Node) -> Resolved:
        source = self._walk(target)
        type_ = self._present(target, source)
        self.rewriter.take(target, source, narrowed=type_)
        variable, *bodies = node.args or (None,)
        counts = (2, 3) if node.name == "map" else (2,)
        if not isinstance(variable, Ident) or len(node.args) not in counts:
            message = f"`{node.name}` takes a name and an expression"
            hint = f"for example `items.{node.name}(item, …)`"
            self._report(issues.WRONG_TYPE, message, node, hint=hint)
            return Resolved(DYN)
        item = self._macro_item(node, target, type_, source)
        if self._nesting >= MAX_NESTED_MACROS:
            message = f"macros nest deeper than {MAX_NESTED_MACROS}"
            self._report(issues.TOO_LARGE, message, node)
        with self._bound(variable.name, item):
            return self._macro_body(node, bodies, source, type_)

    def _macro_item(self, node: Call, target: Node, type_: Type, source: Resolved) -> Resolved:
        items: list[Type] = []
        for member in members_of(type_):
            if isinstance(member, List):
                items.append(member.item)
            elif isinstance(member, Dyn):
                items.append(DYN)
            elif isinstance(member, Map | Record):
                items.append(STRING)
                self._refuse_map_order(node)
            else:
                text = self.rewriter.source(target)
                message = f"`{text}` is {describe(type_)}, not a list"
                self._report(issues.WRONG_TYPE, message, target)
                items.append(DYN)
        over_map = any(isinstance(member, Map | Record) for member in members_of(type_))
        if over_map and source.use is not None:
            source.use.whole = True
        use = None if over_map else self._each(source)
        native = self._keeps_native(source)
        return Resolved(union(items), use, key=(object(),), native=native)

    def _refuse_map_order(self, node: Call) -> None:
        if node.name in YIELDS_LIST:
            message = f"`{node.name}` over a map yields a list in no defined order"
            hint = "`all` and `exists` are fine; else give the list as a value of its own"
            self._report(issues.UNORDERED_MAP, message, node, hint=hint)

    @contextmanager
    def _bound(self, name: str, item: Resolved) -> Iterator[None]:
        before, hidden = self._scope, self._not_null
        self._scope = {**before, name: item}
        self._nesting += 1
        yield
        self._nesting -= 1
        self._scope, self._not_null = before, hidden

    def _macro_body(
        self, node: Call, bodies: list[Node], source: Resolved, type_: Type
    ) -> Resolved:
        if node.name == "map":
            if len(bodies) == 2:
                self._boolean(bodies[0], "the condition of `map`")
                self._not_null |= not_null_if(bodies[0], True, self._key_of)
            return Resolved(List(self._value(bodies[-1])))
        self._boolean(bodies[0], f"the condition of `{node.name}`")
        if node.name == "filter":
            return Resolved(type_, source.use, native=source.native)
        return Resolved(BOOL)
