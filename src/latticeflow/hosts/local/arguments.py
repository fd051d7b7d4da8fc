"""The inputs of a run: from a call or from JSON to the record the trigger holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from latticeflow.diagnostics import Diagnostic, UsageError, report
from latticeflow.hosts.local.preparing import Prepared


def bind_arguments(
    prepared: Prepared, inputs: Sequence[Any], named: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the inputs of a flow by name, as a call of a function binds them.

    Raises:
        UsageError: one is missing, given twice or not known (RUN101).
    """
    ports = prepared.flow.inputs
    names = list(ports)
    found: list[Diagnostic] = []

    def refuse(why: str) -> None:
        found.append(report("RUN101", flow=prepared.flow.name, why=why))

    if len(inputs) > len(names):
        refuse(f"it takes {len(names)} inputs, {len(inputs)} were given")
    arguments = dict(zip(names, inputs, strict=False))
    for name, value in named.items():
        if name not in ports or name in arguments:
            refuse(f"`{name}` {'is given twice' if name in ports else 'is no input of it'}")
        arguments[name] = value
    for name, port in ports.items():
        if name in arguments:
            continue
        if port.required:
            refuse(f"`{name}` is missing")
        else:
            arguments[name] = port.default
    if found:
        raise UsageError(diagnostics=tuple(found))
    return arguments


def decode_arguments(prepared: Prepared, given: object) -> dict[str, Any]:
    """Return the inputs that a JSON value states, decoded to what the flow is typed for.

    A flow with one input takes the value itself or an object with just that name; a flow with
    several takes an object by name.

    Raises:
        UsageError: something is missing, not known, or of another type (RUN101).
    """
    ports = prepared.flow.inputs
    if given is None:
        named: dict[str, Any] = {}
    elif isinstance(given, dict) and (set(given) <= set(ports)):
        named = dict(given)
    elif len(ports) == 1:
        named = {next(iter(ports)): given}
    elif isinstance(given, dict):
        named = given
    else:
        why = f"it takes {len(ports)} inputs by name: {', '.join(ports) or 'none'}"
        raise UsageError(diagnostics=(report("RUN101", flow=prepared.flow.name, why=why),))
    arguments = bind_arguments(prepared, (), named)
    found: list[Diagnostic] = []
    for name, value in arguments.items():
        decode = prepared.decode.get(name)
        if decode is None or name not in named:
            continue
        try:
            arguments[name] = decode(value)
        except (ValueError, TypeError) as exc:
            why = f"`{name}`: {exc}"
            found.append(report("RUN101", flow=prepared.flow.name, why=why))
    if found:
        raise UsageError(diagnostics=tuple(found))
    return arguments
