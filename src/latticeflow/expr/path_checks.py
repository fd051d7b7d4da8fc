"""Names, fields and items: the paths of an expression."""

from __future__ import annotations

from latticeflow.expr import issues
from latticeflow.expr.judging import Judge, listing, suggestion
from latticeflow.expr.syntax import (
    Ident,
    Index,
    Literal,
    Node,
    Select,
)
from latticeflow.expr.types import (
    DYN,
    Dyn,
    Int,
    List,
    Map,
    Record,
    String,
    Type,
    describe,
    members_of,
    union,
)
from latticeflow.expr.uses import Resolved, Use


class PathChecks(Judge):
    """Checks names, fields and items."""

    def _ident(self, node: Ident) -> Resolved:
        if node.name in self._scope:
            return self._scope[node.name]
        type_ = self._variables.get(node.name)
        if type_ is None:
            known = [*self._scope, *self._variables]
            self._report(
                issues.UNKNOWN_NAME,
                f"`{node.name}` is not known here",
                node,
                hint=suggestion(node.name, known) or listing("known here", known),
            )
            return Resolved(DYN)
        self.roots[node.name] = type_
        use = self._uses.setdefault(node.name, Use())
        return Resolved(type_, use, (node.name,), (node.name,))

    def _select(self, node: Select) -> Resolved:
        operand = self._walk(node.operand)
        type_ = self._present(node.operand, operand)
        return self._field(node, operand, type_, node.field, (node.field_start, node.end))

    def _field(
        self, node: Node, operand: Resolved, type_: Type, name: str, span: tuple[int, int]
    ) -> Resolved:
        found = [self._field_type(member, name) for member in members_of(type_)]
        if None in found:
            self._unknown_field(node, type_, name, span)
            return Resolved(DYN)
        result = union(part for part in found if part is not None)
        native = operand.native and isinstance(operand.type, Map)
        return Resolved(
            result,
            operand.use and operand.use.at(name),
            None if operand.path is None else (*operand.path, name),
            None if operand.key is None else (*operand.key, name),
            native=native or operand.path is not None,
        )

    def _field_type(self, type_: Type, name: str) -> Type | None:
        if isinstance(type_, Record):
            known = type_.field(name)
            return None if known is None else known.type
        if isinstance(type_, Map):
            return type_.value
        return DYN if isinstance(type_, Dyn) else None

    def _unknown_field(self, node: Node, type_: Type, name: str, span: tuple[int, int]) -> None:
        records = [member for member in members_of(type_) if isinstance(member, Record)]
        if not records:
            message = f"{describe(type_)} has no fields, so no `{name}`"
            self._report_at(issues.UNKNOWN_FIELD, message, *span)
            return
        known = [field.name for record_ in records for field in record_.fields]
        hint = self.rewriter.hyphenated(node, name, known) or suggestion(name, known)
        owner = next(r for r in records if r.field(name) is None)
        message = f"`{describe(owner)}` has no field `{name}`"
        self._report_at(
            issues.UNKNOWN_FIELD, message, *span, hint=hint or listing("fields are", known)
        )

    def _index(self, node: Index) -> Resolved:
        operand = self._walk(node.operand)
        type_ = self._present(node.operand, operand)
        index = node.index
        if isinstance(index, Literal) and isinstance(index.value, str):
            return self._field(node, operand, type_, index.value, (index.start, index.end))
        key_type = self._operand(index)
        results = [self._item_type(member, key_type) for member in members_of(type_)]
        if None in results:
            text = f"`{describe(type_)}` has no item at a key of type {describe(key_type)}"
            self._report(issues.WRONG_TYPE, text, index)
            return Resolved(DYN)
        result = union(part for part in results if part is not None)
        if isinstance(index, Literal) and isinstance(index.value, int) and index.value >= 0:
            at = index.value
            return Resolved(
                result,
                operand.use and operand.use.at(at) if operand.path else self._each(operand),
                None if operand.path is None else (*operand.path, at),
                None if operand.key is None else (*operand.key, at),
                native=operand.path is not None or self._keeps_native(operand),
            )
        self.rewriter.take(node.operand, operand, narrowed=type_)
        return Resolved(
            result,
            self._each(operand),
            native=self._keeps_native(operand),
        )

    def _keeps_native(self, operand: Resolved) -> bool:
        return operand.native and isinstance(operand.type, List | Map)

    def _each(self, operand: Resolved) -> Use | None:
        return operand.use.each() if operand.use else None

    def _item_type(self, type_: Type, key: Type) -> Type | None:
        if isinstance(type_, Dyn):
            return DYN
        if isinstance(type_, List):
            return type_.item if isinstance(key, Int | Dyn) else None
        if isinstance(type_, Map):
            return type_.value if isinstance(key, String | Dyn) else None
        if isinstance(type_, Record) and isinstance(key, String | Dyn):
            return union(each.type for each in type_.fields) if type_.fields else DYN
        return None
