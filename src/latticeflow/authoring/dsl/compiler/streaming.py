"""Streams of a flow: `async for` over each, window and join, and `yield`.

They reach the graph as nodes of their own and as `window`, `join`, `partition` and `for_each`
surfaces.
"""

from __future__ import annotations

import ast
from collections.abc import AsyncIterator, Callable, Mapping

from latticeflow.authoring.dsl.annotations import stream_item
from latticeflow.authoring.dsl.compiler.assigning import bind
from latticeflow.authoring.dsl.compiler.graph import INPUT, Step, typed_port
from latticeflow.authoring.dsl.compiler.iterating import each_options, key_of
from latticeflow.authoring.dsl.compiler.names import MISSING, resolve
from latticeflow.authoring.dsl.compiler.rounds import Rounds
from latticeflow.authoring.dsl.compiler.schemas import schema_of
from latticeflow.authoring.dsl.compiler.session import Frame
from latticeflow.authoring.dsl.compiler.statics import call_now
from latticeflow.authoring.dsl.compiler.types import ANY, TypeForm, plain, tuple_of
from latticeflow.authoring.dsl.compiler.values import NULL, UNKNOWN, Const, Ref, Unknown, Value
from latticeflow.authoring.dsl.compiler.wiring import feed, place, type_of
from latticeflow.authoring.dsl.components import component_of
from latticeflow.authoring.dsl.durations import duration_ms
from latticeflow.authoring.dsl.iteration import each
from latticeflow.authoring.dsl.refusing import read_duration
from latticeflow.authoring.dsl.schemas import STREAM_KEY
from latticeflow.authoring.dsl.streams import (
    Frame as TimeFrame,
)
from latticeflow.authoring.dsl.streams import Window, join, session, sliding, tumbling, window
from latticeflow.diagnostics import CheckError
from latticeflow.flow.component import Component, NodeSpec
from latticeflow.flow.lattice import Determinism, Effects
from latticeflow.flow.model import Json, SchemaRef
from latticeflow.flow.surfaces import WindowConfig

_FRAMES: dict[object, Callable[..., TimeFrame]] = {
    tumbling: tumbling,
    sliding: sliding,
    session: session,
}


def read_stream(frame: Frame, node: ast.expr, target: ast.expr) -> Rounds | None:
    """Read what an `async for` goes over; None after a mistake was reported."""
    word = resolve(frame.unit, node.func) if isinstance(node, ast.Call) else MISSING
    if isinstance(node, ast.Call) and node.args:
        if word is each:
            return _each(frame, node, target)
        if word is window:
            return _window(frame, node, target)
        if word is join:
            return _join(frame, node, target)
    frame.rules.expression(frame, node)
    shown = frame.text(node)
    fix = frame.rewrite(node, f"each({shown})", "go over each item")
    frame.report("FLOW032", node, expression=shown, fix=fix)
    return None


def _stream(frame: Frame, node: ast.expr) -> tuple[Ref, TypeForm] | None:
    """Return the stream that an expression is, and the type of its items."""
    value = frame.rules.expression(frame, node)
    if isinstance(value, Unknown):
        return None
    item = stream_item(plain(type_of(value)))
    found = feed(frame, value, "stream", node) if item is not None else None
    if isinstance(found, Ref):
        return found, ANY if item is None else item
    why = "it is no stream; go over a list with `for`, without `async`"
    frame.report("FLOW029", node, expression=frame.text(node), why=why)
    return None


def _rounds(items: Ref, form: TypeForm, target: ast.expr) -> Rounds:
    item = target.id if isinstance(target, ast.Name) and target.id != "items" else "item"
    rounds = Rounds("each_1", items=items, item=item)

    def bind_item(body: Frame) -> None:
        body.inputs[item] = typed_port(form)
        body.reserved.add(item)
        bind(body, target, Ref(INPUT, (item,), form))

    rounds.bind = bind_item
    return rounds


def _each(frame: Frame, node: ast.Call, target: ast.expr) -> Rounds | None:
    found = _stream(frame, node.args[0])
    options = each_options(frame, node)
    if found is None or options is None:
        return None
    rounds = _rounds(*found, target)
    rounds.concurrency, rounds.on_error, rounds.key = options
    return rounds


def _window(frame: Frame, node: ast.Call, target: ast.expr) -> Rounds | None:
    found = _stream(frame, node.args[0])
    named = {keyword.arg: keyword.value for keyword in node.keywords}
    cut = _time_frame(frame, node.args[1]) if len(node.args) == 2 else None
    if cut is None and len(node.args) != 2:
        frame.report("FLOW022", node, name="window", why="it takes a stream and how time is cut")
    if "at" not in named:
        frame.report("FLOW022", node, name="window", why="`at` is missing")
    key = key_of(frame, named["at"]) if "at" in named else None
    lateness = _read_duration(frame, named.get("lateness"), "lateness")
    late = _late(frame, named.get("late"))
    if found is None or cut is None or key is None or lateness is None or late is None:
        return None
    source, form = found
    whole = Window[form]  # type: ignore[valid-type]
    ref = _node(frame, node, "std.window", feeds={"items": source}, item=whole, config=late)
    config = WindowConfig(
        event_time_pointer=key,
        size_ms=duration_ms(cut.size),
        allowed_lateness_ms=lateness,
        kind=cut.kind,
        every_ms=duration_ms(cut.every) if cut.kind == "sliding" else None,
    )
    frame.graph.surface("window", ref.alias, [source.alias, ref.alias], config, frame.span(node))
    return _rounds(ref, whole, target)


