"""`zip` in a loop: over the first list, taking the others' items by index."""

from __future__ import annotations

import ast

import msgspec

from latticeflow.authoring.dsl.compiler.assigning import bind
from latticeflow.authoring.dsl.compiler.branches import join, route, walk
from latticeflow.authoring.dsl.compiler.cel import as_cel, call, infix, made, wrapped
from latticeflow.authoring.dsl.compiler.graph import INPUT, typed_port
from latticeflow.authoring.dsl.compiler.rounds import Block, Rounds
from latticeflow.authoring.dsl.compiler.scope import CONTINUE, Exits, names_bound
from latticeflow.authoring.dsl.compiler.session import Frame
from latticeflow.authoring.dsl.compiler.types import TypeForm, tuple_of
from latticeflow.authoring.dsl.compiler.values import (
    AND,
    ATOM,
    RELATION,
    TRUE,
    UNKNOWN,
    Const,
    Display,
    Ref,
    Unknown,
    Value,
)
from latticeflow.authoring.dsl.compiler.wiring import settle

_INDEX = Ref(INPUT, ("index",), int)


class Zipped(msgspec.Struct, frozen=True):
    """Lists gone over together; the rounds end with the shortest."""

    node: ast.Call
    target: ast.expr
    lists: list[Value]
    forms: list[TypeForm]

    def rounds(self) -> Rounds:
        """Return the rounds over these lists."""
        return Rounds(
            "each_1",
            items=self.lists[0],
            index="index",
            bind=self._declare,
            guard=self._guard,
            valid=self._valid,
        )

    def _declare(self, body: Frame) -> None:
        body.inputs["item"] = typed_port(self.forms[0])
        body.inputs["index"] = typed_port(int)
        body.reserved |= {"item", "index"}
        body.scope.own.update(names_bound([self.target]))

    def _others(self, body: Frame) -> list[Value]:
        """Return the lists but the first, as the body knows them."""
        found: list[Value] = []
        for number, value in enumerate(self.lists[1:], 2):
            name = f"%list_{number}"
            known = body.scope.slots.get(name)
            if isinstance(value, Const | Unknown):
                found.append(value)
            else:
                found.append(body.capture(name, value) if known is None else known.value)
        return found

    def _valid(self, body: Frame) -> Value:
        test: Value | None = None
        for other in self._others(body):
            here = infix(body, _INDEX, "<", call(body, "size", [other], int), bool, RELATION)
            test = here if test is None else infix(body, test, "&&", here, bool, AND)
        return TRUE if test is None else test

    def _bind(self, body: Frame) -> None:
        items: list[Value] = [Ref(INPUT, ("item",), self.forms[0])]
        for other, form in zip(self._others(body), self.forms[1:], strict=True):
            items.append(_item_of(body, other, form))
        keys = tuple(str(number) for number in range(len(items)))
        whole = Display("tuple", keys, tuple(items), tuple_of(self.forms))
        bind(body, self.target, settle(body, whole, "item", self.target))

    def _guard(self, body: Frame, block: Block) -> Exits:
        def bound() -> Exits:
            self._bind(body)
            return block()

        test = self._valid(body)
        routing = None if isinstance(test, Const) else route(body, "if", test, "cond_1", self.node)
        if routing is None:
            return bound()
        branch = body.graph.branch
        paths = [
            walk(body, branch(routing, "true"), bound, self.node),
            walk(body, branch(routing, "false"), lambda: frozenset({CONTINUE}), self.node),
        ]
        return join(body, paths, self.node)


def _item_of(body: Frame, items: Value, form: TypeForm) -> Value:
    inner = as_cel(body, items)
    if inner is None:
        return UNKNOWN
    return made(body, (*wrapped(inner, ATOM), "[", _INDEX, "]"), form, ATOM)
