"""`[steps]`: what each step is: a command or a component, with what its actions add."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from latticeflow.authoring.toml.constants import as_expression
from latticeflow.authoring.toml.extensions import Known
from latticeflow.authoring.toml.findings import Findings
from latticeflow.authoring.toml.layers import Found, Layer, Layers
from latticeflow.authoring.toml.places import Document, Path, Place
from latticeflow.authoring.toml.reading import fit
from latticeflow.authoring.toml.scope import StepType, command_type, component_type
from latticeflow.authoring.toml.shape import ACTION
from latticeflow.diagnostics import Diagnostic, did_you_mean
from latticeflow.expr import DYN, Type, from_json_schema, optional, record
from latticeflow.flow import Component, Port, SchemaRef

Resolve: TypeAlias = Callable[[str], Component | Diagnostic | None]
"""Finds what `uses` names: a component, or what is wrong, or None if there is no such thing."""

RESERVED = frozenset({"input"})
"""Aliases that the graph uses itself."""


@dataclass(frozen=True, slots=True)
class Given:
    """A value for an input: where it and its key stand."""

    value: Any
    place: Callable[..., Place]
    key: Place


@dataclass(slots=True)
class Work:
    """What a step does: a command (`run`) or a component, and what it is given."""

    name: str
    layers: Layers
    place: Place
    run: Found | None = None
    uses: Found | None = None
    component: Component | None = None
    ports: dict[str, Port] = field(default_factory=dict)
    given: dict[str, Given] = field(default_factory=dict)
    outputs: dict[str, dict[str, Any]] = field(default_factory=dict)
    action: str | None = None

    def type(self) -> StepType:
        """Return what expressions see of the step."""
        if self.component is None:
            types = {name: from_json_schema(schema) for name, schema in self.outputs.items()}
            return command_type(types, self.name)
        return component_type(schema_type(self.component.spec.output), self.name)


def schema_type(schema: SchemaRef) -> Type:
    """Return the type in expressions of what a schema describes."""
    return DYN if schema.schema is None else from_json_schema(schema.schema)


class StepReader:
    """Reads the steps of one workflow."""

    def __init__(
        self,
        data: Mapping[str, Any],
        document: Document,
        *,
        resolve: Resolve,
        known: Known,
        findings: Findings,
    ) -> None:
        self._steps: Mapping[str, Mapping[str, Any]] = data.get("steps", {})
        self._actions: Mapping[str, Mapping[str, Any]] = data.get("actions", {})
        self._document = document
        self._resolve = resolve
        self._known = known
        self._findings = findings
        self._resolved: dict[str, Component | Diagnostic | None] = {}

    def read(self) -> list[Work]:
        """Return what every step does; what is wrong with them is reported."""
        return [self._step(name, table) for name, table in self._steps.items()]

    def _step(self, name: str, table: Mapping[str, Any]) -> Work:
        path: Path = ("steps", name)
        if name in RESERVED:
            why = "the graph uses it for the parameters of the run"
            self._findings.add("TOML022", self._document.key(path), name=name, why=why)
        own = self._layer(path, table)
        work = Work(name, Layers([own]), self._document.value(path))
        self._follow(work, own, [own], [], "inputs")
        work.outputs = _outputs(work.layers.value("outputs"))
        return work

    def _layer(
        self, path: Path, table: Mapping[str, Any], bindings: Mapping[str, str] | None = None
    ) -> Layer:
        document = self._document
        return Layer(
            table,
            lambda below: document.value((*path, *below)),
            lambda below: document.key((*path, *below)),
            bindings,
        )

    def _follow(
        self, work: Work, layer: Layer, layers: list[Layer], chain: list[str], inputs: str
    ) -> None:
        """Go from a table through the actions it uses to the command or component."""
        run, uses = Layers([layer]).get("run"), Layers([layer]).get("uses")
        given = _given(Layers([layer]).get(inputs))
        if run is not None and uses is not None:
            self._findings.add("TOML012", uses.key(), step=work.name)
        elif run is not None:
            self._take_command(work, run, given, chain)
        elif uses is not None:
            self._use(work, uses, given, layers, chain)
        else:
            self._findings.add("TOML013", layer.key_place(()), step=work.name)

    def _take_command(
        self, work: Work, run: Found, given: dict[str, Given], chain: list[str]
    ) -> None:
        work.run = run
        if not chain:
            work.given = given

    def _use(
        self,
        work: Work,
        uses: Found,
        given: dict[str, Given],
        layers: list[Layer],
        chain: list[str],
    ) -> None:
        name = str(uses.value)
        action = self._action(name, uses)
        if action is None:
            self._take_component(work, uses, given)
            return
        if name in chain:
            path = " → ".join((*chain[chain.index(name) :], name))
            self._findings.add("TOML024", uses.place(), path=path)
            return
        work.action = work.action or name
        ports = _declared(action.table.get("inputs", {}))
        self._compare(name, work, uses, ports, given)
        if "uses" in action.table:
            bindings = {
                port: as_expression(given[port].value if port in given else declared.default)
                for port, declared in ports.items()
            }
            action = Layer(action.table, action.value_place, action.key_place, bindings)
        else:
            work.ports, work.given = ports, given
        layers.append(action)
        work.layers = Layers(layers)
        self._follow(work, action, layers, [*chain, name], "with")

    def _action(self, name: str, uses: Found) -> Layer | None:
        own = self._actions.get(name)
        if own is not None:
            return self._layer(("actions", name), own)
        if ":" in name or name.startswith("std."):
            return None
        added = self._known.action(name)
        if added is None:
            return None
        place = uses.place()
        text = Document(dict(added), {}, {}, place)
        fitted = fit(text, ACTION, self._findings)
        return Layer(fitted, lambda _: place, lambda _: place)

    def _take_component(self, work: Work, uses: Found, given: dict[str, Given]) -> None:
        name = str(uses.value)
        if name not in self._resolved:
            self._resolved[name] = self._resolve(name)
        found = self._resolved[name]
        work.uses = uses
        if isinstance(found, Component) and found.call is not None:
            work.component = found
            work.ports = dict(found.spec.inputs)
            self._compare(name, work, uses, work.ports, given, variadic=found.spec.variadic)
            work.given = given
            return
        hint = None
        suggestion = ""
        if isinstance(found, Diagnostic):
            why, hint = found.message, found.hint
        elif isinstance(found, Component):
            why = "it can't be used by its name"
            hint = "write the command as `run`" if name == "std.shell" else None
        elif ":" in name:
            why = "there is no such node"
        else:
            why = "it is no action of this workflow, and no component"
            names = [*self._actions, *self._known.action_names]
            suggestion = did_you_mean(name, names)
        self._findings.add(
            "TOML008", uses.place(), hint=hint, uses=name, why=why, suggestion=suggestion
        )

    def _compare(
        self,
        uses: str,
        work: Work,
        found: Found,
        ports: Mapping[str, Port],
        given: Mapping[str, Given],
        *,
        variadic: str | None = None,
    ) -> None:
        for name, value in given.items():
            if name not in ports and name != variadic:
                suggestion = did_you_mean(name, ports)
                self._findings.add(
                    "TOML009", value.key, uses=uses, input=name, suggestion=suggestion
                )
        for name, port in ports.items():
            if port.required and name not in given and name != variadic:
                self._findings.add("TOML010", found.place(), step=work.name, input=name, uses=uses)


def _given(found: Found | None) -> dict[str, Given]:
    if found is None:
        return {}
    return {
        name: Given(value, _place_of(found, name), found.key(name))
        for name, value in found.value.items()
    }


def _place_of(found: Found, name: str) -> Callable[..., Place]:
    return lambda *below: found.place(name, *below)


def _declared(table: Mapping[str, Mapping[str, Any]]) -> dict[str, Port]:
    """Return the inputs of an action as ports."""
    return {
        name: Port(
            schema=SchemaRef(kind="inline", schema={"type": each.get("type", "string")}),
            required=bool(each.get("required", "default" not in each)) and "default" not in each,
            default=each.get("default"),
            summary=each.get("description"),
        )
        for name, each in table.items()
    }


def inputs_type(ports: Mapping[str, Port]) -> Type:
    """Return the type of `inputs` inside an action."""
    types = {name: schema_type(port.schema) for name, port in ports.items()}
    for name, port in ports.items():
        if not port.required and port.default is None:
            types[name] = optional(types[name])
    return record(types, "inputs")


def _outputs(declared: object) -> dict[str, dict[str, Any]]:
    if isinstance(declared, list):
        return {str(name): {"type": "string"} for name in declared}
    if not isinstance(declared, dict):
        return {}
    return {
        name: {"type": given} if isinstance(given, str) else dict(given)
        for name, given in declared.items()
    }
