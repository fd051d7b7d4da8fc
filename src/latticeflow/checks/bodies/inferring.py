"""From a component to what its body supports: the body and all it reaches."""

from __future__ import annotations

from types import BuiltinFunctionType, FunctionType

import msgspec

from latticeflow.checks.bodies.known import KnownCalls, shipped
from latticeflow.checks.bodies.model import Finding, Kind, Reading
from latticeflow.checks.bodies.projects import readable
from latticeflow.checks.bodies.reading import Local, read_function
from latticeflow.diagnostics.model import Range
from latticeflow.flow.component import Component
from latticeflow.flow.lattice import (
    Determinism,
    Effects,
    join_determinism,
    join_effects,
)

MAX_REACHED = 500
"""How many functions one body may reach before the rest counts as unknown."""


class BodyReader:
    """Reads bodies and remembers them; one per check, or one for as long as sources stay.

    Args:
        known: What is known of calls that cannot be read.
    """

    def __init__(self, known: KnownCalls | None = None) -> None:
        self._known = known if known is not None else shipped()
        self._locals: dict[tuple[FunctionType, frozenset[str]], Local | None] = {}
        self._readings: dict[int, tuple[Component, Reading]] = {}

    def read(self, component: Component) -> Reading:
        """Return what the body of `component` supports, not counting its capabilities.

        Never raises for what a body holds: what cannot be read lowers the answer.
        """
        found = self._readings.get(id(component))
        if found is not None and found[0] is component:
            return found[1]
        reading = self._read(component)
        # Holding the component keeps its id from being used again.
        self._readings[id(component)] = (component, reading)
        return reading

    def effects_of(self, component: Component) -> tuple[Effects, Determinism]:
        """Return effects and determinism: what is claimed, else what is inferred.

        The floors of the component's capabilities, which its declaration holds, always count.
        """
        spec = component.spec
        effects, determinism = self.inferred(component)
        return (
            join_effects((spec.effects, effects)),
            join_determinism((spec.determinism, determinism)),
        )

    def inferred(self, component: Component) -> tuple[Effects, Determinism]:
        """Return what the body adds where nothing is claimed; pure and strict where it is."""
        claims_effects, claims_determinism = claimed_axes(component)
        if claims_effects and claims_determinism:
            return Effects.PURE, Determinism.STRICT
        reading = self.read(component)
        return (
            Effects.PURE if claims_effects else reading.effects,
            Determinism.STRICT if claims_determinism else reading.determinism,
        )

    def _read(self, component: Component) -> Reading:
        function = function_of(component)
        if function is None:
            return self._opaque(component)
        capabilities = frozenset(component.spec.capabilities)
        local = self._local(function, capabilities)
        if local is None:
            what = component.spec.identifier
            return _joined([Finding(Kind.NO_SOURCE, what)])
        return _joined(self._reached(local))

    def _opaque(self, component: Component) -> Reading:
        call = component.call
        if call is None or isinstance(call, type):
            # A data type's constructor, or a component whose implementation is the product's.
            return _joined([])
        name = self._known.name_of(call) or (
            f"{getattr(call, '__module__', None)}.{getattr(call, '__qualname__', '')}"
        )
        is_known, kind = self._known.find(name)
        if isinstance(call, BuiltinFunctionType) and is_known:
            return _joined([] if kind is None else [Finding(kind, name)])
        if component.spec.identifier.startswith("std."):
            return _joined([])
        return _joined([Finding(Kind.NO_SOURCE, component.spec.identifier)])

    def _reached(self, local: Local) -> list[Finding]:
        found = [*local.findings, *local.to_arguments]
        seen: set[FunctionType] = set()
        open_: list[tuple[tuple[str, ...], FunctionType, Range]] = [
            ((name,), function, at) for name, function, at in reversed(local.callees)
        ]
        while open_:
            through, function, at = open_.pop()
            if function in seen:
                continue
            seen.add(function)
            inner = self._local(function, frozenset())
            if inner is None or len(seen) > MAX_REACHED:
                *before, last = through
                unread = Finding(Kind.UNKNOWN, last, local.file, at, tuple(before), at, local.file)
                found.append(unread)
                continue
            found += [
                msgspec.structs.replace(f, through=through, called_at=at, called_in=local.file)
                for f in inner.findings
            ]
            open_ += [((*through, name), next_, at) for name, next_, _ in reversed(inner.callees)]
        return found

    def _local(self, function: FunctionType, capabilities: frozenset[str]) -> Local | None:
        key = (function, capabilities)
        if key not in self._locals:
            self._locals[key] = read_function(function, self._known, capabilities)
        return self._locals[key]


def function_of(component: Component) -> FunctionType | None:
    """Return the plain Python function that a component runs, if it is one."""
    call = component.call
    if call is None or isinstance(call, type) or component.spec.identifier.startswith("std."):
        return None
    return readable(call)


def claimed_axes(component: Component) -> tuple[bool, bool]:
    """Tell whether the author claimed the effects, and the determinism, of a component."""
    options = getattr(function_of(component), "__lattice_node__", None)
    if options is None:
        return component.spec.claimed, component.spec.claimed
    return (
        getattr(options, "effects", None) is not None,
        getattr(options, "determinism", None) is not None,
    )


def _joined(findings: list[Finding]) -> Reading:
    floors = [f.inferred for f in findings]
    return Reading(
        effects=join_effects(f.effects for f in floors),
        determinism=join_determinism(f.determinism for f in floors),
        findings=tuple(findings),
    )
