"""What a `for` or a comprehension goes over: each, up_to, static, zip, enumerate, window, join."""

from __future__ import annotations

import ast
from typing import cast

from latticeflow.authoring.dsl.compiler.assigning import bind
from latticeflow.authoring.dsl.compiler.graph import INPUT, typed_port
from latticeflow.authoring.dsl.compiler.names import resolve
from latticeflow.authoring.dsl.compiler.rounds import OnError, Rounds
from latticeflow.authoring.dsl.compiler.session import Frame
from latticeflow.authoring.dsl.compiler.statics import call_now, constants_of, known_before
from latticeflow.authoring.dsl.compiler.types import (
    ANY,
    TypeForm,
    describe,
    item_type,
    kinds,
    tuple_of,
)
from latticeflow.authoring.dsl.compiler.values import Const, Display, Ref, Unknown, Value
from latticeflow.authoring.dsl.compiler.wiring import feed, settle
from latticeflow.authoring.dsl.compiler.zipping import Zipped
from latticeflow.authoring.dsl.iteration import each, static, up_to


def read_iterable(frame: Frame, node: ast.expr, target: ast.expr) -> Rounds | None:
    """Read what a `for` or a comprehension goes over; None after a mistake was reported."""
    word = resolve(frame.unit, node.func) if isinstance(node, ast.Call) else None
    if isinstance(node, ast.Call):
        if word is each:
            return _each(frame, node, target)
        if word is up_to:
            return _up_to(frame, node, target)
        if word is static:
            return _static(frame, node)
        if word is zip:
            return _zip(frame, node, target)
        if word is enumerate:
            return _enumerate(frame, node, target)
        if word is range:
            # No node, so `each` of it would be refused in turn.
            hint = "write `up_to(number)` for a number known before the run, or go over a list"
            frame.report("FLOW032", node, expression=frame.text(node), hint=hint)
            return None
    frame.rules.expression(frame, node)
    shown = frame.text(node)
    fix = frame.rewrite(node, f"each({shown})", "go over each item")
    frame.report("FLOW032", node, expression=shown, fix=fix)
    return None


def _each(frame: Frame, node: ast.Call, target: ast.expr) -> Rounds | None:
    if len(node.args) != 1 or isinstance(node.args[0], ast.Starred):
        frame.report("FLOW022", node, name=frame.text(node.func), why="it takes one list")
        return None
    value = frame.rules.expression(frame, node.args[0])
    options = each_options(frame, node)
    if options is None or isinstance(value, Unknown):
        return None
    form = _list_item(frame, node.args[0], value)
    if form is None:
        return None
    item = _item_port(target)
    rounds = Rounds("each_1", items=value, item=item)
    concurrency, on_error, key = options
    rounds.concurrency, rounds.on_error, rounds.key = concurrency, on_error, key

    def bind_item(body: Frame) -> None:
        body.inputs[item] = typed_port(form)
        body.reserved.add(item)
        bind(body, target, Ref(INPUT, (item,), form))

    rounds.bind = bind_item
    return rounds


def _item_port(target: ast.expr) -> str:
    return target.id if isinstance(target, ast.Name) and target.id != "items" else "item"


def _list_item(frame: Frame, node: ast.expr, value: Value) -> TypeForm | None:
    """Return the type of the items of what is gone over, None if it is no list."""
    form = ANY if isinstance(value, Unknown) else value.type
    if kinds(form) <= {"list", "tuple", "any"}:
        return ANY if "any" in kinds(form) else item_type(form)
    why = f"each(...) goes over lists, not over {describe(form)}"
    frame.report("FLOW029", node, expression=frame.text(node), why=why)
    return None


def each_options(frame: Frame, node: ast.Call) -> tuple[int, OnError, str | None] | None:
    """Read the options of each(...); None after a mistake was reported."""
    key: str | None = None
    plain: list[ast.keyword] = []
    for keyword in node.keywords:
        if keyword.arg == "by":
            key = key_of(frame, keyword.value)
            if key is None:
                return None
        else:
            plain.append(keyword)
    found: dict[str, object] = {}

    def take(items: object, /, *, concurrency: int = 1, on_error: OnError = "fail") -> object:
        each([], concurrency=concurrency, on_error=on_error)
        found.update(concurrency=concurrency, on_error=on_error)
        return items

    stand_in = ast.copy_location(ast.Constant(None), node)
    shown = ast.copy_location(ast.Call(node.func, [stand_in], plain), node)
    if call_now(frame, shown, lambda *args, **named: (take(*args, **named), 1)) is None:
        return None
    return cast("int", found["concurrency"]), cast("OnError", found["on_error"]), key


