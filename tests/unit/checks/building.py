"""Small graphs for tests of the checker."""

from latticeflow.checks import CheckResult, Options, check
from latticeflow.components.standard import STANDARD
from latticeflow.flow import (
    Determinism,
    Edge,
    Effects,
    Flow,
    Node,
    Output,
    Port,
    SchemaRef,
    Surface,
    flow_id,
    node_id,
)

STR, INT, NUM, BOOL = ({"type": kind} for kind in ("string", "integer", "number", "boolean"))
NULL = {"type": "null"}


def optional(schema):
    return {"anyOf": [schema, NULL]}


def record(**fields):
    return {"type": "object", "properties": fields, "required": list(fields)}


def listed(schema):
    return {"type": "array", "items": schema}


def ref(schema):
    return SchemaRef() if schema is None else SchemaRef(kind="inline", schema=schema)


def port(schema=None, **options):
    return Port(schema=ref(schema), **options)


def node(alias, identifier="std.record", *, takes=None, gives=None, **fields):
    defaults = {
        "name": alias,
        "kind": "inline",
        "effects": Effects.PURE,
        "determinism": Determinism.STRICT,
        "ports": {name: port(schema) for name, schema in (takes or {}).items()},
        "out_schema": ref(gives),
    }
    return Node(
        id=node_id("x", alias), alias=alias, identifier=identifier, **{**defaults, **fields}
    )


def expr(alias, text, **takes):
    return node(alias, "std.expr", takes=takes, config={"expr": text})


def shell(alias, **fields):
    defaults = {
        "kind": "activity",
        "effects": Effects.EFFECTFUL,
        "determinism": Determinism.NONDETERMINISTIC,
        "config": {"run": ["true"]},
    }
    return node(alias, "std.shell", **{**defaults, **fields})


def edge(text, **fields):
    """`a/order/id -> b.x`: from node a, the part at /order/id, to port x of node b."""
    source, _, target = text.partition(" -> ")
    alias, slash, pointer = source.partition("/")
    to, _, to_port = target.partition(".")
    select = slash + pointer or None
    return Edge(from_=alias, to=to, to_port=to_port or None, select=select, **fields)


def surface(kind, number=0, targets=(), **config):
    return Surface(
        id=f"{kind}:{number}", kind=kind, targets=list(targets), config={"v": 1, **config}
    )


def flow(nodes, edges=(), surfaces=(), *, inputs=None, output=None, name="sample", **fields):
    ports = {key: port(schema) for key, schema in (inputs or {}).items()}
    nodes = list(nodes)
    if inputs and not any(n.alias == "input" for n in nodes):
        nodes.insert(0, node("input", "std.trigger.manual", kind="trigger"))
    return Flow(
        id=flow_id(name, "1.0.0"),
        name=name,
        version="1.0.0",
        profile="dev",
        nodes=nodes,
        edges=[edge(e) if isinstance(e, str) else e for e in edges],
        control_surfaces=list(surfaces),
        inputs=ports,
        output=output,
        **fields,
    )


def body(nodes, edges=(), *, inputs, result, gives=None, **fields):
    """A flow to embed: it has an input node and gives the value of `result`."""
    inner = [node("input", "std.input"), *nodes]
    output = Output(from_=result, schema=ref(gives))
    return flow(inner, edges, inputs=inputs, output=output, name="sample.part", **fields)


def embedding(alias, inner, **fields):
    return node(alias, f"sample.{alias}", kind="subflow", subflow_ir=inner, **fields)


def judge(graph, catalog=STANDARD, **options) -> CheckResult:
    if options:
        return check(graph, catalog, options=Options(**options))
    return check(graph, catalog)


def codes(graph, **options):
    return [d.code for d in judge(graph, **options).diagnostics]


def messages(graph, **options):
    return [d.message for d in judge(graph, **options).diagnostics]
