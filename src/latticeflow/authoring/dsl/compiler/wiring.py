"""From values to nodes and edges: what feeds a step, and the built-in steps that carry values."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping, Sequence

from latticeflow.authoring.dsl.compiler.graph import Step, typed_port
from latticeflow.authoring.dsl.compiler.schemas import schema_of
from latticeflow.authoring.dsl.compiler.session import Frame
from latticeflow.authoring.dsl.compiler.types import ANY, TypeForm, is_any
from latticeflow.authoring.dsl.compiler.values import (
    UNKNOWN,
    Cel,
    Const,
    Display,
    Pending,
    Ref,
    Unknown,
    Value,
)
from latticeflow.flow.model import Port, SchemaRef

VALUE = "value"
"""The port of a step that carries one value on."""

_NOT_A_NAME = re.compile(r"\W")
_CEL_WORDS = frozenset(
    (
        *("as", "break", "const", "continue", "else", "false", "for", "function", "if", "import"),
        *("in", "let", "loop", "package", "namespace", "null", "return", "true", "var", "void"),
        *("while", "size", "int", "double", "string", "bool", "bytes", "timestamp", "duration"),
        *("math", "has", "dyn", "type", "all", "exists", "exists_one", "map", "filter"),
    )
)


def place(
    frame: Frame, step: Step, feeds: Mapping[str, Ref | Const | list[Ref]], at: ast.AST
) -> str:
    """Add a node; what may fail and stands before it in the program gets its node first."""
    flush(frame, at)
    return frame.graph.add(step, feeds, frame.span(at))


def flush(frame: Frame, at: ast.AST) -> None:
    """Give everything that may fail and waits for a node its node, in order."""
    while frame.pending:
        waiting = frame.pending
        frame.pending = []
        for pending in waiting:
            value = pending.value
            if isinstance(value, Cel):
                pending.settled = _evaluate(frame, value, "value", at, can_fail=True)
            else:
                pending.settled = carry(frame, value, "value", at, can_fail=True)


def feeds_of(frame: Frame, values: Sequence[Value], at: ast.AST) -> list[Ref | Const | Unknown]:
    """Return what feeds a step from `values`, making the nodes they need.

    A part that may be missing is taken by the step itself if nothing else happens before.
    """
    flat = [inner for value in values for inner in _flat(value)]
    direct = all(isinstance(value, Pending | Const | Ref | Unknown) for value in values) and all(
        pending in values and isinstance(pending.value, Ref) for pending in frame.pending
    )
    if direct:
        frame.pending = []
    elif any(isinstance(inner, Pending) for inner in flat):
        flush(frame, at)
    return [_feed(frame, value, "value", at) for value in values]


def feed(frame: Frame, value: Value, hint: str, at: ast.AST) -> Ref | Const | Unknown:
    """Return what feeds a step from one value; see `feeds_of`."""
    if isinstance(value, Pending) and frame.pending == [value] and isinstance(value.value, Ref):
        frame.pending = []
    elif frame.pending:
        flush(frame, at)
    return _feed(frame, value, hint, at)


def settle(frame: Frame, value: Value, hint: str, at: ast.AST) -> Value:
    """Return `value` as it is bound to a name: computed here, and once.

    A tuple stays apart, so that it can be unpacked; everything else that is not a constant or a
    part of a step's value becomes a step called `hint`.
    """
    if isinstance(value, Pending):
        if value.settled is None and frame.pending == [value]:
            frame.pending = []
            inner = value.value
            if isinstance(inner, Cel):
                value.settled = _evaluate(frame, inner, hint, at, can_fail=True)
            else:
                value.settled = carry(frame, inner, hint, at, can_fail=True)
        else:
            flush(frame, at)
        return value.settled or UNKNOWN
    if frame.pending:
        flush(frame, at)
    if isinstance(value, Display) and value.kind == "tuple":
        items = tuple(settle(frame, item, hint, at) for item in value.items)
        return Display("tuple", value.keys, items, value.type)
    return _feed(frame, value, hint, at)


def _feed(frame: Frame, value: Value, hint: str, at: ast.AST) -> Ref | Const | Unknown:
    if isinstance(value, Pending):
        if value.settled is not None:
            return value.settled
        if isinstance(value.value, Ref):
            return value.value
        return _evaluate(frame, value.value, hint, at, can_fail=True)
    if isinstance(value, Cel):
        return _evaluate(frame, value, hint, at, can_fail=False)
    if isinstance(value, Display):
        return assemble(frame, value, hint, at)
    return value


def carry(
    frame: Frame, value: Ref | Const, hint: str, at: ast.AST, *, can_fail: bool = False
) -> Ref:
    """Add a step that hands one value on, untouched; it stands in the branch it is made in."""
    record: dict[str, TypeForm] = {VALUE: value.type}
    step = Step(
        alias=hint,
        identifier="std.record",
        name="Value",
        can_fail=can_fail,
        ports={VALUE: typed_port(value.type)},
        output=record_schema(record),
    )
    alias = frame.graph.add(step, {VALUE: value}, frame.span(at))
    return Ref(alias, (VALUE,), value.type)


def assemble(frame: Frame, value: Display, hint: str, at: ast.AST) -> Ref | Unknown:
    """Add the step that makes a list, tuple or record of values."""
    found = [_feed(frame, item, hint, at) for item in value.items]
    feeds: dict[str, Ref | Const | list[Ref]] = {}
    ports: dict[str, Port] = {}
    for key, item in zip(value.keys, found, strict=True):
        if isinstance(item, Unknown):
            return UNKNOWN
        feeds[key] = item
        ports[key] = typed_port(item.type)
    output = (
        record_schema({key: item.type for key, item in zip(value.keys, found, strict=True)})
        if value.kind == "record"
        else schema_of(value.type)
    )
    step = Step(
        alias=hint,
        identifier=f"std.{value.kind}",
        name=value.kind.capitalize(),
        can_fail=False,
        ports=ports,
        output=output,
    )
    return Ref(frame.graph.add(step, feeds, frame.span(at)), (), value.type)


def merge(frame: Frame, refs: list[Ref], form: TypeForm, hint: str, at: ast.AST) -> Ref:
    """Add the step that takes the first of `refs` that was not skipped."""
    step = Step(
        alias=hint,
        identifier="std.merge",
        name="Merge",
        can_fail=False,
        ports={VALUE: typed_port(form)},
        output=schema_of(form),
    )
    alias = frame.graph.add(step, {VALUE: refs}, frame.span(at))
    config = {"v": 1, "target": alias}
    frame.graph.surface("merge", alias, [alias], config, frame.span(at))
    return Ref(alias, (), form)


def _evaluate(frame: Frame, value: Cel, hint: str, at: ast.AST, *, can_fail: bool) -> Ref:
    value = _widened(value)
    names = port_names(part for part in value.parts if isinstance(part, Ref))
    text = "".join(part if isinstance(part, str) else names[part] for part in value.parts)
    step = Step(
        alias=hint,
        identifier="std.expr",
        name="Expression",
        can_fail=can_fail,
        ports={name: typed_port(ref.type) for ref, name in names.items()},
        output=schema_of(value.type),
        fields={"config": {"expr": text}},
    )
    feeds = {name: ref for ref, name in names.items()}
    return Ref(frame.graph.add(step, feeds, frame.span(at)), (), value.type)


def _widened(value: Cel) -> Cel:
    """Read a part once, with the wider type where a condition in the text narrows it."""
    wide: dict[tuple[str, tuple[str, ...]], Ref] = {}
    for part in value.parts:
        if isinstance(part, Ref):
            key = (part.alias, part.path)
            if key not in wide or (wide[key].narrowed and not part.narrowed):
                wide[key] = part
    parts = tuple(
        part if isinstance(part, str) else wide[part.alias, part.path] for part in value.parts
    )
    return Cel(parts, value.type, value.level)


def port_names(refs: Iterable[Ref]) -> dict[Ref, str]:
    """Give each part that an expression reads a name that CEL takes and people recognise."""
    found: dict[Ref, str] = {}
    taken: set[str] = set()
    for ref in refs:
        if ref in found:
            continue
        path = ref.path
        words = path if ref.alias == "input" and path else (ref.alias, *path)
        if words[-1:] == (VALUE,) and len(words) > 1:
            words = words[:-1]
        name = _NOT_A_NAME.sub("_", "_".join(words)) or VALUE
        if name[0].isdigit() or name in _CEL_WORDS:
            name = f"{name}_" if not name[0].isdigit() else f"_{name}"
        unique, number = name, 2
        while unique in taken:
            unique, number = f"{name}_{number}", number + 1
        taken.add(unique)
        found[ref] = unique
    return found


def record_schema(fields: Mapping[str, TypeForm], optional: Iterable[str] = ()) -> SchemaRef:
    """Return the schema of a record with fields of the given types."""
    absent = frozenset(optional)
    definitions: dict[str, object] = {}
    properties: dict[str, object] = {}
    for name, form in fields.items():
        schema = {} if is_any(form) else dict(schema_of(form).schema or {})
        inner = schema.pop("$defs", {})
        if any(definitions.get(key, part) != part for key, part in inner.items()):
            # Two types of one name: the field stays open rather than wrong.
            schema = {}
        else:
            definitions.update(inner)
        properties[name] = schema
    found: dict[str, object] = {"type": "object", "properties": properties}
    required = [name for name in fields if name not in absent]
    if required:
        found["required"] = required
    if definitions:
        found["$defs"] = definitions
    return SchemaRef(kind="inline", schema=found)


def _flat(value: Value) -> Iterable[Value]:
    if isinstance(value, Display):
        for item in value.items:
            yield from _flat(item)
    else:
        yield value


def type_of(value: Value) -> TypeForm:
    """Return the type of a value, `Any` after a mistake."""
    return ANY if isinstance(value, Unknown) else value.type
