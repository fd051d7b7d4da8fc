"""Lists, tuples, records and f-strings, written out."""

from __future__ import annotations

import ast

from latticeflow.authoring.dsl.compiler import cel
from latticeflow.authoring.dsl.compiler.expressions import caught_error, message_of
from latticeflow.authoring.dsl.compiler.session import Frame
from latticeflow.authoring.dsl.compiler.types import (
    ANY,
    CAUGHT,
    describe,
    dict_of,
    kinds,
    list_of,
    set_of,
    tuple_of,
    union,
)
from latticeflow.authoring.dsl.compiler.values import (
    ADD,
    UNKNOWN,
    Const,
    Display,
    Ref,
    Unknown,
    Value,
)


def display(frame: Frame, node: ast.List | ast.Tuple | ast.Set) -> Value:
    """Compile `[a, b]`, `(a, b)` or `{a, b}`."""
    items: list[Value] = []
    for element in node.elts:
        if isinstance(element, ast.Starred):
            frame.report(
                "FLOW008", element, what=f"unpacking in a display (`{frame.text(element)}`)"
            )
            frame.rules.expression(frame, element.value)
            items.append(UNKNOWN)
        else:
            items.append(frame.rules.expression(frame, element))
    if any(isinstance(item, Unknown) for item in items):
        return UNKNOWN
    forms = [item.type for item in items]
    keys = tuple(str(number) for number in range(len(items)))
    if isinstance(node, ast.Tuple):
        return Display("tuple", keys, tuple(items), tuple_of(forms))
    inner = union(forms) if forms else ANY
    if isinstance(node, ast.Set):
        # Only `in` takes it; anything else refuses a set's type.
        return Display("list", keys, tuple(items), set_of(inner))
    consts = [item for item in items if isinstance(item, Const)]
    if len(consts) == len(items) and "enum" not in kinds(inner):
        return Const([item.value for item in consts], list_of(inner))
    return Display("list", keys, tuple(items), list_of(inner))


def record(frame: Frame, node: ast.Dict) -> Value:
    """Compile `{"key": value}`."""
    keys: list[str] = []
    items: list[Value] = []
    good = True
    for key, element in zip(node.keys, node.values, strict=True):
        if key is None:
            frame.report("FLOW008", element, what=f"unpacking (`**{frame.text(element)}`)")
            good = False
            continue
        found = frame.rules.expression(frame, key)
        if isinstance(found, Const) and isinstance(found.value, str):
            keys.append(found.value)
        else:
            if not isinstance(found, Unknown):
                what = f"the key `{frame.text(key)}`, which is no constant text,"
                frame.report("FLOW008", key, what=what)
            good = False
        items.append(frame.rules.expression(frame, element))
    if not good or any(isinstance(item, Unknown) for item in items):
        return UNKNOWN
    form = dict_of(union(item.type for item in items) if items else ANY)
    merged = dict(zip(keys, items, strict=True))
    consts = {key: item.value for key, item in merged.items() if isinstance(item, Const)}
    if len(consts) == len(merged):
        return Const(consts, form)
    return Display("record", tuple(merged), tuple(merged.values()), form)


def f_string(frame: Frame, node: ast.JoinedStr) -> Value:
    """Compile an f-string of str and int."""
    pieces: list[Value] = []
    good = True
    for value in node.values:
        if isinstance(value, ast.Constant):
            pieces.append(Const(value.value, str))
            continue
        if not isinstance(value, ast.FormattedValue):
            continue
        caught = caught_error(frame, value.value)
        found = caught or frame.rules.expression(frame, value.value)
        text = _as_text(frame, value, found)
        good = good and not isinstance(text, Unknown)
        pieces.append(text)
    if not good:
        return UNKNOWN
    result: Value = Const("", str)
    for piece in pieces:
        if isinstance(result, Const) and isinstance(piece, Const):
            result = Const(result.value + piece.value, str)
        elif isinstance(result, Const) and not result.value:
            result = piece
        else:
            result = cel.infix(frame, result, "+", piece, str, ADD)
    return result


def _as_text(frame: Frame, node: ast.FormattedValue, value: Value) -> Value:
    if isinstance(value, Unknown):
        return UNKNOWN
    if isinstance(value, Ref) and value.type is CAUGHT:
        value = message_of(value)
    found = kinds(value.type)
    plain = node.conversion in (-1, ord("s")) and node.format_spec is None
    if plain and isinstance(value, Const) and type(value.value) in (str, int):
        return Const(str(value.value), str)
    if plain and found == {"str"}:
        return value
    if plain and found == {"int"}:
        return cel.call(frame, "string", [value], str)
    shown = frame.text(node.value)
    why = (
        f"`{shown}` is {describe(value.type)}; an f-string in a flow takes str and int"
        if plain
        else "an f-string in a flow has no formats"
    )
    frame.report("FLOW029", node.value, expression=shown, why=why, hint="format it in a node")
    return UNKNOWN