def key_of(frame: Frame, node: ast.expr) -> str | None:
    """Return the field a key function takes, as a pointer; None after a mistake."""
    if isinstance(node, ast.Lambda) and len(node.args.args) == 1:
        path: list[str] = []
        part: ast.expr = node.body
        while isinstance(part, ast.Attribute):
            path.append(part.attr)
            part = part.value
        if isinstance(part, ast.Name) and part.id == node.args.args[0].arg and path:
            return "/" + "/".join(reversed(path))
    why = "a key is a field of the item, such as `lambda item: item.user`"
    frame.report("FLOW025", node, option=frame.text(node), name="by", why=why)
    return None


def _up_to(frame: Frame, node: ast.Call, target: ast.expr) -> Rounds | None:
    count = known_before(frame, node.args[0]) if len(node.args) == 1 else None
    if type(count) is not int:
        option = frame.text(node.args[0]) if node.args else "rounds"
        why = "it must be a number known before the run"
        frame.report("FLOW025", node, option=option, name="up_to", why=why)
        return None
    if call_now(frame, node, up_to) is None:
        return None
    rounds = Rounds("loop_1", limit=count, finishes=True, at_least_one=count > 0)
    if not isinstance(target, ast.Name):
        frame.report("FLOW029", target, expression=frame.text(target), why="it counts from 0")
        return None
    name = target.id
    index = f"{name}_" if name in ("items", "broke") else name
    rounds.index = index if name != "_" else "round"

    def bind_index(body: Frame) -> None:
        assert rounds.index is not None  # noqa: S101  (set above)
        body.inputs[rounds.index] = typed_port(int)
        body.reserved.add(rounds.index)
        bind(body, target, Ref(INPUT, (rounds.index,), int))

    rounds.bind = bind_index
    return rounds


def _static(frame: Frame, node: ast.Call) -> Rounds | None:
    items = constants_of(frame, node.args[0]) if len(node.args) == 1 else None
    if items is None:
        shown = frame.text(node.args[0]) if node.args else frame.text(node)
        frame.report("FLOW050", node, expression=shown)
        return None
    return Rounds("static", unrolled=items)


def _enumerate(frame: Frame, node: ast.Call, target: ast.expr) -> Rounds | None:
    if len(node.args) != 1 or node.keywords or not isinstance(target, ast.Tuple):
        frame.report("FLOW032", node, expression=frame.text(node))
        return None
    if len(target.elts) != 2 or not isinstance(target.elts[0], ast.Name):
        frame.report("FLOW032", node, expression=frame.text(node))
        return None
    counter, item = target.elts
    rounds = read_iterable(frame, node.args[0], item)
    if rounds is None:
        return None
    if rounds.unrolled is not None:
        rounds.unrolled = [
            Const([number, const.value], tuple_of((int, const.type)))
            for number, const in enumerate(rounds.unrolled)
        ]
        return rounds
    if rounds.index is not None:
        frame.report("FLOW032", node, expression=frame.text(node))
        return None
    bind_item = rounds.bind
    index = "index" if rounds.item != "index" else "index_"
    rounds.index = index

    def bind_both(body: Frame) -> None:
        body.inputs[index] = typed_port(int)
        body.reserved.add(index)
        bind(body, counter, Ref(INPUT, (index,), int))
        bind_item(body)

    rounds.bind = bind_both
    return rounds


def _zip(frame: Frame, node: ast.Call, target: ast.expr) -> Rounds | None:
    strict = [k for k in node.keywords if not _is_false(k)]
    if not node.args or strict or any(isinstance(a, ast.Starred) for a in node.args):
        why = "in a flow it takes two lists or more, and ends with the shortest"
        frame.report("FLOW022", node, name="zip", why=why)
        return None
    values: list[Value] = []
    forms: list[TypeForm] = []
    for argument in node.args:
        inner = argument
        if isinstance(inner, ast.Call) and resolve(frame.unit, inner.func) is each:
            inner = inner.args[0] if inner.args else inner
        value = frame.rules.expression(frame, inner)
        form = None if isinstance(value, Unknown) else _list_item(frame, inner, value)
        if form is None:
            return None
        value = settle(frame, value, "items", inner)
        values.append(feed(frame, value, "items", inner) if isinstance(value, Display) else value)
        forms.append(form)
    return Zipped(node, target, values, forms).rounds()


def _is_false(keyword: ast.keyword) -> bool:
    """Tell whether a keyword says `strict=False`, which is what a graph does."""
    value = keyword.value
    return keyword.arg == "strict" and isinstance(value, ast.Constant) and value.value is False
