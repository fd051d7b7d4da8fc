"""From the steps of a workflow to nodes and edges."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from latticeflow.authoring.toml.constants import plain
from latticeflow.authoring.toml.durations import read_ms
from latticeflow.authoring.toml.findings import Findings
from latticeflow.authoring.toml.places import Document, Place
from latticeflow.authoring.toml.scope import Scope
from latticeflow.authoring.toml.steps import Given, Work, inputs_type, schema_type
from latticeflow.authoring.toml.wiring import INPUT, Feeder, Graph, as_config
from latticeflow.diagnostics import did_you_mean
from latticeflow.expr import (
    DYN,
    ExpressionIssue,
    Hole,
    Record,
    Text,
    Type,
    from_json_schema,
    has_expression,
    optional,
    parse_template,
    record,
    to_json_schema,
)
from latticeflow.expr.quoting import find_unsafe
from latticeflow.flow import (
    Determinism,
    Effects,
    Idempotency,
    Json,
    Node,
    Output,
    Port,
    Retry,
    SchemaRef,
    SinkContract,
    node_id,
)

SHELL = "std.shell"
IDEMPOTENCY_PORT = "idempotency_key"
"""The input that carries a key which is an expression."""

_FAILURES = {"fail": "fail", "fail-fast": "fail", "fail_fast": "fail", "continue": "continue"}


class Lowering:
    """Makes the nodes of a workflow.

    Args:
        flow: the id of the flow.
        graph: takes the nodes and edges.
        scope: what expressions see.
        data: the workflow, as it fits its shape.
        document: where its parts stand.
        findings: takes what is wrong.
    """

    def __init__(
        self,
        flow: str,
        graph: Graph,
        scope: Scope,
        *,
        data: Mapping[str, Any],
        document: Document,
        findings: Findings,
    ) -> None:
        self._flow = flow
        self._graph = graph
        self._scope = scope
        self._data = data
        self._document = document
        self._findings = findings

    def trigger(self) -> None:
        """Add the node that holds the parameters."""
        node = Node(
            id=node_id(self._flow, INPUT),
            alias=INPUT,
            identifier="std.trigger.manual",
            name="Input",
            kind="trigger",
            effects=Effects.PURE,
            determinism=Determinism.STRICT,
            summary="The parameters of the run.",
        )
        self._graph.place_node(node, self._document.value(("parameters",)), {})

    def step(self, work: Work) -> None:
        """Add a step with the edges that feed and order it."""
        scope = self._scope.with_inputs(None)
        if work.component is None and work.run is None:
            # What it does is not known, and said; what it says beside that is judged all the same.
            self._when(work, scope, {})
            self._needs(work)
            return
        feeder = Feeder(self._graph, scope, work.name, work.action or _uses(work))
        for name, given in work.given.items():
            port = work.ports.get(name)
            feeder.feed(name, given, None if port is None else schema_type(port.schema))
        idempotency, sink = self._idempotency(work, feeder)
        settings = self._settings(work, feeder.fields)
        if work.component is None:
            fields = self._command(work, feeder, scope)
        else:
            fields = self._component(work)
        if idempotency is not None:
            fields["idempotency"] = idempotency
            # Another key is another promise: the component's own sink does not hold for it.
            kept = {name: value for name, value in fields["config"].items() if name != "sink"}
            fields["config"] = kept if sink is None else {**kept, "sink": sink}
        when = self._when(work, scope, feeder.fields)
        fields |= settings | {"when": when, "inputs": feeder.literals}
        place = work.place
        node = Node(id=node_id(self._flow, work.name), alias=work.name, span=place.span(), **fields)
        self._graph.place_node(node, place, feeder.fields)
        self._needs(work)
        self._graph.order(scope.mentioned, work.name)

    def result(self, names: Mapping[str, Any]) -> Output:
        """Add the node whose value is the result of the run; return where that is."""
        taken = {node.alias for node in self._graph.nodes}
        alias = "outputs"
        while alias in taken:
            alias += "_"
        scope = self._scope.with_inputs(None)
        feeder = Feeder(self._graph, scope, alias, "outputs")
        for name, value in names.items():
            feeder.feed(name, self._given(("outputs", name), value), None)
        node = Node(
            id=node_id(self._flow, alias),
            alias=alias,
            identifier="std.record",
            name="Outputs",
            kind="inline",
            effects=Effects.PURE,
            determinism=Determinism.STRICT,
            summary="The result of the run.",
            out_schema=_result_schema(names, feeder.types),
            ports={name: _optional_port(feeder.types.get(name)) for name in names},
            inputs=feeder.literals,
        )
        self._graph.place_node(node, self._document.value(("outputs",)), feeder.fields)
        self._graph.order(scope.mentioned, alias)
        return Output(from_=alias, schema=node.out_schema)

    def _given(self, path: tuple[str, ...], value: Any) -> Given:  # noqa: ANN401 -- JSON
        document = self._document
        return Given(value, lambda *below: document.value((*path, *below)), document.key(path))

    # Commands ---------------------------------------------------------------------------------

    def _command(self, work: Work, feeder: Feeder, scope: Scope) -> dict[str, Any]:
        for name, port in work.ports.items():
            if name not in work.given:
                feeder.literals[name] = port.default
        inside = scope.with_inputs(_inputs(work, feeder))
        inside.mentioned = scope.mentioned
        config: dict[str, Json] = {"run": self._run(work, inside)}
        env = self._env(work, inside)
        if env:
            config["env"] = env
        for key in ("workspace", "shell"):
            value = work.layers.value(key)
            if value is not None:
                config[key] = value
        if work.outputs:
            config["outputs"] = work.outputs
        fed = [name.removeprefix("inputs.") for name in feeder.fields if name[:7] == "inputs."]
        ports = {name: _port(feeder.types.get(name)) for name in fed} | work.ports
        return {
            "identifier": SHELL,
            "kind": "activity",
            "effects": Effects(work.layers.value("effects", "effectful")),
            "determinism": Determinism(work.layers.value("determinism", "nondeterministic")),
            "out_schema": SchemaRef(kind="inline", schema=_command_schema(work.outputs)),
            "config": config,
            "ports": ports,
        }

    def _run(self, work: Work, scope: Scope) -> Json:
        found = work.run
        if found is None:
            return None
        if isinstance(found.value, list):
            return [
                self._config_text(str(part), found.place(index), scope)
                for index, part in enumerate(found.value)
            ]
        text, place = str(found.value), found.place()
        if has_expression(text):
            self._refuse_unsafe(text, place)
        return self._config_text(text, place, scope)

    def _refuse_unsafe(self, text: str, place: Place) -> None:
        pieces = parse_template(text)
        if isinstance(pieces, ExpressionIssue):
            return
        parts = [piece.text if isinstance(piece, Text) else piece for piece in pieces]
        for index, where in find_unsafe(parts):
            hole = pieces[index]
            if isinstance(hole, Hole):
                at = place.part(hole.start, hole.end)
                self._findings.add("TOML011", at, expression=hole.expression, where=where)

    def _env(self, work: Work, scope: Scope) -> dict[str, Json]:
        env: dict[str, Json] = {}
        for name, value in self._data.get("env", {}).items():
            place = self._document.value(("env", name))
            env[name] = self._config_text(_as_text(value), place, scope)
        for found in work.layers.all("env"):
            for name, value in found.value.items():
                env[name] = self._config_text(_as_text(value), found.place(name), scope)
        return env

    @staticmethod
    def _config_text(text: str, place: Place, scope: Scope) -> Json:
        if has_expression(text):
            scope.template(text, place)
        return as_config(text)

    # Components -------------------------------------------------------------------------------

    def _component(self, work: Work) -> dict[str, Any]:
        component = work.component
        assert component is not None  # noqa: S101 -- the caller has looked
        spec = component.spec
        effects = Effects(work.layers.value("effects", spec.effects.value))
        determinism = work.layers.value("determinism", spec.determinism.value)
        for key in ("env", "workspace", "shell", "outputs"):
            found = work.layers.get(key)
            if found is not None:
                why = "only a command has it"
                value = str(found.value)
                self._findings.add("TOML007", found.key(), key=key, value=value, why=why)
        return {
            "identifier": spec.identifier,
            "kind": "inline" if effects is Effects.PURE else "activity",
            "effects": effects,
            "determinism": Determinism(determinism),
            "out_schema": spec.output,
            "ports": {},
            "effect_hints": list(spec.effect_hints),
            "determinism_hints": list(spec.determinism_hints),
            "idempotency": spec.idempotency,
            "config": {} if spec.sink is None else {"sink": spec.sink},
            "retry": spec.retry,
            "timeout_ms": spec.timeout_ms,
            "compensate": spec.compensate,
            "code_digest": spec.code_digest,
            "summary": spec.summary,
        }

    # What every step may say ------------------------------------------------------------------

    def _settings(self, work: Work, fields: dict[str, Place]) -> dict[str, Any]:
        layers = work.layers
        found: dict[str, Any] = {"name": layers.value("name") or _title(work.name)}
        description = layers.value("description")
        if description is not None or work.component is None:
            found["summary"] = description or _summary(work)
        retry = layers.get("retry")
        if retry is not None:
            found["retry"] = _retry(retry.value)
            fields["retry"] = retry.place()
        timeout = layers.get("timeout")
        if timeout is not None:
            found["timeout_ms"] = read_ms(timeout.value)
            fields["timeout_ms"] = timeout.place()
        found["on_error"] = _FAILURES[layers.value("on_error", "fail")]
        fallback = layers.get("fallback")
        found["fallback"] = msgspec.UNSET if fallback is None else plain(fallback.value)
        for key in ("effects", "determinism", "on_error", "fallback"):
            place = layers.get(key)
            if place is not None:
                fields[key] = place.place()
        origin = work.uses or work.run
        if origin is not None:
            fields["identifier"] = origin.place()
        return found

    def _idempotency(
        self, work: Work, feeder: Feeder
    ) -> tuple[Idempotency | None, SinkContract | None]:
        """Return the key, and what is promised about doing the effect twice under it."""
        found = work.layers.get("idempotency")
        if found is None:
            return None, None
        table = found.value if isinstance(found.value, dict) else {"key": found.value}
        below = ("key",) if isinstance(found.value, dict) else ()
        key = table.get("key")
        if isinstance(key, str) and has_expression(key):
            given = Given(key, lambda *_: found.place(*below), found.key(*below))
            feeder.feed(IDEMPOTENCY_PORT, given, None)
            key = IDEMPOTENCY_PORT
        feeder.fields["idempotency"] = found.place(*below)
        ttl = table.get("ttl")
        keyed = Idempotency(
            key=key, scope=table.get("scope"), ttl_ms=None if ttl is None else read_ms(ttl)
        )
        return keyed, table.get("sink")

    def _when(self, work: Work, scope: Scope, fields: dict[str, Place]) -> str | None:
        found = work.layers.get("when")
        if found is None:
            return None
        fields["when"] = found.place()
        if isinstance(found.value, bool):
            return "true" if found.value else "false"
        text, offset = _bare(found.value)
        place = found.place()
        if offset and place.content is not None:
            content = place.content[offset : offset + len(text) + 1]
            place = Place(place.text, place.start, place.end, content)
        scope.condition(text, place)
        return text

    def _needs(self, work: Work) -> None:
        found = work.layers.get("needs")
        if found is None:
            return
        for index, name in enumerate(found.value):
            place = found.place(index)
            if name in self._scope.steps:
                self._graph.order({name: place}, work.name)
                continue
            near = did_you_mean(name, self._scope.steps)
            self._findings.add("TOML005", place, name=name, suggestion=near)


def _uses(work: Work) -> str:
    return work.name if work.uses is None else str(work.uses.value)


def _inputs(work: Work, feeder: Feeder) -> Record | None:
    """Return what `inputs` is in a command: what the action declares, or what is given."""
    if work.ports:
        found = inputs_type(work.ports)
        return found if isinstance(found, Record) else None
    types = {name: feeder.types[name] for name in work.given if name in feeder.types}
    literals = {name: _literal_type(feeder.literals[name]) for name in feeder.literals}
    known = {**literals, **types}
    return record({name: known[name] for name in work.given if name in known}, "inputs")


def _literal_type(value: object) -> Type:
    return from_json_schema({"const": value})


def _port(type_: Type | None) -> Port:
    if type_ is None:
        return Port()
    return Port(schema=SchemaRef(kind="inline", schema=to_json_schema(type_)))


def _optional_port(type_: Type | None) -> Port:
    # A step that was skipped gives its part of the result as null.
    port = _port(None if type_ is None else optional(type_))
    port.required = False
    return port


def _result_schema(names: Mapping[str, Any], types: Mapping[str, Type]) -> SchemaRef:
    parts = {name: optional(types[name]) if name in types else DYN for name in names}
    return SchemaRef(kind="inline", schema=to_json_schema(record(parts)))


def _command_schema(outputs: Mapping[str, Any]) -> dict[str, Any]:
    text = {"type": "string"}
    parts: dict[str, Any] = {"stdout": text, "stderr": text, "exit_code": {"type": "integer"}}
    named = {"type": "object", "properties": dict(outputs), "required": list(outputs)}
    parts["outputs"] = named
    return {"type": "object", "properties": parts, "required": list(parts)}


def _retry(value: int | Mapping[str, Any]) -> Retry:
    if isinstance(value, int):
        return Retry(max_attempts=value)
    fields: dict[str, Any] = {
        key: value[key]
        for key in ("max_attempts", "backoff", "jitter", "retry_on", "non_retryable")
        if key in value
    }
    for key in ("initial_interval", "max_interval"):
        if key in value:
            fields[f"{key}_ms"] = read_ms(value[key])
    return Retry(**fields)


def _bare(text: str) -> tuple[str, int]:
    """Take `${{ }}` from around a condition; return the rest and where it begins."""
    pieces = parse_template(text.strip())
    if isinstance(pieces, tuple) and len(pieces) == 1 and isinstance(pieces[0], Hole):
        lead = len(text) - len(text.lstrip())
        return pieces[0].expression, lead + pieces[0].offset
    return text, 0


def _as_text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _title(name: str) -> str:
    return "".join(part.capitalize() for part in name.replace("-", "_").split("_"))


def _summary(work: Work) -> str:
    run = None if work.run is None else work.run.value
    text = " ".join(map(str, run)) if isinstance(run, list) else str(run or "").strip()
    first = text.splitlines()[0] if text else work.name
    return f"Run `{first[:60]}{'…' if len(first) > 60 or len(text.splitlines()) > 1 else ''}`."
