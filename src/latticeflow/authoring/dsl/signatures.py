"""Read a function's signature: which parameters are inputs and which are capabilities."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from latticeflow.authoring.dsl.annotations import (
    Annotation,
    evaluated_hints,
    plain_type,
    union_members,
)
from latticeflow.authoring.dsl.decoding import Decode, decoder
from latticeflow.authoring.dsl.granting import Granted
from latticeflow.authoring.dsl.schemas import required_keys, schema_ref, without_required
from latticeflow.capabilities import capability_of
from latticeflow.diagnostics import CheckError, Diagnostic, Location, report
from latticeflow.flow.model import Json, Port
from latticeflow.runs import UnencodableValueError, to_json

_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
NOTHING = inspect.Parameter.empty


class Signature(msgspec.Struct):
    """What a component takes and gives, read off its signature."""

    ports: dict[str, Port] = msgspec.field(default_factory=dict)
    decode: dict[str, Decode] = msgspec.field(default_factory=dict)
    capabilities: dict[str, str] = msgspec.field(default_factory=dict)
    positional: list[str] = msgspec.field(default_factory=list)
    variadic: str | None = None
    returns: Annotation = NOTHING


def read_signature(fn: Callable[..., Any], location: Location | None) -> Signature:
    """Return what the signature of a node function says.

    Raises:
        CheckError: FLOW012, an annotation cannot be evaluated; FLOW070, it takes `**keywords`;
            CAP112, a parameter is granted whose type is no capability. All of them at once.
    """
    name = fn.__name__
    hints = evaluated_hints(inspect.unwrap(fn), location)
    read = Signature(returns=hints.get("return", NOTHING))
    findings: list[Diagnostic] = []
    in_a_row = True
    for parameter in inspect.signature(fn).parameters.values():
        annotation = hints.get(parameter.name, Any)
        capability = _capability(annotation)
        if parameter.kind is inspect.Parameter.VAR_KEYWORD:
            found = report("FLOW070", parameter=parameter.name, node=name, location=location)
            findings.append(found)
        elif capability is not None:
            read.capabilities[parameter.name] = capability
            in_a_row = False  # what is granted comes by name, so nothing after it by position
        elif isinstance(parameter.default, Granted):
            shown = inspect.formatannotation(annotation)
            findings.append(
                report("CAP112", name=parameter.name, node=name, type=shown, location=location)
            )
        else:
            _add_port(read, parameter, annotation)
            if in_a_row and parameter.kind in _POSITIONAL:
                read.positional.append(parameter.name)
    if findings:
        raise CheckError("", tuple(findings))
    return read


def read_fields(kind: type, fields: Mapping[str, Annotation]) -> Signature:
    """Return what the constructor of a data type takes; `fields` are the types of its fields."""
    read = Signature(returns=kind)
    if typing.is_typeddict(kind):  # has no signature, and takes what it has by name
        required = required_keys(kind, fields)
        for name, annotation in fields.items():
            parameter = inspect.Parameter(
                name,
                inspect.Parameter.KEYWORD_ONLY,
                default=NOTHING if name in required else None,
            )
            _add_port(read, parameter, without_required(annotation))
        return read
    for parameter in inspect.signature(kind).parameters.values():
        if parameter.name not in fields:
            continue
        _add_port(read, parameter, fields[parameter.name])
        if parameter.kind in _POSITIONAL:
            read.positional.append(parameter.name)
    return read


def _add_port(read: Signature, parameter: inspect.Parameter, annotation: Annotation) -> None:
    name = parameter.name
    if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
        read.variadic = name
        read.ports[name] = Port(schema=schema_ref(annotation), required=False)
    else:
        required = parameter.default is NOTHING
        read.ports[name] = Port(
            schema=schema_ref(annotation),
            required=required,
            default=None if required else _default(parameter.default),
            summary=_summary(annotation),
        )
    decode = decoder(annotation)
    if decode is not None:
        read.decode[name] = decode


def _default(value: object) -> Json:
    try:
        return to_json(value)
    except UnencodableValueError:
        # The function's own default is used where nothing feeds the port.
        return None


def _summary(annotation: Annotation) -> str | None:
    for meta in getattr(annotation, "__metadata__", ()):
        if isinstance(meta, msgspec.Meta) and meta.description:
            return meta.description
    return None


def _capability(annotation: Annotation) -> str | None:
    kind = plain_type(annotation)
    for member in union_members(kind) or (kind,):
        found = capability_of(plain_type(member))
        if found is not None:
            return found
    return None
