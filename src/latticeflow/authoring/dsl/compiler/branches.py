"""Walking into branches, and joining what they leave: variables, order, ways out."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence

import msgspec

from latticeflow.authoring.dsl.compiler.graph import pointer
from latticeflow.authoring.dsl.compiler.ordering import Order, join_orders
from latticeflow.authoring.dsl.compiler.regions import Region, Routing, is_within
from latticeflow.authoring.dsl.compiler.scope import (
    CASE,
    FALL,
    FALLS,
    FLAG_EXITS,
    FLAGS,
    GOES_ON,
    HIDDEN,
    RAISE,
    RESULT,
    RETURN,
    THROW,
    Exits,
    Scope,
    Slot,
    common_facts,
)
from latticeflow.authoring.dsl.compiler.session import Frame
from latticeflow.authoring.dsl.compiler.types import union
from latticeflow.authoring.dsl.compiler.values import (
    FALSE,
    TRUE,
    UNKNOWN,
    Cel,
    Const,
    Display,
    Ref,
    Unknown,
    Value,
)
from latticeflow.authoring.dsl.compiler.wiring import assemble, carry, feed, flush, merge, settle


class Path(msgspec.Struct):
    """What a branch left when it ended."""

    region: Region | None
    scope: Scope
    order: Order
    exits: Exits


def route(frame: Frame, kind: str, value: Value, hint: str, at: ast.AST) -> Routing | None:
    """Begin a routing surface over `value`; None after a mistake.

    A node routes once, and only branches of the region it stands in, so other values get a step
    of their own.
    """
    if isinstance(value, Display):
        return None
    found = feed(frame, value, hint, at)
    if isinstance(found, Unknown):
        return None
    graph = frame.graph
    fits = (
        isinstance(found, Ref)
        and found.alias not in graph.routed
        and found.alias != "input"
        and graph.region_of(found.alias) is graph.region
    )
    if not fits or isinstance(found, Const):
        found = carry(frame, found, hint, at)
    return graph.route(kind, found.alias, pointer(found.path), frame.span(at))


def walk(frame: Frame, region: Region | None, action: Callable[[], Exits], at: ast.AST) -> Path:
    """Compile something in a branch of its own; the frame is as before afterwards."""
    return resume(frame, Path(region, frame.scope, frame.graph.order, FALLS), action, at)


def resume(frame: Frame, path: Path, action: Callable[[], Exits], at: ast.AST) -> Path:
    """Go on where a branch ended; its other ways out are kept."""
    graph = frame.graph
    saved = (graph.region, graph.order, frame.scope)
    graph.region, graph.order, frame.scope = path.region, path.order.copy(), path.scope.copy()
    try:
        flush(frame, at)
        exits = action()
        flush(frame, at)
        frame.scope.count(graph.fallible)
        return Path(path.region, frame.scope, graph.order, (path.exits - FALLS) | exits)
    finally:
        graph.region, graph.order, frame.scope = saved


def join(frame: Frame, paths: Sequence[Path], at: ast.AST) -> Exits:
    """Go on after branches that exclude each other; return the ways out of them together."""
    exits: Exits = frozenset().union(*(path.exits for path in paths))
    before = frame.scope
    after = Scope(declared=dict(before.declared), own=set(before.own))
    going_on = [path for path in paths if path.exits & {FALL, THROW}]
    # What follows is not told apart from a branch that raises: it has to wait for it.
    before_next = [path for path in paths if path.exits & {FALL, THROW, RAISE}]
    names: dict[str, None] = dict.fromkeys(before.slots)
    for path in paths:
        names.update(dict.fromkeys(path.scope.slots))
        after.lost |= path.scope.lost
        after.bound_at.update(dict.fromkeys(path.scope.bound_at, frame.graph.fallible))
        after.own |= path.scope.own
        for name, form in path.scope.declared.items():
            after.declared.setdefault(name, form)
    for name in names:
        old = before.slots.get(name)
        if old is not None and all(path.scope.slots.get(name) is old for path in paths):
            after.slots[name] = old
            if name in before.falling:
                after.falling[name] = None
            continue
        slot = _flag(name, exits)
        if slot is None:
            slot = _joined(frame, name, [path for path in paths if _matters(name, path)], at)
        if slot is not None:
            after.slots[name] = slot
            if slot.maybe is not None and _falling_doubt(frame, name, paths) is None:
                after.falling[name] = None
    after.facts = common_facts(path.scope.facts for path in going_on)
    frame.scope = after
    frame.graph.order = join_orders([path.order for path in before_next or paths])
    return exits


def _falling_doubt(frame: Frame, name: str, paths: Sequence[Path]) -> str | None:
    """Say why `name` may have no value where no branch jumped away, None if it has one."""
    for path in paths:
        if FALL not in path.exits:
            continue
        slot = path.scope.slots.get(name)
        if slot is None:
            around = frame.lookup(name)
            slot = None if around is None else Slot(*around)
        if slot is None:
            return "branch"
        if slot.maybe is not None and path.scope.falling.get(name, slot.maybe) is not None:
            return slot.maybe
    return None


def _flag(name: str, exits: Exits) -> Slot | None:
    """Return a flag that is the same on every way out, None if it is not, or no flag."""
    if name not in FLAG_EXITS:
        return None
    ways = exits - {RAISE}
    if FLAG_EXITS[name] not in ways:
        return Slot(FALSE)
    return Slot(TRUE) if len(ways) == 1 else None


def _matters(name: str, path: Path) -> bool:
    """Tell whether the value that `name` has at the end of `path` can be seen later."""
    if name == RESULT:
        return RETURN in path.exits
    if name in FLAGS or name.startswith(CASE):
        return bool(path.exits - {RAISE})
    return bool(path.exits & GOES_ON)


def _joined(frame: Frame, name: str, paths: list[Path], at: ast.AST) -> Slot | None:
    entries: list[tuple[Region | None, Value]] = []
    maybe: str | None = None
    for path in paths:
        slot = path.scope.slots.get(name)
        if slot is None and name in FLAGS:
            slot = Slot(FALSE)
        if slot is None:
            # In a body, a name that a branch leaves alone is the one of the graph around it.
            around = frame.lookup(name)
            slot = None if around is None else Slot(*around)
        if slot is None:
            maybe = maybe or "branch"
            continue
        maybe = maybe or slot.maybe
        entries.append((path.region, slot.value))
    if not entries:
        return None
    hint = name.strip("%") if name in HIDDEN else name
    return Slot(phi(frame, entries, hint, at), maybe)


def phi(
    frame: Frame, entries: Sequence[tuple[Region | None, Value]], hint: str, at: ast.AST
) -> Value:
    """Return the value that is whichever of `entries` belongs to the branch that was taken.

    All but the last are given a step in their branch where they have none there, so that they
    are skipped with it; the last is what remains when all others were skipped.
    """
    values = [value for _, value in entries]
    first = values[0]
    if any(isinstance(value, Unknown) for value in values):
        return UNKNOWN
    if all(_same(value, first) for value in values):
        return first
    decided = _decided(frame, entries, hint, at)
    if decided is not None:
        return decided
    form = union(value.type for value in values)
    stood = [_standing(frame, region, value, hint, at) for region, value in entries]
    here = frame.graph.region
    candidates = [
        number
        for number, (region, value) in enumerate(stood)
        if not _is_in(frame, value, region) and _is_in(frame, value, here)
    ]
    last = candidates[-1] if candidates else len(stood) - 1
    ordered = [entry for number, entry in enumerate(stood) if number != last]
    refs = [_gated(frame, region, value, hint, at) for region, value in ordered]
    region, value = stood[last]
    remaining = value if isinstance(value, Ref) and _is_in(frame, value, here) else None
    refs.append(remaining or _gated(frame, region, value, hint, at))
    return merge(frame, refs, form, hint, at)


def _decided(
    frame: Frame, entries: Sequence[tuple[Region | None, Value]], hint: str, at: ast.AST
) -> Value | None:
    """Return the condition itself where one side says true and the other false."""
    if len(entries) != 2:
        return None
    (one, yes), (other, no) = entries
    if one is None or other is None or one.routing is not other.routing:
        return None
    if one.routing.kind != "if" or not isinstance(yes, Const) or not isinstance(no, Const):
        return None
    if not yes.type is no.type is bool or yes.value is no.value:
        return None
    path = tuple(one.routing.pointer.split("/")[1:])
    test = Ref(one.routing.source, path, bool)
    if yes.value is (one.label == "true"):
        return test
    return settle(frame, Cel(("!", test), bool), hint, at)


def _same(value: Value, other: Value) -> bool:
    if isinstance(value, Const) and isinstance(other, Const):
        # Python holds True == 1 and 1 == 1.0.
        return repr(value.value) == repr(other.value) and value.type == other.type
    return value is other or (type(value) is type(other) and value == other)


def _standing(
    frame: Frame, region: Region | None, value: Value, hint: str, at: ast.AST
) -> tuple[Region | None, Ref | Const]:
    if isinstance(value, Display):
        saved, frame.graph.region = frame.graph.region, region
        try:
            found = assemble(frame, value, hint, at)
        finally:
            frame.graph.region = saved
        return region, Const(None, value.type) if isinstance(found, Unknown) else found
    if isinstance(value, Ref | Const):
        return region, value
    # Only constants, parts and tuples are ever bound to names.
    return region, Const(None, value.type)


def _is_in(frame: Frame, value: Ref | Const, region: Region | None) -> bool:
    return isinstance(value, Ref) and is_within(frame.graph.region_of(value.alias), region)


def _gated(frame: Frame, region: Region | None, value: Ref | Const, hint: str, at: ast.AST) -> Ref:
    if isinstance(value, Ref) and _is_in(frame, value, region):
        return value
    saved, frame.graph.region = frame.graph.region, region
    try:
        return carry(frame, value, hint, at)
    finally:
        frame.graph.region = saved
