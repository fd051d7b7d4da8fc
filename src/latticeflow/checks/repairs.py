"""Machine repairs of what a Python node says in its decorator."""

from __future__ import annotations

import ast
import inspect
from types import FunctionType

from latticeflow.checks.bodies import function_of
from latticeflow.checks.bodies.source import Source, source_of
from latticeflow.diagnostics import Edit, Fix, Range
from latticeflow.flow.component import Component


def claim(component: Component | None, option: str, value: str, *, safe: bool) -> Fix | None:
    """Return the fix that makes the decorator of a node say `option="value"`.

    Returns:
        None when the component is no function, its source is not there, or no `@node` stands in
        front of it.
    """
    source = None if component is None else _written(component)
    if source is None or isinstance(source.tree, ast.Lambda):
        return None
    for decorator in source.tree.decorator_list:
        if _name(decorator) == "node":
            edit = _edit(source, decorator, option, value)
            title = f'say {option}="{value}"'
            return Fix(title, (edit,), "safe" if safe else "unsafe")
    return None


def _written(component: Component) -> Source | None:
    """Return what the author wrote, under all wrappers."""
    if function_of(component) is None or component.call is None:
        return None
    function: object = inspect.unwrap(component.call)
    return source_of(function) if isinstance(function, FunctionType) else None


def _name(decorator: ast.expr) -> str:
    if isinstance(decorator, ast.Call):
        decorator = decorator.func
    if isinstance(decorator, ast.Attribute):
        return decorator.attr
    return decorator.id if isinstance(decorator, ast.Name) else ""


def _edit(source: Source, decorator: ast.expr, option: str, value: str) -> Edit:
    place = source.range_of(decorator)
    if not isinstance(decorator, ast.Call):
        return Edit(source.file, Range(place.end, place.end), f'({option}="{value}")')
    for keyword in decorator.keywords:
        if keyword.arg == option:
            return Edit(source.file, source.range_of(keyword.value), f'"{value}"')
    given = [*decorator.args, *(keyword.value for keyword in decorator.keywords)]
    if not given:
        end = source.range_of(decorator.func).end
        return Edit(source.file, Range(end, place.end), f'({option}="{value}")')
    last = max((source.range_of(argument) for argument in given), key=lambda r: r.end)
    return Edit(source.file, Range(last.end, last.end), f', {option}="{value}"')
