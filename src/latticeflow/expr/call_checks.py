"""Calls: functions, methods, `size` and `has`."""

from __future__ import annotations

from collections.abc import Iterable

from latticeflow.expr import issues, literals
from latticeflow.expr.functions import (
    FUNCTIONS,
    MACROS,
    MEMBERS,
    NAMESPACES,
    NOT_PORTABLE,
    PYTHON_NAMES,
    ZONED,
    Overload,
    resolve,
)
from latticeflow.expr.judging import suggestion
from latticeflow.expr.macro_checks import MacroChecks
from latticeflow.expr.syntax import (
    Call,
    Ident,
    Index,
    Literal,
    Node,
    Select,
)
from latticeflow.expr.types import (
    BOOL,
    DYN,
    INT,
    STRING,
    Double,
    Type,
    describe,
)
from latticeflow.expr.uses import Resolved


class CallChecks(MacroChecks):
    """Checks calls."""

    def _call(self, node: Call) -> Resolved:
        if node.target is None:
            return self._function(node)
        if self._is_namespace(node.target):
            return self._namespaced(node, node.target)
        if node.name in MACROS:
            return self._macro(node, node.target)
        if node.name == "size" and not node.args:
            return self._size(node, node.target)
        return self._overloaded(node, MEMBERS.get(node.name), (node.target, *node.args))

    def _is_namespace(self, target: Node) -> bool:
        if not isinstance(target, Ident) or target.name in self._scope:
            return False
        return target.name not in self._variables and target.name in (*NAMESPACES, "cel")

    def _namespaced(self, node: Call, target: Node) -> Resolved:
        functions = NAMESPACES.get(target.name, {}) if isinstance(target, Ident) else {}
        return self._overloaded(node, functions.get(node.name), node.args)

    def _function(self, node: Call) -> Resolved:
        if node.name == "has":
            return self._has(node)
        if node.name == "size" and len(node.args) == 1:
            return self._size(node, node.args[0])
        return self._overloaded(node, FUNCTIONS.get(node.name), node.args)

    def _overloaded(
        self, node: Call, overloads: tuple[Overload, ...] | None, operands: Iterable[Node]
    ) -> Resolved:
        parts = list(operands)
        types = [self._operand(part) for part in parts]
        if overloads is None:
            self._unknown_function(node)
            return Resolved(DYN)
        self._check_zone(node, types)
        result = resolve(overloads, types)
        if result is None:
            given = ", ".join(map(describe, types))
            code, hint = issues.WRONG_TYPE, _signatures(node, overloads)
            if node.name == "string" and isinstance(types[0], Double):
                code = issues.NOT_PORTABLE
                hint = "hosts print fractions differently; interpolate with `${{ }}` instead"
            self._report(code, f"`{node.name}` does not take ({given})", node, hint=hint)
            return Resolved(overloads[0][1])
        self._check_literals(node, parts)
        return Resolved(result)

    def _unknown_function(self, node: Call) -> None:
        span = (node.name_start, node.name_start + len(node.name))
        if node.name in NOT_PORTABLE and node.name not in FUNCTIONS:
            message = f"`{node.name}` is not part of the portable profile"
            self._report_at(issues.NOT_PORTABLE, message, *span, hint=NOT_PORTABLE[node.name])
            return
        known = [*MEMBERS, *MACROS] if node.target is not None else [*FUNCTIONS, "has"]
        alias = PYTHON_NAMES.get(node.name)
        hint = f"did you mean `{alias}`?" if alias else suggestion(node.name, known)
        if hint is None and node.name in {*MEMBERS, *MACROS}:
            hint = f"it is called on a value: `value.{node.name}(…)`"
        message = f"there is no function `{node.name}`"
        self._report_at(issues.UNKNOWN_FUNCTION, message, *span, hint=hint)

    def _check_zone(self, node: Call, types: list[Type]) -> None:
        if node.name in ZONED and len(types) == 1 and literals.is_timestamp(types[0]):
            message = f"`{node.name}` of a timestamp needs a time zone"
            hint = f'name it: `{node.name}("UTC")`'
            self._report(issues.NO_TIME_ZONE, message, node, hint=hint)
            types.append(STRING)

    def _check_literals(self, node: Call, parts: list[Node]) -> None:
        problem = literals.problem_in_call(node.name, parts)
        if problem is not None:
            part, message, hint = problem
            self._report(issues.BAD_LITERAL, message, part, hint=hint)

    def _size(self, node: Call, operand: Node) -> Resolved:
        resolved = self._walk(operand)
        type_ = self._present(operand, resolved)
        if resolve(FUNCTIONS["size"], (type_,)) is None:
            self._report(issues.WRONG_TYPE, f"{describe(type_)} has no size", operand)
        elif resolved.path is not None:
            self.rewriter.take_size(node, resolved)
            return Resolved(INT)
        self._settle(operand, resolved)
        return Resolved(INT)

    def _has(self, node: Call) -> Resolved:
        argument = _presence_path(node)
        if argument is None:
            message = "`has` takes the path of a field"
            self._report(issues.WRONG_TYPE, message, node, hint="for example `has(order.coupon)`")
            return Resolved(BOOL)
        resolved = self._walk(argument)
        self.rewriter.take_presence(node, argument, resolved)
        if resolved.use is not None and resolved.path is None:
            resolved.use.whole = True
        return Resolved(BOOL)


def _presence_path(node: Call) -> Select | Index | None:
    """Return the argument of `has`, if it is a path whose last step is named."""
    argument = node.args[0] if len(node.args) == 1 else None
    if isinstance(argument, Select):
        return argument
    if isinstance(argument, Index) and isinstance(argument.index, Literal):
        return argument if isinstance(argument.index.value, str) else None
    return None


def _signatures(node: Call, overloads: tuple[Overload, ...]) -> str:
    skip = 0 if node.target is None or node.name in NAMESPACES.get("math", {}) else 1
    kinds = dict.fromkeys(
        f"({', '.join(describe(param) for param in params[skip:])})" for params, _ in overloads
    )
    return f"it takes {' or '.join(list(kinds)[:4])}"
