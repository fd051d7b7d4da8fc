"""`FlowBuilder`: a graph made step by step, for generated flows and importers.

Only its edges order the steps; there is no "as if sequential" here.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from types import FrameType, FunctionType
from typing import Any

import msgspec

from latticeflow.authoring.dsl.annotations import Annotation
from latticeflow.authoring.dsl.call_sites import Sites, call_site
from latticeflow.authoring.dsl.compiler import compile_flow
from latticeflow.authoring.dsl.components import component_of, inline_component
from latticeflow.authoring.dsl.decoding import Decode, decoder
from latticeflow.authoring.dsl.node_fields import node_fields
from latticeflow.authoring.dsl.options import flow_options, node_options
from latticeflow.authoring.dsl.schemas import schema_ref
from latticeflow.authoring.model import Authored
from latticeflow.diagnostics import CheckError, UsageError, did_you_mean, report
from latticeflow.flow.component import Catalog, Component
from latticeflow.flow.identity import DEVELOPMENT_VERSION, flow_id, node_id
from latticeflow.flow.lattice import Determinism, Effects, join_determinism, join_effects
from latticeflow.flow.model import (
    OPAQUE,
    DurabilityMode,
    DurabilityPolicy,
    Edge,
    Entrypoint,
    Flow,
    Json,
    Metadata,
    Node,
    Output,
    Policies,
    Port,
    SchemaRef,
)
from latticeflow.runs import to_json

INPUT = "input"
_REQUIRED: Any = object()


class Handle(msgspec.Struct, frozen=True):
    """The output of a node that was added, or a part of it: `order["items"][0]`."""

    alias: str
    select: str = ""

    def __getitem__(self, key: str | int) -> Handle:
        """Return the part under a field's name, a key, or a position in a list."""
        escaped = str(key).replace("~", "~0").replace("/", "~1")
        return Handle(self.alias, f"{self.select}/{escaped}")


