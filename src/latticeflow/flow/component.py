"""What a node's identifier resolves to: its declaration, and the thing that runs it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import msgspec

from latticeflow.flow.lattice import Determinism, Effects
from latticeflow.flow.model import Idempotency, Node, Port, Retry, SchemaRef, SinkContract, Span


class NodeSpec(msgspec.Struct, kw_only=True, frozen=True):
    """What a component declares about itself; one model for every kind of component.

    `capabilities` maps a parameter to a capability id such as `kv.write`. `claimed` tells whether
    effects and determinism were stated by the author rather than inferred. `sink` is in a
    node's `config`.
    """

    identifier: str
    name: str
    effects: Effects
    determinism: Determinism
    summary: str | None = None
    inputs: dict[str, Port] = {}
    output: SchemaRef = msgspec.field(default_factory=SchemaRef)
    effect_hints: tuple[str, ...] = ()
    determinism_hints: tuple[str, ...] = ()
    idempotency: Idempotency = msgspec.field(default_factory=Idempotency)
    sink: SinkContract | None = None
    retry: Retry | None = None
    timeout_ms: int | None = None
    compensate: str | None = None
    capabilities: dict[str, str] = {}
    claimed: bool = False
    cpu_bound: bool = False
    variadic: str | None = None
    code_digest: str | None = None
    span: Span | None = None


class Component(msgspec.Struct, frozen=True):
    """A declaration and, where it can run here, its implementation.

    `call` takes the inputs: names in `positional` by position, the rest by keyword. A coroutine
    function is awaited. `decode` maps an input name to a function from JSON to the type the
    implementation expects; `decode_output` does so for its result. A component whose work depends
    on the node's `config` has `bind` instead of `call`: given the node it returns the callable.
    """

    spec: NodeSpec
    call: Callable[..., Any] | None = None
    is_async: bool = False
    positional: tuple[str, ...] = ()
    decode: Mapping[str, Callable[[Any], Any]] = msgspec.field(default_factory=dict)
    decode_output: Callable[[Any], Any] | None = None
    bind: Callable[[Node], Callable[..., Any]] | None = None


class Catalog(Mapping[str, Component]):
    """The components a flow may use, by identifier."""

    __slots__ = ("_components",)

    def __init__(self, components: Iterable[Component] = ()) -> None:
        self._components = {component.spec.identifier: component for component in components}

    def __getitem__(self, identifier: str) -> Component:
        return self._components[identifier]

    def __iter__(self) -> Iterator[str]:
        return iter(self._components)

    def __len__(self) -> int:
        return len(self._components)

    def with_components(self, components: Iterable[Component]) -> Catalog:
        """Return a catalog that also holds `components`; on a clash the given ones win."""
        return Catalog([*self._components.values(), *components])