def _time_frame(frame: Frame, node: ast.expr) -> TimeFrame | None:
    word = resolve(frame.unit, node.func) if isinstance(node, ast.Call) else MISSING
    if isinstance(node, ast.Call) and word in _FRAMES:
        return call_now(frame, node, _FRAMES[word])
    why = "write tumbling(...), sliding(...) or session(...)"
    frame.report("FLOW025", node, option=frame.text(node), name="window", why=why)
    return None


def _read_duration(frame: Frame, node: ast.expr | None, option: str) -> int | None:
    if node is None:
        return 0
    call = ast.copy_location(ast.Call(ast.Name(option, ast.Load()), [node], []), node)
    ast.fix_missing_locations(call)
    found = call_now(frame, call, lambda given: read_duration("window", option, given))
    return None if found is None else duration_ms(found)


def _late(frame: Frame, node: ast.expr | None) -> dict[str, Json] | None:
    """Return the configuration that names the node for what came too late."""
    if node is None:
        return {}
    found = resolve(frame.unit, node)
    try:
        component = component_of(found)
    except CheckError as error:
        frame.unit.session.issues.extend(error.diagnostics)
        return None
    except (TypeError, AttributeError):
        frame.report("FLOW009", node, name=frame.text(node), what="is not a node")
        return None
    frame.unit.session.catalog[component.spec.identifier] = component
    return {"late": component.spec.identifier}


def _join(frame: Frame, node: ast.Call, target: ast.expr) -> Rounds | None:
    named = {keyword.arg: keyword.value for keyword in node.keywords}
    streams = [_stream(frame, argument) for argument in node.args]
    on = named.get("on")
    keys = [key_of(frame, part) for part in on.elts] if isinstance(on, ast.Tuple) else []
    within = _read_duration(frame, named.get("within"), "within")
    if len(streams) != 2 or len(keys) != 2 or "within" not in named:
        why = "it takes two streams, on=(left key, right key) and within="
        frame.report("FLOW022", node, name="join", why=why)
        return None
    known = [found for found in streams if found is not None]
    if len(known) != 2 or None in keys or within is None:
        return None
    (left, ours), (right, theirs) = known
    form = tuple_of((ours, theirs))
    config: dict[str, Json] = {"on": keys, "within_ms": within}
    feeds = {"left": left, "right": right}
    ref = _node(frame, node, "std.stream.join", feeds=feeds, item=form, config=config)
    targets = [left.alias, right.alias, ref.alias]
    frame.graph.surface("join", ref.alias, targets, None, frame.span(node))
    return _rounds(ref, form, target)


def _node(
    frame: Frame,
    node: ast.Call,
    identifier: str,
    *,
    feeds: Mapping[str, Ref],
    item: TypeForm,
    config: Mapping[str, Json],
) -> Ref:
    """Add a node that makes a stream of `item` from streams."""
    form: TypeForm = AsyncIterator[item]
    alias = identifier.rpartition(".")[2]
    _declare(frame, identifier)
    step = Step(
        alias=alias,
        identifier=identifier,
        name=alias.capitalize(),
        effects=Effects.PURE,
        determinism=Determinism.BEST_EFFORT,
        ports={name: typed_port(ref.type) for name, ref in feeds.items()},
        output=schema_of(form),
        fields={"config": dict(config)},
    )
    return Ref(place(frame, step, dict(feeds), node), (), form)


def _declare(frame: Frame, identifier: str) -> None:
    spec = NodeSpec(
        identifier=identifier,
        name=identifier.rpartition(".")[2].capitalize(),
        effects=Effects.PURE,
        determinism=Determinism.BEST_EFFORT,
        claimed=True,
    )
    frame.unit.session.catalog[identifier] = Component(spec)


def yield_(frame: Frame, node: ast.Yield) -> Value:
    """Compile `yield value`: the flow's stream gets an item."""
    if node.value is None:
        frame.report("FLOW008", node, what="a `yield` without a value")
        return UNKNOWN
    value = feed(frame, frame.rules.expression(frame, node.value), "item", node)
    if isinstance(value, Unknown):
        return UNKNOWN
    identifier = "std.stream.emit"
    _declare(frame, identifier)
    stream = SchemaRef(kind="inline", schema={"type": "array", STREAM_KEY: True})
    step = Step(
        alias="emit",
        identifier=identifier,
        name="Emit",
        # The items of a stream keep their order.
        effects=Effects.EFFECTFUL,
        determinism=Determinism.BEST_EFFORT,
        ports={"value": typed_port(value.type)},
        output=stream,
    )
    feeds: dict[str, Ref | Const | list[Ref]] = {"value": value}
    place(frame, step, feeds, node)
    return NULL