class FlowBuilder:
    """Builds a flow from nodes and edges.

        builder = FlowBuilder("invoice")
        order = builder.input("order", Order)
        total = builder.add(add_up, parts=[builder.add(price, item=order["items"][0])])
        builder.output(total)

    Adding is as fast for the ten thousandth node as for the first.

    Args:
        name: The flow's name.
        version: A published version never changes; `0.0.0` is a development version.
        summary: What it is for, in a line.
        tags: Labels to find it by.
        max_parallel: How many steps may run at once; unlimited by default.
        durability: How a run is kept.
    """

    def __init__(
        self,
        name: str,
        *,
        version: str = DEVELOPMENT_VERSION,
        summary: str | None = None,
        tags: tuple[str, ...] = (),
        max_parallel: int | None = None,
        durability: DurabilityMode | None = None,
    ) -> None:
        self._id = flow_id(name, version)
        self._name = name
        self._version = version
        self._summary = summary
        self._tags = tags
        self._max_parallel = max_parallel
        self._durability = durability
        self._nodes: dict[str, Node] = {}
        self._edges: list[Edge] = []
        self._ordered: set[tuple[str, str]] = set()
        self._counts: dict[str, int] = {}
        self._inputs: dict[str, Port] = {}
        self._decode: dict[str, Decode] = {}
        self._used: dict[str, Component] = {}
        self._fields: dict[str, dict[str, Any]] = {}
        self._known: dict[Any, Component] = {}
        self._output: Output | None = None
        self._sites: Sites = {}

    def input(
        self,
        name: str,
        type: Annotation = Any,
        /,
        *,
        default: object = _REQUIRED,
        summary: str | None = None,
    ) -> Handle:
        """Add an input of the flow; without a default it has to be given.

        Raises:
            UsageError: FLOW062, there is one of that name.
        """
        if name in self._inputs:
            raise _taken(name, ": it is an input already")
        required = default is _REQUIRED
        self._inputs[name] = Port(
            schema=schema_ref(type),
            required=required,
            default=None if required else to_json(default),
            summary=summary,
        )
        decode = decoder(type)
        if decode is not None:
            self._decode[name] = decode
        return Handle(INPUT)[name]

    def add(
        self,
        what: Callable[..., Any] | Component,
        alias: str | None = None,
        /,
        **inputs: object,
    ) -> Handle:
        """Add a node and feed its inputs.

        Args:
            what: A node function, a data type, a flow function (it becomes a sub-flow), or a
                component.
            alias: Its alias, unique in the flow; by default made from the function's name.
            inputs: What feeds each input: a handle, a list of handles, or a value. What a
                `*rest` parameter takes is given as a list under its name.

        Returns:
            A handle to its output.

        Raises:
            CheckError: `what` cannot be a component, or the flow has mistakes.
            UsageError: FLOW060, there is no such input; FLOW061, a handle is of another builder;
                FLOW062, the alias is taken.
        """
        component = self._known.get(what)
        if component is None:
            if isinstance(what, Component):
                component = self._learn(what, None)
            elif flow_options(what) is not None:
                component = self._learn_flow(what)
            else:
                component = self._learn(component_of(what), what)
            self._known[what] = component
        handle = self._add(component, alias, inputs)
        self._locate(handle, sys._getframe(1))  # noqa: SLF001  (there is no public way)
        return handle

    def inline(
        self, fn: Callable[..., Any], alias: str | None = None, /, **inputs: object
    ) -> Handle:
        """Add a function that is no node of its own, a lambda too; it exists in this flow only.

        It runs in this process. A flow that must be resumable by another needs `add`.

        Raises:
            CheckError: It cannot be a component.
            UsageError: As `add`.
        """
        if not isinstance(fn, FunctionType):
            handle = self.add(fn, alias, **inputs)
            self._locate(handle, sys._getframe(1))  # noqa: SLF001  (there is no public way)
            return handle
        wanted = alias or ("inline" if fn.__name__ == "<lambda>" else fn.__name__)
        alias = self._free_alias(wanted) if alias is None else self._reserve(alias)
        found = inline_component(fn, f"{self._name}.{alias}", alias)
        component = self._learn(found, fn)
        handle = self._place(component, alias, inputs)
        self._locate(handle, sys._getframe(1))  # noqa: SLF001  (there is no public way)
        return handle

    def connect(
        self, source: Handle | str, target: Handle | str, /, *, to_port: str | None = None
    ) -> None:
        """Add an edge; without `to_port` it only orders.

        Raises:
            UsageError: FLOW060, there is no such input; FLOW061, a node is of another builder.
        """
        origin = source if isinstance(source, Handle) else Handle(source)
        alias = target.alias if isinstance(target, Handle) else target
        node = self._nodes.get(alias)
        if node is None:
            raise UsageError("", (report("FLOW061", node=alias),))
        if to_port is None:
            self._order(origin, alias)
        else:
            self._require_port(node, self._used.get(node.identifier), to_port)
            self._edge(origin, alias, to_port)

    def output(self, result: Handle | Mapping[str, Handle], /) -> None:
        """Say what the flow returns: an output, or a record of several. The last call counts.

        Raises:
            UsageError: FLOW061, a handle is of another builder.
        """
        if isinstance(result, Handle):
            self._check(result)
            schema = OPAQUE
            if not result.select:
                schema = self._nodes[result.alias].out_schema
            elif result.alias == INPUT:
                schema = self._input_schema(result)
            self._output = Output(from_=result.alias, select=result.select or None, schema=schema)
            return
        alias = self._free_alias("result")
        ports = {name: Port() for name in result}
        self._nodes[alias] = self._standard("std.record", alias, ports, OPAQUE)
        for name, part in result.items():
            self._edge(part, alias, name)
        self._output = Output(from_=alias)

    def build(self) -> tuple[Flow, Catalog]:
        """Return the graph so far, and the components it names."""
        return self._flow(), Catalog(self._used.values())

    def authored(self) -> Authored:
        """Return the graph as every way in does, ready for the check."""
        flow, catalog = self.build()
        return Authored(flow=flow, catalog=catalog, decode=dict(self._decode))

    # -- nodes ---------------------------------------------------------------------------------

    def _add(self, component: Component, alias: str | None, inputs: Mapping[str, object]) -> Handle:
        if alias is None:
            alias = self._free_alias(
                component.spec.identifier.rpartition(":")[2].rpartition(".")[2]
            )
        else:
            self._reserve(alias)
        return self._place(component, alias, inputs)

    def _place(self, component: Component, alias: str, inputs: Mapping[str, object]) -> Handle:
        spec = component.spec
        # Ports and fields are the component's, shared by all of its nodes; nothing changes them.
        node = Node(
            id=node_id(self._id, alias),
            alias=alias,
            ports=spec.inputs,
            **self._fields[spec.identifier],
        )
        edges, nodes = len(self._edges), len(self._nodes)
        for name, given in inputs.items():
            try:
                self._give(node, component, name, given)
            except UsageError:
                del self._edges[edges:]  # as if it had not been asked for
                while len(self._nodes) > nodes:
                    self._nodes.popitem()
                raise
        self._nodes[alias] = node
        return Handle(alias)

    def _locate(self, handle: Handle, frame: FrameType) -> None:
        """Say of a node where it was added: that is what a finding about its wiring is about."""
        span = call_site(frame, self._sites)
        if span is not None:
            self._nodes[handle.alias].span = span

    def _learn(self, component: Component, source: object) -> Component:
        options = node_options(source)
        identifier = wanted = component.spec.identifier
        number = 1
        # Functions that one factory made over things that are no constants share their name.
        while identifier in self._used:
            number += 1
            identifier = f"{wanted}~{number}"
        if identifier != wanted:
            spec = msgspec.structs.replace(component.spec, identifier=identifier)
            component = msgspec.structs.replace(component, spec=spec)
        self._used[identifier] = component
        self._fields[identifier] = node_fields(component, options)
        if options is not None and options.compensate is not None:
            undo = component_of(options.compensate)
            self._known.setdefault(options.compensate, undo)
            if undo.spec.identifier not in self._used:
                self._learn(undo, options.compensate)
        return component

    def _learn_flow(self, fn: Callable[..., object]) -> Component:
        authored = compile_flow(fn)
        if authored.flow is None:
            raise CheckError("", authored.diagnostics)
        inner = _as_body(authored.flow)
        component = component_of(fn)
        spec = component.spec
        for name, used in authored.catalog.items():
            self._used.setdefault(name, used)
        self._fields[spec.identifier] = {
            "identifier": spec.identifier,
            "name": spec.name,
            "kind": "subflow",
            "effects": join_effects(node.effects for node in inner.nodes),
            "determinism": join_determinism(node.determinism for node in inner.nodes),
            "summary": inner.summary,
            "out_schema": OPAQUE if inner.output is None else inner.output.schema,
            "subflow_ir": inner,
        }
        return component

    def _listed(self, parts: list[Any] | tuple[Any, ...], wanted: str) -> Handle:
        """Add the node that makes a list of several outputs."""
        alias = self._free_alias(wanted)
        schemas: list[SchemaRef] = []
        literals: dict[str, Json] = {}
        for number, part in enumerate(parts):
            if isinstance(part, Handle):
                self._check(part)
                whole = not part.select
                schemas.append(self._nodes[part.alias].out_schema if whole else OPAQUE)
            else:
                schemas.append(OPAQUE)
                literals[str(number)] = to_json(part)
        ports = {str(number): Port(schema=schema) for number, schema in enumerate(schemas)}
        node = self._standard("std.list", alias, ports, _list_schema(schemas))
        node.inputs = literals
        self._nodes[alias] = node
        for number, part in enumerate(parts):
            if isinstance(part, Handle):
                self._edge(part, alias, str(number))
        return Handle(alias)

    def _standard(
        self, identifier: str, alias: str, ports: dict[str, Port], output: SchemaRef
    ) -> Node:
        return Node(
            id=node_id(self._id, alias),
            alias=alias,
            identifier=identifier,
            name=identifier.rpartition(".")[2].capitalize(),
            kind="inline",
            effects=Effects.PURE,
            determinism=Determinism.STRICT,
            ports=ports,
            out_schema=output,
        )

    # -- edges ---------------------------------------------------------------------------------

    def _edge(self, source: Handle, target: str, port: str) -> None:
        self._check(source)
        self._edges.append(
            Edge(from_=source.alias, to=target, to_port=port, select=source.select or None)
        )

    def _give(self, node: Node, component: Component, port: str, given: object) -> None:
        if isinstance(given, list | tuple):
            if port == component.spec.variadic:
                for number, part in enumerate(given):
                    self._give(node, component, f"{port}.{number}", part)
                return
            if any(isinstance(part, Handle) for part in given):
                self._require_port(node, component, port)
                given = self._listed(given, f"{node.alias}_{port}")
        self._require_port(node, component, port)
        if isinstance(given, Handle):
            self._edge(given, node.alias, port)
            return
        if not node.inputs:
            node.inputs = {}  # the default is shared
        node.inputs[port] = to_json(given)

    def _order(self, source: Handle, target: str) -> None:
        self._check(source)
        pair = (source.alias, target)
        if pair not in self._ordered:
            self._ordered.add(pair)
            self._edges.append(Edge(from_=source.alias, to=target))

    def _require_port(self, node: Node, component: Component | None, port: str) -> None:
        if port in node.ports:
            return
        variadic = None if component is None else component.spec.variadic
        if variadic is not None and port.partition(".")[0] == variadic:
            return
        hint = did_you_mean(port, node.ports)
        raise UsageError("", (report("FLOW060", node=node.alias, port=port, suggestion=hint),))

    def _check(self, handle: Handle) -> None:
        known = handle.alias in self._nodes or (handle.alias == INPUT and self._inputs)
        if not known:
            raise UsageError("", (report("FLOW061", node=handle.alias),))

    # -- aliases -------------------------------------------------------------------------------

    def _free_alias(self, wanted: str) -> str:
        count = self._counts.get(wanted, 0) + 1
        alias = wanted if count == 1 else f"{wanted}_{count}"
        while alias in self._nodes or alias == INPUT:
            count += 1
            alias = f"{wanted}_{count}"
        self._counts[wanted] = count
        return alias

    def _reserve(self, alias: str) -> str:
        if alias == INPUT:
            raise _taken(alias, ": the flow's inputs have it")
        if alias in self._nodes:
            raise _taken(alias, "")
        return alias

    # -- the flow ------------------------------------------------------------------------------

    def _input_schema(self, handle: Handle) -> SchemaRef:
        name = handle.select[1:].replace("~1", "/").replace("~0", "~")
        port = self._inputs.get(name)
        return OPAQUE if port is None else port.schema

    def _flow(self) -> Flow:
        nodes = list(self._nodes.values())
        entrypoints: list[Entrypoint] = []
        if self._inputs:
            nodes.insert(0, self._trigger())
            if self._output is not None:
                capture = self._output.from_
                entrypoints = [Entrypoint(trigger_alias=INPUT, capture_alias=capture)]
        policy = DurabilityPolicy(mode=self._durability) if self._durability else DurabilityPolicy()
        return Flow(
            id=self._id,
            name=self._name,
            version=self._version,
            profile="dev",
            summary=self._summary,
            nodes=nodes,
            edges=list(self._edges),
            policies=Policies(durability=policy),
            metadata=Metadata(tags=list(self._tags), entrypoints=entrypoints),
            inputs=dict(self._inputs),
            output=self._output,
            max_parallel=self._max_parallel,
        )

    def _trigger(self) -> Node:
        return Node(
            id=node_id(self._id, INPUT),
            alias=INPUT,
            identifier="std.trigger.manual",
            name="Input",
            kind="trigger",
            effects=Effects.PURE,
            determinism=Determinism.STRICT,
        )


def _taken(alias: str, why: str) -> UsageError:
    return UsageError("", (report("FLOW062", alias=alias, why=why),))


def _as_body(flow: Flow) -> Flow:
    """Return a flow as it stands inside another: its inputs come from there, not from a trigger."""
    nodes = [
        msgspec.structs.replace(node, identifier="std.input", kind="inline", config={})
        if node.kind == "trigger"
        else node
        for node in flow.nodes
    ]
    return msgspec.structs.replace(flow, nodes=nodes, metadata=Metadata(), policies=Policies())


def _list_schema(parts: list[SchemaRef]) -> SchemaRef:
    """Return the schema of a list of such parts: typed where all are of one type."""
    first = parts[0].schema if parts else None
    if first is None or any(part.schema is not first and part.schema != first for part in parts):
        return SchemaRef(kind="inline", schema={"type": "array"})
    items = {key: value for key, value in first.items() if key != "$defs"}
    schema: dict[str, Json] = {"type": "array", "items": items}
    if "$defs" in first:
        schema["$defs"] = first["$defs"]
    return SchemaRef(kind="inline", schema=schema)
