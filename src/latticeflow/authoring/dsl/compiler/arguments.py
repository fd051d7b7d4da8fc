"""Matching the arguments of a call with the parameters of what is called."""

from __future__ import annotations

import ast
import inspect
import typing
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from latticeflow.authoring.dsl.compiler.session import Frame
from latticeflow.authoring.dsl.compiler.types import (
    TypeForm,
    bind_variables,
    field_types,
    substitute,
)
from latticeflow.authoring.dsl.compiler.values import Value
from latticeflow.diagnostics import did_you_mean

_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
_BY_NAME = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


class Argument(msgspec.Struct, frozen=True):
    """One argument of a call: the port it feeds, its value, where it stands."""

    port: str
    value: Value
    node: ast.expr


def parameters_of(thing: Callable[..., Any]) -> Sequence[inspect.Parameter]:
    """Return the parameters of a function or the constructor of a data type."""
    if typing.is_typeddict(thing):
        required: frozenset[str] = getattr(thing, "__required_keys__", frozenset())
        return [
            inspect.Parameter(
                name,
                inspect.Parameter.KEYWORD_ONLY,
                default=inspect.Parameter.empty if name in required else None,
            )
            for name in field_types(thing) or ()
        ]
    return list(inspect.signature(thing).parameters.values())


def match(
    frame: Frame,
    node: ast.Call,
    name: str,
    parameters: Sequence[inspect.Parameter],
    capabilities: Mapping[str, str],
) -> list[Argument] | None:
    """Evaluate the arguments of a call, in order, and match them with parameters.

    Returns None after a mistake; all mistakes of the call have then been reported.
    """
    matching = _Matching(frame, node, name, parameters, capabilities)
    for position, argument in enumerate(node.args):
        matching.positional(position, argument)
    for keyword in node.keywords:
        matching.keyword(keyword)
    return matching.finish()


class _Matching:
    """One call while its arguments are matched."""

    def __init__(
        self,
        frame: Frame,
        node: ast.Call,
        name: str,
        parameters: Sequence[inspect.Parameter],
        capabilities: Mapping[str, str],
    ) -> None:
        self.frame = frame
        self.node = node
        self.name = name
        self.by_name = {parameter.name: parameter for parameter in parameters}
        self.row = [p for p in parameters if p.kind in _POSITIONAL]
        kinds = inspect.Parameter
        self.spread = next((p.name for p in parameters if p.kind is kinds.VAR_POSITIONAL), None)
        self.capabilities = capabilities
        self.found: list[Argument] = []
        self.given: set[str] = set()
        self.good = True

    def positional(self, position: int, node: ast.expr) -> None:
        """Take an argument without a name."""
        if isinstance(node, ast.Starred):
            self._starred(node, node.value)
            return
        value = self.frame.rules.expression(self.frame, node)
        if position < len(self.row):
            self._take(self.row[position].name, value, node)
        elif self.spread is not None:
            self.found.append(Argument(f"{self.spread}.{position - len(self.row)}", value, node))
        else:
            count = len([p for p in self.row if p.name not in self.capabilities])
            self._wrong(node, f"it takes {count} positional argument{'s' * (count != 1)}")

    def keyword(self, keyword: ast.keyword) -> None:
        """Take an argument with a name."""
        if keyword.arg is None:
            self._starred(keyword, keyword.value)
            return
        name = keyword.arg
        parameter = self.by_name.get(name)
        if name in self.capabilities:
            self._granted(name, keyword)
            return
        value = self.frame.rules.expression(self.frame, keyword.value)
        if parameter is None or parameter.kind not in _BY_NAME:
            names = [p.name for p in self.by_name.values() if p.kind in _BY_NAME]
            suggestion = did_you_mean(name, names)
            self._wrong(keyword, f"it has no parameter `{name}`{suggestion}")
        else:
            self._take(name, value, keyword.value)

    def finish(self) -> list[Argument] | None:
        """Look for what is missing; return the arguments if all is well."""
        missing = [
            p.name
            for p in self.by_name.values()
            if p.default is inspect.Parameter.empty
            and p.kind in (*_POSITIONAL, inspect.Parameter.KEYWORD_ONLY)
            and p.name not in self.given
            and p.name not in self.capabilities
        ]
        if missing and self.good:
            names = ", ".join(f"`{name}`" for name in missing)
            self._wrong(self.node, f"{names} {'is' if len(missing) == 1 else 'are'} missing")
        return self.found if self.good else None

    def _take(self, name: str, value: Value, node: ast.expr) -> None:
        if name in self.capabilities:
            self._granted(name, node)
        elif name in self.given:
            self._wrong(node, f"`{name}` is given twice")
        else:
            self.given.add(name)
            self.found.append(Argument(name, value, node))

    def _granted(self, name: str, node: ast.AST) -> None:
        self.good = False
        self.frame.report("CAP111", node, name=name)

    def _starred(self, node: ast.AST, value: ast.expr) -> None:
        self.good = False
        self.frame.report("FLOW016", node, call=self.frame.text(self.node))
        self.frame.rules.expression(self.frame, value)

    def _wrong(self, node: ast.AST, why: str) -> None:
        self.good = False
        self.frame.report("FLOW022", node, name=self.name, why=why)


def return_type(
    declared: TypeForm,
    hints: Mapping[str, TypeForm],
    arguments: Sequence[Argument],
) -> TypeForm:
    """Return the type of a call's value, type variables learnt from the arguments."""
    given: dict[TypeForm, TypeForm] = {}
    for argument in arguments:
        hint = hints.get(argument.port.partition(".")[0])
        if hint is not None:
            bind_variables(hint, argument.value.type, given)
    return substitute(declared, given)
