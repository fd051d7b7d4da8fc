"""What a Python function, or a data type, declares as a component."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import typing
from collections.abc import Callable
from types import FunctionType
from typing import Any
from weakref import WeakKeyDictionary

import msgspec

from latticeflow.authoring.dsl.annotations import is_pydantic_model
from latticeflow.authoring.dsl.code_digests import class_digest, code_digest, definition_of
from latticeflow.authoring.dsl.decoding import decoder
from latticeflow.authoring.dsl.durations import duration_ms
from latticeflow.authoring.dsl.naming import file_label, identifier_of
from latticeflow.authoring.dsl.options import NodeOptions, node_options
from latticeflow.authoring.dsl.schemas import field_types, schema_ref
from latticeflow.authoring.dsl.signatures import NOTHING, Signature, read_fields, read_signature
from latticeflow.capabilities import CAPABILITIES, HINTS, Floor
from latticeflow.diagnostics import CheckError, Location, Range, report
from latticeflow.flow.component import Component, NodeSpec
from latticeflow.flow.identity import canonical_json
from latticeflow.flow.lattice import Determinism, Effects
from latticeflow.flow.model import OPAQUE, Idempotency, Span

_COMPONENTS: WeakKeyDictionary[Any, Component] = WeakKeyDictionary()
_UNKNOWN = Floor(Effects.EFFECTFUL, Determinism.NONDETERMINISTIC)


def component_of(thing: Callable[..., Any]) -> Component:
    """Return the component that a node function or a data type is. The same one each time.

    A function that no decorator marked is read as if `@node` had. Effects and determinism are
    what was claimed, else the floor of the capabilities; the body is the checker's to read.

    Raises:
        CheckError: It cannot be a component; its diagnostics say why, all of it.
    """
    found = _COMPONENTS.get(thing)
    if found is None:
        found = _COMPONENTS[thing] = _make(thing)
    return found


def inline_component(fn: FunctionType, identifier: str, name: str) -> Component:
    """Return the component of a function that exists in one graph only; lambdas are welcome.

    Raises:
        CheckError: It cannot be a component.
    """
    made = _from_function(fn)
    spec = msgspec.structs.replace(made.spec, identifier=identifier, name=name)
    return msgspec.structs.replace(made, spec=spec)


def is_data_type(kind: object) -> bool:
    """Tell whether calling `kind` only builds a value: a record type of any of the known kinds."""
    return isinstance(kind, type) and (
        dataclasses.is_dataclass(kind)
        or issubclass(kind, msgspec.Struct)
        or typing.is_typeddict(kind)
        or (issubclass(kind, tuple) and hasattr(kind, "_fields"))
        or is_pydantic_model(kind)
    )


def _make(thing: Callable[..., Any]) -> Component:
    if isinstance(thing, type) and is_data_type(thing):
        return _from_type(thing)
    if not isinstance(thing, FunctionType):
        raise _refused(thing, _kind_of(thing))
    if thing.__name__ == "<lambda>":
        raise _refused(thing, "a lambda")
    if _is_method(thing):
        raise _refused(thing, "a method")
    if inspect.isgeneratorfunction(thing):
        raise CheckError("", (report("FLOW071", node=thing.__name__, location=_place(thing)),))
    return _from_function(thing)


def _from_function(fn: FunctionType) -> Component:
    options = node_options(fn) or NodeOptions()
    read = read_signature(fn, _place(fn))
    digest = code_digest(fn)
    returns = read.returns
    streams = inspect.isasyncgenfunction(fn)
    effect_hints, determinism_hints, floor = _floor(read)
    compensate = options.compensate
    spec = NodeSpec(
        identifier=_identifier(fn, digest),
        name=options.name or fn.__name__,
        summary=_summary(fn),
        effects=options.effects or floor.effects,
        determinism=options.determinism or floor.determinism,
        claimed=options.claims,
        inputs=read.ports,
        output=OPAQUE if returns is NOTHING else schema_ref(returns),
        effect_hints=effect_hints,
        determinism_hints=determinism_hints,
        idempotency=Idempotency(
            key=options.idempotency,
            scope=options.idempotency_scope,
            ttl_ms=None
            if options.idempotency_ttl is None
            else duration_ms(options.idempotency_ttl),
        ),
        sink=options.sink,
        retry=options.retry,
        timeout_ms=None if options.timeout is None else duration_ms(options.timeout),
        compensate=None if compensate is None else component_of(compensate).spec.identifier,
        capabilities=read.capabilities,
        cpu_bound=options.cpu_bound,
        variadic=read.variadic,
        code_digest=digest,
        span=_span(fn),
    )
    return Component(
        spec=spec,
        call=fn,
        is_async=inspect.iscoroutinefunction(fn),
        positional=tuple(read.positional),
        decode=read.decode,
        decode_output=None if streams or returns is NOTHING else decoder(returns),
    )


def _from_type(kind: type) -> Component:
    if "<locals>" in kind.__qualname__:
        raise _refused(kind, "a class inside a function")
    read = read_fields(kind, field_types(kind))
    output = schema_ref(kind)
    spec = NodeSpec(
        identifier=identifier_of(kind),
        name=kind.__name__,
        summary=_summary(kind),
        effects=Effects.PURE,
        determinism=Determinism.STRICT,
        claimed=True,
        inputs=read.ports,
        output=output,
        code_digest=class_digest(kind, canonical_json(output)),
    )
    return Component(
        spec=spec,
        call=kind,
        positional=tuple(read.positional),
        decode=read.decode,
        decode_output=decoder(kind),
    )


def _floor(read: Signature) -> tuple[tuple[str, ...], tuple[str, ...], Floor]:
    """Return the hints the capabilities leave, and the least the node may claim."""
    effect_hints: dict[str, None] = {}
    determinism_hints: dict[str, None] = {}
    floor = Floor()
    for identifier in read.capabilities.values():
        known = CAPABILITIES.get(identifier)
        if known is None:
            # Somebody's own capability. Its floor is in a table only the check is given.
            family, _, action = identifier.partition(".")
            determinism_hints[f"resource::{family}"] = None
            if action:
                effect_hints[f"resource::{family}::{action}"] = None
            floor = floor.joined(_UNKNOWN)
        else:
            effect_hints.update(dict.fromkeys(known.effect_hints))
            determinism_hints.update(dict.fromkeys(known.determinism_hints))
            floor = floor.joined(HINTS.floor((*known.effect_hints, *known.determinism_hints)))
    return tuple(effect_hints), tuple(determinism_hints), floor


def _identifier(fn: FunctionType, digest: str) -> str:
    # Functions that one factory makes share their name; what they hold tells them apart.
    plain = identifier_of(fn)
    made = "<locals>" in plain and (fn.__closure__ or fn.__defaults__ or fn.__kwdefaults__)
    return f"{plain}#{digest[7:15]}" if made else plain


def _is_method(fn: FunctionType) -> bool:
    owner = fn.__qualname__.rpartition(".")[0]
    return bool(owner) and not owner.endswith("<locals>")


def _kind_of(thing: object) -> str:
    if isinstance(thing, type):
        return "a class that is no data type"
    if inspect.ismethod(thing):
        return "a method"
    return "a builtin" if inspect.isbuiltin(thing) else f"a {type(thing).__name__} object"


def _refused(thing: Callable[..., Any], what: str) -> CheckError:
    name = getattr(thing, "__qualname__", None) or type(thing).__qualname__
    place = _place(thing) if isinstance(thing, FunctionType) else None
    return CheckError("", (report("FLOW003", name=name, what=what, location=place),))


def _summary(thing: FunctionType | type) -> str | None:
    text = inspect.cleandoc(vars(thing).get("__doc__") or thing.__doc__ or "")
    first = text.partition("\n\n")[0].replace("\n", " ").strip()
    # A dataclass without a docstring is given its signature as one.
    return None if not first or first.startswith(f"{thing.__name__}(") else first


def _span(fn: FunctionType) -> Span | None:
    fn = _written(fn)
    tree = definition_of(fn.__code__, fn.__globals__)
    if tree is None:
        return None
    end = getattr(tree, "body", [tree])
    line = tree.lineno
    column = tree.col_offset + 1
    last = end[-1] if isinstance(end, list) else end
    return Span(
        file=file_label(fn.__code__.co_filename),
        line=line,
        column=column,
        end_line=last.end_lineno or line,
        end_column=(last.end_col_offset or 0) + 1,
    )


def _place(fn: FunctionType) -> Location:
    """Return where a message about `fn` points: its `def` line."""
    fn = _written(fn)
    tree = definition_of(fn.__code__, fn.__globals__)
    line = fn.__code__.co_firstlineno if tree is None else tree.lineno
    column = 1 if tree is None else tree.col_offset + 1
    written = f"{'async ' if isinstance(tree, ast.AsyncFunctionDef) else ''}def {fn.__name__}"
    end = column + (len("lambda") if isinstance(tree, ast.Lambda) else len(written))
    file = file_label(fn.__code__.co_filename)
    return Location(file=file, range=Range.of(line, column, line, end))


def _written(fn: FunctionType) -> FunctionType:
    """Return the function that stands in the source, under wrappers."""
    inner = inspect.unwrap(fn)
    return inner if isinstance(inner, FunctionType) else fn
