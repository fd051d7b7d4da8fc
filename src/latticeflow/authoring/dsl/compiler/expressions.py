"""Names, fields, indices, constants, displays and f-strings."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from latticeflow.authoring.dsl.compiler import cel
from latticeflow.authoring.dsl.compiler.names import (
    MISSING,
    as_constant,
    describe_object,
    resolve,
    visible_names,
)
from latticeflow.authoring.dsl.compiler.scope import path_of
from latticeflow.authoring.dsl.compiler.session import Frame
from latticeflow.authoring.dsl.compiler.types import (
    ANY,
    CAUGHT,
    TypeForm,
    describe,
    field_types,
    is_any,
    item_type,
    kind_of,
    kinds,
    members,
    required_keys,
    tuple_items,
    union,
)
from latticeflow.authoring.dsl.compiler.values import (
    ADD,
    ATOM,
    UNKNOWN,
    Cel,
    Const,
    Display,
    Pending,
    Ref,
    Unknown,
    Value,
)
from latticeflow.authoring.dsl.compiler.wiring import feed
from latticeflow.diagnostics import did_you_mean


def constant(frame: Frame, node: ast.Constant) -> Value:
    """Compile a literal."""
    value = node.value
    if value is None or isinstance(value, bool | str):
        return Const(value, type(value))
    if isinstance(value, int | float) and cel.literal(value) is not None:
        return Const(value, type(value))
    what = f"`{frame.text(node)}`"
    frame.report("FLOW008", node, what=what, hint="make it in a node")
    return UNKNOWN


def name(frame: Frame, node: ast.Name) -> Value:
    """Compile the use of a variable, or of a constant from outside."""
    found = frame.lookup(node.id)
    if found is None:
        return outside(frame, node)
    value, maybe = found
    if isinstance(value, Unknown) and not frame.unit.session.has_errors():
        # Nothing was reported for it yet, and nothing may be left out silently.
        maybe = maybe or "branch"
    if maybe is not None:
        hint = None if maybe == "branch" else maybe
        frame.report("FLOW011", node, name=node.id, hint=hint)
        return UNKNOWN
    if value.type is CAUGHT:
        hint = f"use `str({node.id})` or `raise`"
        frame.report("FLOW042", node, expression=node.id, hint=hint)
        return UNKNOWN
    return narrowed(frame, node, value)


def outside(frame: Frame, node: ast.expr) -> Value:
    """Compile the use of something defined outside the flow: only constants have a value."""
    found = resolve(frame.unit, node)
    shown = frame.text(node)
    if found is MISSING:
        known = visible_names(frame)
        frame.report("FLOW018", node, name=shown, suggestion=did_you_mean(shown, known))
        return UNKNOWN
    value = as_constant(found)
    if value is None:
        frame.report("FLOW007", node, name=shown, what=describe_object(found))
        return UNKNOWN
    return value


def caught_error(frame: Frame, node: ast.expr) -> Ref | None:
    """Return the error that a handler named, None if `node` is anything else."""
    if not isinstance(node, ast.Name) or node.id not in frame.errors:
        return None
    found = frame.lookup(node.id)
    value = None if found is None else found[0]
    return value if isinstance(value, Ref) and value.type is CAUGHT else None


def message_of(error: Ref) -> Ref:
    """Return the message of a caught error, which `str` gives."""
    return Ref(error.alias, (*error.path, "message"), str)


def narrowed(frame: Frame, node: ast.expr, value: Value) -> Value:
    """Return `value` with what conditions on the way here told about its type."""
    path = path_of(node)
    fact = None if path is None else frame.fact(path)
    if fact is None or fact == value.type:
        return value
    if path in frame.inline_paths and isinstance(value, Ref | Cel):
        # The condition stands in the same expression, so the text must read the whole value.
        inner = cel.as_cel(frame, value)
        return UNKNOWN if inner is None else Cel(inner.parts, fact, inner.level)
    if isinstance(value, Ref):
        return Ref(value.alias, value.path, fact, narrowed=True)
    if isinstance(value, Cel):
        return Cel(value.parts, fact, value.level)
    return value


def attribute(frame: Frame, node: ast.Attribute) -> Value:
    """Compile `value.field`, or a constant of a module or enumeration."""
    root = _root(node)
    if root is not None and frame.lookup(root.id) is None:
        found = resolve(frame.unit, node)
        base = resolve(frame.unit, node.value)
        if base is MISSING or found is not MISSING:
            return outside(frame, node if base is not MISSING else node.value)
        if as_constant(base) is None:
            suggestion = did_you_mean(node.attr, dir(base))
            shown = f"{frame.text(node.value)}.{node.attr}"
            frame.report("FLOW018", node, name=shown, suggestion=suggestion)
            return UNKNOWN
    base_value = frame.rules.expression(frame, node.value)
    return narrowed(frame, node, field(frame, node, base_value))


def _root(node: ast.expr) -> ast.Name | None:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node if isinstance(node, ast.Name) else None


def field(frame: Frame, node: ast.Attribute, value: Value) -> Value:
    """Take a field of a value."""
    if isinstance(value, Unknown):
        return UNKNOWN
    if is_any(value.type):
        return part(frame, value, node.attr, ANY, node, fallible=True)
    found: list[TypeForm] = []
    for member in members(value.type):
        fields = None if kind_of(member) == "typeddict" else field_types(member)
        if fields is None or node.attr not in fields:
            _no_field(frame, node, value.type, member, list(fields or ()))
            return UNKNOWN
        found.append(fields[node.attr])
    return part(frame, value, node.attr, union(found), node, fallible=False)


def _no_field(
    frame: Frame, node: ast.Attribute, whole: TypeForm, member: TypeForm, fields: Sequence[str]
) -> None:
    attr = node.attr
    shown = f"`{frame.text(node)}`"
    if kind_of(member) == "none":
        frame.report(
            "FLOW015",
            node,
            type=describe(whole),
            field=attr,
            suggestion="",
            hint=f"None has no fields; test `{frame.text(node.value)} is not None` first",
        )
    elif kind_of(member) == "typeddict" and attr in (field_types(member) or {}):
        fix = frame.rewrite(node, f'{frame.text(node.value)}["{attr}"]', "take the key")
        hint = f'write `{frame.text(node.value)}["{attr}"]`'
        frame.report(
            "FLOW015", node, type=describe(member), field=attr, suggestion="", hint=hint, fix=fix
        )
    elif hasattr(member, attr) and not fields:
        frame.report("FLOW008", node, what=f"{shown}, which Python computes,")
    elif hasattr(member, attr):
        frame.report("FLOW008", node, what=f"{shown}, which `{describe(member)}` computes,")
    else:
        suggestion = did_you_mean(attr, fields)
        frame.report(
            "FLOW015",
            node,
            type=describe(member),
            field=attr,
            suggestion=suggestion,
            hint=f"its fields are {', '.join(fields)}" if fields else None,
        )


def part(
    frame: Frame, value: Value, key: str, form: TypeForm, node: ast.AST, *, fallible: bool
) -> Value:
    """Take the part `key` of a value; where it may be missing, at its turn in the program."""
    if isinstance(value, Display):
        if key in value.keys:
            return value.items[value.keys.index(key)]
        value = feed(frame, value, "value", node)
    if isinstance(value, Pending) and value.settled is None:
        frame.pending = [other for other in frame.pending if other is not value]
        value, fallible = value.value, True
    elif isinstance(value, Pending):
        value = value.settled or UNKNOWN
    if isinstance(value, Unknown | Const):
        return UNKNOWN
    if isinstance(value, Cel) or (fallible and frame.inline):
        return _text_part(frame, value, key, form, fallible=fallible)
    ref = Ref(value.alias, (*value.path, key), form, value.narrowed)
    if not fallible:
        return ref
    pending = Pending(ref)
    frame.pending.append(pending)
    return pending


def _text_part(
    frame: Frame, value: Ref | Cel, key: str, form: TypeForm, *, fallible: bool
) -> Value:
    inner = cel.as_cel(frame, value)
    if inner is None:
        return UNKNOWN
    selector = f".{key}" if key.isidentifier() else f"[{cel.literal(key)}]"
    if key.lstrip("-").isdigit() and kinds(value.type) & {"list", "tuple"}:
        selector = f"[{key}]"
    if kinds(value.type) == {"dict"}:
        selector = f"[{cel.literal(key)}]"
    parts = (*cel.wrapped(inner, ATOM), selector)
    return cel.made(frame, parts, form, ATOM, fallible=fallible)


def subscript(frame: Frame, node: ast.Subscript) -> Value:
    """Compile `value[index]`."""
    value = frame.rules.expression(frame, node.value)
    if isinstance(node.slice, ast.Slice):
        frame.report("FLOW008", node, what="a slice")
        return UNKNOWN
    index = frame.rules.expression(frame, node.slice)
    if isinstance(value, Unknown) or isinstance(index, Unknown):
        return UNKNOWN
    found = kinds(value.type)
    if isinstance(index, Const) and type(index.value) in (int, str):
        return narrowed(frame, node, _constant_index(frame, node, value, index.value))
    wanted = "int" if found <= {"list", "tuple"} else "str" if found == {"dict"} else None
    if "any" in found or (wanted is not None and kinds(index.type) <= {wanted, "any"}):
        return _computed_index(frame, node, value, index)
    return _bad_index(frame, node, value, index)


def _constant_index(frame: Frame, node: ast.Subscript, value: Value, key: int | str) -> Value:
    if isinstance(value, Const):
        try:
            return as_constant(value.value[key]) or UNKNOWN
        except (LookupError, TypeError):
            return _bad_index(frame, node, value, Const(key, type(key)))
    found = kinds(value.type)
    if found == {"typeddict"} and isinstance(key, str):
        return _key(frame, node, value, key)
    items = tuple_items(value.type)
    if items is not None and isinstance(key, int):
        if not -len(items) <= key < len(items):
            return _bad_index(frame, node, value, Const(key, int))
        return part(frame, value, str(key % len(items)), items[key], node, fallible=False)
    fits = found <= {"list", "tuple"} if isinstance(key, int) else found == {"dict"}
    if not fits and "any" not in found:
        return _bad_index(frame, node, value, Const(key, type(key)))
    if isinstance(key, int) and key < 0 and (frame.inline or isinstance(value, Cel)):
        return _computed_index(frame, node, value, Const(key, int))
    form = ANY if "any" in found else item_type(value.type)
    return part(frame, value, str(key), form, node, fallible=True)


def _key(frame: Frame, node: ast.Subscript, value: Value, key: str) -> Value:
    found: list[TypeForm] = []
    always = True
    for member in members(value.type):
        fields = field_types(member) or {}
        if key not in fields:
            suggestion = did_you_mean(key, fields)
            kind = describe(member)
            frame.report("FLOW015", node, type=kind, field=key, suggestion=suggestion)
            return UNKNOWN
        found.append(fields[key])
        always = always and key in required_keys(member)
    return part(frame, value, key, union(found), node, fallible=not always)


def _computed_index(frame: Frame, node: ast.Subscript, value: Value, index: Value) -> Value:
    if isinstance(value, Display | Const):
        value = feed(frame, value, "value", node)
    inner, key = cel.as_cel(frame, value), cel.as_cel(frame, index)
    if inner is None or key is None:
        return UNKNOWN
    parts: tuple[str | Ref, ...] = (*cel.wrapped(inner, ATOM), "[", *key.parts, "]")
    if "int" in kinds(index.type):
        # Python counts negative indices from the end.
        size = ("size(", *inner.parts, ")")
        at = cel.wrapped(key, ADD + 1)
        parts = (
            *cel.wrapped(inner, ATOM),
            "[",
            *cel.wrapped(key, ADD),
            " < 0 ? ",
            *size,
            " + ",
            *at,
            " : ",
            *key.parts,
            "]",
        )
    form = ANY if is_any(value.type) else item_type(value.type)
    return cel.made(frame, parts, form, ATOM, fallible=True)


def _bad_index(frame: Frame, node: ast.Subscript, value: Value, index: Value) -> Value:
    given = f"`{index.value!r}`" if isinstance(index, Const) else describe(index.type)
    frame.report(
        "FLOW029",
        node,
        expression=frame.text(node),
        why=f"{describe(value.type)} is not indexed with {given} in a flow",
    )
    return UNKNOWN
