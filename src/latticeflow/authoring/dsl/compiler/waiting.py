"""Waits of a flow: timers, events, approvals. They reach the graph as `await` surfaces."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Mapping
from typing import Any

from latticeflow.authoring.dsl.compiler.arguments import Argument, match
from latticeflow.authoring.dsl.compiler.calls import awaiting
from latticeflow.authoring.dsl.compiler.graph import Step, typed_port
from latticeflow.authoring.dsl.compiler.names import MISSING
from latticeflow.authoring.dsl.compiler.schemas import schema_of
from latticeflow.authoring.dsl.compiler.session import Frame, Thing
from latticeflow.authoring.dsl.compiler.statics import known_before
from latticeflow.authoring.dsl.compiler.types import NONE, TypeForm
from latticeflow.authoring.dsl.compiler.values import UNKNOWN, Const, Ref, Unknown, Value
from latticeflow.authoring.dsl.compiler.wiring import feeds_of, place
from latticeflow.authoring.dsl.durations import duration_ms
from latticeflow.authoring.dsl.naming import identifier_of
from latticeflow.authoring.dsl.waiting import Decision, approval, event, sleep
from latticeflow.flow.component import Component, NodeSpec
from latticeflow.flow.lattice import Determinism, Effects
from latticeflow.flow.model import Json, Port
from latticeflow.flow.surfaces import AwaitConfig


def _spec(kind: str, summary: str) -> NodeSpec:
    return NodeSpec(
        identifier=f"std.await.{kind}",
        name=kind.capitalize(),
        # A wait is a barrier: what stands below it happens after it.
        effects=Effects.EFFECTFUL,
        determinism=Determinism.NONDETERMINISTIC,
        summary=summary,
        claimed=True,
    )


_WAITS = {
    "timer": _spec("timer", "Wait for a time."),
    "event": _spec("event", "Wait for an event."),
    "approval": _spec("approval", "Wait for a person's decision."),
}


def _sleep(frame: Frame, node: ast.Call, *, awaited: bool) -> Value:
    if len(node.args) != 1 or node.keywords:
        frame.report("FLOW022", node, name=frame.text(node.func), why="it takes one duration")
        return UNKNOWN
    after = _duration(frame, node.args[0], "sleep", "duration")
    if not _is_awaited(frame, node, awaited=awaited) or after is None:
        return UNKNOWN
    config = AwaitConfig(target="", kind="timer", timeout_ms=after)
    return _wait(frame, node, "sleep", config, values={}, form=NONE)


def _event(frame: Frame, node: ast.Call, *, awaited: bool) -> Value:
    arguments = _matched(frame, node, event, skip=("kind", "within"))
    options = _options(frame, node, event)
    kind = options.get("kind")
    if arguments is None or not _is_awaited(frame, node, awaited=awaited):
        return UNKNOWN
    if not isinstance(kind, type):
        why = "it must be a class at module level"
        frame.report("FLOW025", node, option="kind", name="event", why=why)
        return UNKNOWN
    config = AwaitConfig(
        target="",
        kind="event",
        correlation_key="/key",
        timeout_ms=_within(frame, node, options),
        options={"type": identifier_of(kind)},
    )
    return _wait(frame, node, "event", config, values=arguments, form=kind)


def _approval(frame: Frame, node: ast.Call, *, awaited: bool) -> Value:
    arguments = _matched(frame, node, approval, skip=("by", "within", "escalate"))
    options = _options(frame, node, approval)
    if arguments is None or not _is_awaited(frame, node, awaited=awaited):
        return UNKNOWN
    known: dict[str, Json] = {
        name: options[name] for name in ("by", "escalate") if isinstance(options.get(name), str)
    }
    config = AwaitConfig(
        target="", kind="approval", timeout_ms=_within(frame, node, options), options=known
    )
    return _wait(frame, node, "approval", config, values=arguments, form=Decision)


def _matched(
    frame: Frame, node: ast.Call, word: Callable[..., Any], *, skip: tuple[str, ...]
) -> dict[str, Value] | None:
    """Match the arguments of one of our words; those in `skip` are known before the run."""
    parameters = list(inspect.signature(word).parameters.values())
    positional = [p.name for p in parameters if p.kind is inspect.Parameter.POSITIONAL_ONLY]
    stand_in = ast.copy_location(ast.Constant(""), node)
    plain = ast.Call(
        node.func,
        [
            stand_in if number < len(positional) and positional[number] in skip else argument
            for number, argument in enumerate(node.args)
        ],
        [ast.keyword(k.arg, stand_in if k.arg in skip else k.value) for k in node.keywords],
    )
    found = match(frame, ast.copy_location(plain, node), word.__name__, parameters, {})
    return None if found is None else _by_port(found, skip)


def _by_port(arguments: list[Argument], skip: tuple[str, ...]) -> dict[str, Value]:
    return {found.port: found.value for found in arguments if found.port not in skip}


def _options(frame: Frame, node: ast.Call, word: Callable[..., Any]) -> dict[str, Thing]:
    """Return the arguments of one of our words that are known before the run."""
    parameters = list(inspect.signature(word).parameters)
    given = dict(zip(parameters, node.args, strict=False))
    given.update({k.arg: k.value for k in node.keywords if k.arg is not None})
    found = {name: known_before(frame, value) for name, value in given.items()}
    return {name: value for name, value in found.items() if value is not MISSING}


def _within(frame: Frame, node: ast.Call, options: Mapping[str, Thing]) -> int | None:
    argument = next((k.value for k in node.keywords if k.arg == "within"), None)
    if argument is None or options.get("within", "") is None:
        return None
    return _duration(frame, argument, frame.text(node.func), "within")


def _duration(frame: Frame, node: ast.expr, name: str, option: str) -> int | None:
    found = known_before(frame, node)
    why = "it must be known before the run"
    if found is not MISSING:
        try:
            after = duration_ms(found)
        except ValueError as error:
            why = str(error)
        else:
            if after > 0:
                return after
            why = "it must be longer than nothing"
    frame.report("FLOW025", node, option=option, name=name, why=why)
    return None


def _is_awaited(frame: Frame, node: ast.Call, *, awaited: bool) -> bool:
    if not awaited:
        awaiting(frame, node, frame.text(node.func), is_async=True)
    return awaited


def _wait(
    frame: Frame,
    node: ast.Call,
    alias: str,
    config: AwaitConfig,
    *,
    values: Mapping[str, Value],
    form: TypeForm,
) -> Value:
    """Add the step that waits, and its surface."""
    spec = _WAITS[config.kind]
    frame.unit.session.catalog[spec.identifier] = Component(spec)
    feeds: dict[str, Ref | Const | list[Ref]] = {}
    ports: dict[str, Port] = {}
    found = feeds_of(frame, list(values.values()), node)
    for name, item in zip(values, found, strict=True):
        if isinstance(item, Unknown):
            return Unknown(form)
        feeds[name] = item
        ports[name] = typed_port(item.type)
    step = Step(
        alias=alias,
        identifier=spec.identifier,
        name=alias.capitalize(),
        effects=spec.effects,
        determinism=spec.determinism,
        ports=ports,
        output=schema_of(form),
    )
    placed = place(frame, step, feeds, node)
    config.target = placed
    frame.graph.surface("await", placed, [placed], config, frame.span(node))
    return Ref(placed, (), form)


AWAITED: dict[Any, Callable[..., Value]] = {
    sleep: _sleep,
    event: _event,
    approval: _approval,
}
"""How each awaited word is compiled."""
