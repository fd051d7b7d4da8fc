"""Operators, lists and maps."""

from __future__ import annotations

from latticeflow.expr import issues
from latticeflow.expr.judging import listing, suggestion
from latticeflow.expr.narrowing import not_null_if
from latticeflow.expr.operators import (
    binary_type,
    comparable,
    mixes_numbers,
    never_equal_choices,
)
from latticeflow.expr.path_checks import PathChecks
from latticeflow.expr.syntax import (
    Binary,
    ListDisplay,
    Literal,
    MapDisplay,
    Node,
    Ternary,
    Unary,
)
from latticeflow.expr.types import (
    BOOL,
    BYTES,
    DOUBLE,
    DYN,
    INT,
    NULL,
    STRING,
    Double,
    Dyn,
    Int,
    List,
    Map,
    Record,
    String,
    Type,
    describe,
    is_nullable,
    members_of,
    record,
    union,
)
from latticeflow.expr.uses import Resolved


class OperatorChecks(PathChecks):
    """Checks operators and displays."""

    def _unary(self, node: Unary) -> Type:
        if node.op == "!":
            self._boolean(node.operand, "the operand of `!`")
            return BOOL
        type_ = self._operand(node.operand)
        if not all(isinstance(member, Int | Double | Dyn) for member in members_of(type_)):
            self._report(issues.WRONG_TYPE, f"`-` does not take {describe(type_)}", node)
            return DYN
        return type_

    def _binary(self, node: Binary) -> Type:
        if node.op in ("&&", "||"):
            return self._logical(node)
        if node.op in ("==", "!="):
            return self._equality(node)
        if node.op == "in":
            return self._membership(node)
        left, right = self._operand(node.left), self._operand(node.right)
        result = binary_type(node.op, left, right)
        if result is None:
            self._no_operator(node, left, right)
            return BOOL if node.op in ("<", "<=", ">", ">=") else DYN
        return result

    def _logical(self, node: Binary) -> Type:
        self._boolean(node.left, f"the left side of `{node.op}`")
        before = self._not_null
        self._not_null |= not_null_if(node.left, node.op == "&&", self._key_of)
        self._boolean(node.right, f"the right side of `{node.op}`")
        self._not_null = before
        return BOOL

    def _equality(self, node: Binary) -> Type:
        for side, other in ((node.left, node.right), (node.right, node.left)):
            if isinstance(other, Literal) and other.value is None:
                return self._null_test(node, side)
        left, right = self._value(node.left), self._value(node.right)
        numbers = mixes_numbers(left, right) and not comparable(left, right)
        if numbers or not comparable(left, right):
            self._no_operator(node, left, right)
        elif never_equal_choices(left, right) and (
            isinstance(node.left, Literal) is not isinstance(node.right, Literal)
        ):
            self._never_equal(node, left, right)
        return BOOL

    def _null_test(self, node: Binary, side: Node) -> Type:
        resolved = self._walk(side)
        if resolved.use is not None:
            resolved.use.whole = True
        self.rewriter.take(side, resolved, narrowed=DYN)
        if not is_nullable(resolved.type) and not isinstance(resolved.type, Dyn):
            text = self.rewriter.source(side)
            message = f"`{text}` is {describe(resolved.type)} and never null"
            self._report(issues.WRONG_TYPE, message, node)
        return BOOL

    def _never_equal(self, node: Binary, left: Type, right: Type) -> None:
        literal_right = isinstance(node.right, Literal)
        known, given = (left, right) if literal_right else (right, left)
        if isinstance(known, String) and isinstance(given, String):
            choices = list(known.choices)
            hint = suggestion(given.choices[0], choices) or listing("it is one of", choices)
            target = self.rewriter.source(node.left if literal_right else node.right)
            message = f"`{target}` is never {given.choices[0]!r}"
            self._report(
                issues.WRONG_TYPE, message, node.right if literal_right else node.left, hint=hint
            )

    def _membership(self, node: Binary) -> Type:
        left, right = self._operand(node.left), self._operand(node.right)
        for member in members_of(right):
            if isinstance(member, Record) and isinstance(node.left, Literal):
                name = str(node.left.value)
                if member.field(name) is None:
                    span = (node.left.start, node.left.end)
                    self._unknown_field(node, member, name, span)
            elif isinstance(member, List):
                if not comparable(left, member.item):
                    self._no_operator(node, left, right)
            elif isinstance(member, Map | Record):
                if not comparable(left, STRING):
                    self._no_operator(node, left, right)
            elif not isinstance(member, Dyn):
                self._no_operator(node, left, right)
        return BOOL

    def _no_operator(self, node: Binary, left: Type, right: Type) -> None:
        if mixes_numbers(left, right) or (
            isinstance(right, List) and mixes_numbers(left, right.item)
        ):
            message = f"`{node.op}` between {describe(left)} and {describe(right)}"
            self._report(
                issues.MIXED_NUMBERS, message, node, hint=self._conversion_hint(node, left)
            )
            return
        message = f"`{node.op}` does not take {describe(left)} and {describe(right)}"
        self._report(issues.WRONG_TYPE, message, node)

    def _conversion_hint(self, node: Binary, left: Type) -> str:
        whole = node.left if isinstance(left, Int) else node.right
        text = self.rewriter.source(whole)
        if isinstance(whole, Literal) and isinstance(whole.value, int):
            return f"write `{whole.value}.0`"
        return f"convert: `double({text})`"

    def _ternary(self, node: Ternary) -> Type:
        self._boolean(node.condition, "the condition of `? :`")
        before = self._not_null
        self._not_null = before | not_null_if(node.condition, True, self._key_of)
        then = self._value(node.then)
        self._not_null = before | not_null_if(node.condition, False, self._key_of)
        otherwise = self._value(node.otherwise)
        self._not_null = before
        if mixes_numbers(then, otherwise):
            message = f"one side is {describe(then)}, the other {describe(otherwise)}"
            self._report(issues.MIXED_NUMBERS, message, node, hint="make both int or both double")
        if then != otherwise:
            self.rewriter.loosen(node.then)
            self.rewriter.loosen(node.otherwise)
        return union((then, otherwise))

    def _list(self, node: ListDisplay) -> Resolved:
        types = [self._value(item) for item in node.items]
        joined = union(types) if types else DYN
        if mixes_numbers(joined, joined):
            message = "a list mixes int and double"
            self._report(issues.MIXED_NUMBERS, message, node, hint="make all int or all double")
        return Resolved(List(joined))

    def _map(self, node: MapDisplay) -> Type:
        fields: dict[str, Type] = {}
        dynamic: list[Type] = []
        for key, value in node.entries:
            type_ = self._value(value)
            if isinstance(key, Literal) and isinstance(key.value, str):
                if key.value in fields:
                    self._report(issues.BAD_LITERAL, f"the key {key.value!r} stands twice", key)
                fields[key.value] = type_
                continue
            key_type = self._operand(key)
            if not isinstance(key_type, String | Dyn):
                message = f"the keys of a map are text, not {describe(key_type)}"
                self._report(issues.NOT_PORTABLE, message, key)
            dynamic.append(type_)
        if dynamic:
            return Map(union((*fields.values(), *dynamic)))
        return record(fields)


def literal_type(node: Literal) -> Type:
    """Return the type of a constant; a text knows its value."""
    match node.value:
        case None:
            return NULL
        case bool():
            return BOOL
        case int():
            return INT
        case float():
            return DOUBLE
        case str() as value:
            return String((value,))
        case _:
            return BYTES
