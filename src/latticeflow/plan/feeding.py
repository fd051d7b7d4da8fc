"""What feeds a step: literals, templates, and inputs in the order in which a call takes them."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from operator import itemgetter
from typing import Any

from latticeflow.expr import DYN, compile_expression, compile_template
from latticeflow.flow.component import Component
from latticeflow.plan.model import Feed

ENVIRONMENT = {"params": DYN, "steps": DYN, "run": DYN, "env": DYN}
TEMPLATE_KEY = "$template"


def predicate(text: str, variables: Mapping[str, Any]) -> Callable[[Mapping[str, Any]], Any]:
    """Return the function that evaluates an expression over `variables`."""
    program = compile_expression(text, variables)
    if isinstance(program, tuple):
        msg = "; ".join(issue.message for issue in program)
        raise ValueError(msg)  # noqa: TRY004  (the text is at fault, not a type)
    return program.evaluate


def literal_feed(name: str, value: Any, decode: Callable[[Any], Any] | None) -> Feed:
    """Return the feed of a literal, or of the template that it holds."""
    if isinstance(value, dict) and set(value) == {TEMPLATE_KEY}:
        template = compile_template(value[TEMPLATE_KEY], ENVIRONMENT)
        if isinstance(template, tuple):
            msg = "; ".join(issue.message for issue in template)
            raise ValueError(msg)
        return Feed(port=name, template=template.evaluate, decode=decode)
    if isinstance(value, (dict, list)):
        return Feed(port=name, template=_Fresh(value), decode=decode)
    return Feed(port=name, literal=value if decode is None else decode(value))


class _Fresh:
    """Gives a new copy of a literal each time, so that a node that changes it harms nobody."""

    __slots__ = ("_value",)

    def __init__(self, value: Any) -> None:
        self._value = value

    def __call__(self, _environment: Mapping[str, Any]) -> Any:
        return copy.deepcopy(self._value)


def in_call_order(
    fed: dict[str, Feed], component: Component | None
) -> tuple[tuple[Feed, ...], int]:
    """Order feeds as the call takes them: positional, then variadic by number, then by name."""
    if component is None or not component.positional:
        variadic = component.spec.variadic if component is not None else None
        if variadic is None:
            return tuple(fed.values()), 0
    first: list[Feed] = []
    for name in component.positional if component is not None else ():
        if name not in fed:
            break
        first.append(fed.pop(name))
    spread = component.spec.variadic if component is not None else None
    if spread is not None:
        prefix = f"{spread}."
        numbered = sorted(
            (name for name in fed if name.startswith(prefix)),
            key=lambda name: int(name[len(prefix) :]),
        )
        first.extend(fed.pop(name) for name in numbered)
    return (*first, *fed.values()), len(first)


def picker(feeds: tuple[Feed, ...], arity: int) -> Callable[[list[Any]], Any] | None:
    """Return an `itemgetter` over the values when every feed is a whole value, by position."""
    if arity != len(feeds) or not feeds:
        return None
    if any(feed.source < 0 or feed.select or feed.decode for feed in feeds):
        return None
    return itemgetter(*(feed.source for feed in feeds))
