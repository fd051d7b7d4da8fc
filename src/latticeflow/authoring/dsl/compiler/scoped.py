"""`with` blocks: retry, timeout, rate limit, saga. Each is a body of its own."""

from __future__ import annotations

import ast
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from latticeflow.authoring.dsl.compensation import saga
from latticeflow.authoring.dsl.compiler.assigning import bind
from latticeflow.authoring.dsl.compiler.bodies import Done, body_of, take_over, wanted_of
from latticeflow.authoring.dsl.compiler.invoking import known_as
from latticeflow.authoring.dsl.compiler.names import resolve
from latticeflow.authoring.dsl.compiler.sagas import without_saga
from latticeflow.authoring.dsl.compiler.scope import Exits
from latticeflow.authoring.dsl.compiler.session import Frame
from latticeflow.authoring.dsl.compiler.statics import call_now
from latticeflow.authoring.dsl.compiler.values import UNKNOWN
from latticeflow.authoring.dsl.durations import duration_ms
from latticeflow.authoring.dsl.scopes import (
    RateLimitScope,
    RetryScope,
    TimeoutScope,
    rate_limit,
    retry,
    timeout,
)
from latticeflow.flow.surfaces import RateLimitConfig

_SCOPES: dict[object, tuple[Callable[..., object], str]] = {
    retry: (retry, "retry_1"),
    timeout: (timeout, "timeout_1"),
    rate_limit: (rate_limit, "limit_1"),
}


def with_(frame: Frame, node: ast.With | ast.AsyncWith, _rest: object) -> tuple[Exits, bool]:
    """Compile `with scope, scope: ...`."""
    return _scopes(frame, node, list(node.items)), False


def _scopes(frame: Frame, node: ast.With | ast.AsyncWith, items: list[ast.withitem]) -> Exits:
    if not items:
        return frame.rules.block(frame, node.body)
    first, *rest = items
    if _is_saga(frame, first):
        name = first.optional_vars
        if name is not None and not isinstance(name, ast.Name):
            frame.report("FLOW005", name, what="unpacking a saga")
        if isinstance(name, ast.Name):
            frame.scope.bind(name.id, UNKNOWN)
        block = without_saga(frame, node.body, name.id if isinstance(name, ast.Name) else None)
        return _scopes(frame, ast.copy_location(ast.With(items, block), node), rest)
    made = _scope_of(frame, first)
    if made is None:
        return _scopes(frame, node, rest)
    scope, hint = made
    fields: dict[str, Any] = {}
    if isinstance(scope, RetryScope):
        fields["retry"] = scope.policy
        if rest:
            # A limit directly inside holds for each attempt, so one step can say both.
            inner = _scope_of(frame, rest[0], quiet=True)
            if inner is not None and isinstance(inner[0], TimeoutScope):
                fields["timeout_ms"] = duration_ms(inner[0].after)
                rest = rest[1:]
    elif isinstance(scope, TimeoutScope):
        fields["timeout_ms"] = duration_ms(scope.after)

    def inside(body: Frame) -> Exits:
        return _scopes(body, node, rest)

    done = body_of(
        frame,
        node.body,
        hint,
        node,
        wanted=wanted_of(frame, node.body),
        action=inside,
        **fields,
    )
    _add_surface(frame, node, scope, done)
    take_over(frame, done)
    return done.exits


def _add_surface(frame: Frame, node: ast.AST, scope: object, done: Done) -> None:
    if isinstance(scope, RateLimitScope):
        config = RateLimitConfig(target=done.alias, qps=scope.qps, burst=scope.burst)
        frame.graph.surface("rate_limit", done.alias, [done.alias], config, frame.span(node))


def _scope_of(
    frame: Frame, item: ast.withitem, *, quiet: bool = False
) -> tuple[object, str] | None:
    expression = item.context_expr
    call = expression if isinstance(expression, ast.Call) else None
    found = None if call is None else resolve(frame.unit, call.func)
    word = known_as(found) if found is not None else None
    known = _SCOPES.get(word) if _is_hashable(word) else None
    if call is None or known is None:
        if not quiet:
            frame.report("FLOW040", expression, expression=f"with {frame.text(expression)}")
            if item.optional_vars is not None:
                bind(frame, item.optional_vars, UNKNOWN)
        return None
    make, hint = known
    if item.optional_vars is not None and not quiet:
        why = "this scope gives nothing that `as` could name"
        frame.report("FLOW033", item.optional_vars, name="as", why=why)
    if found is not word:
        make = _seconds
    scope = call_now(frame, call, make, exceptions=("on", "unless"))
    return None if scope is None else (scope, hint)


def _is_saga(frame: Frame, item: ast.withitem) -> bool:
    call = item.context_expr
    return isinstance(call, ast.Call) and resolve(frame.unit, call.func) is saga


def _seconds(delay: float) -> object:
    return timeout(timedelta(seconds=delay))


def _is_hashable(found: object) -> bool:
    try:
        hash(found)
    except TypeError:
        return False
    return True
