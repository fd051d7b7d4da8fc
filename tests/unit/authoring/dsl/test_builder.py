"""`FlowBuilder`: graphs made step by step."""

import pytest
from tests.unit.authoring.dsl.sample_types import Item, Order, charge, price

from latticeflow import FlowBuilder, flow, node
from latticeflow.authoring.dsl import Handle, component_of
from latticeflow.diagnostics import CheckError, UsageError
from latticeflow.flow import decode_flow, encode_flow
from latticeflow.flow.model import Node


@node
def add(a: int, b: int = 1) -> int:
    return a + b


@node
def add_up(parts: list[int]) -> int:
    return sum(parts)


@node
def spread(*xs: int) -> int:
    return sum(xs)


@node(fallback=0, retry=2, timeout="1s")
def shaky(a: int) -> int:
    return a


@flow
def twice(x: int) -> int:
    return add(add(x), 2)


@flow
def mistaken(x: int) -> int:
    return add(len, x // 2)


def edges_of(flow):
    return [(edge.from_, edge.to, edge.to_port, edge.select) for edge in flow.edges]


def refused(action):
    with pytest.raises(UsageError) as caught:
        action()
    (found,) = caught.value.diagnostics
    return found


def test_a_chain_with_inputs_and_output():
    builder = FlowBuilder("chain", version="1.0.0", tags=("t",), max_parallel=3)
    order = builder.input("order", Order)
    first = builder.add(price, item=order["items"][0], factor=5)
    builder.output(builder.add(add, "sum", a=first))
    flow, catalog = builder.build()

    assert [node.alias for node in flow.nodes] == ["input", "price", "sum"]
    assert edges_of(flow) == [
        ("input", "price", "item", "/order/items/0"),
        ("price", "sum", "a", None),
    ]
    assert flow.nodes[1].inputs == {"factor": 5}
    assert flow.nodes[0].identifier == "std.trigger.manual"
    assert flow.output.from_ == "sum"
    assert flow.output.schema.schema == {"type": "integer"}
    assert flow.metadata.entrypoints[0].capture_alias == "sum"
    assert (flow.max_parallel, flow.metadata.tags) == (3, ["t"])
    assert set(catalog) == {node.identifier for node in flow.nodes[1:]}
    assert decode_flow(encode_flow(flow)) == flow


def test_inputs_are_decoded_into_their_type():
    builder = FlowBuilder("typed")
    builder.input("item", Item)
    builder.input("n", int, default=4)
    authored = builder.authored()
    assert authored.decode["item"]({"sku": "a"}) == Item("a")
    assert (authored.flow.inputs["n"].required, authored.flow.inputs["n"].default) == (False, 4)


def test_a_list_of_outputs_becomes_a_list_node():
    builder = FlowBuilder("fan")
    parts = [builder.add(add, a=number) for number in range(3)]
    builder.output(builder.add(add_up, parts=[*parts, 7]))
    flow, _ = builder.build()
    listed = next(node for node in flow.nodes if node.identifier == "std.list")
    assert listed.inputs == {"3": 7}
    assert [edge[:3] for edge in edges_of(flow)] == [
        ("add", "add_up_parts", "0"),
        ("add_2", "add_up_parts", "1"),
        ("add_3", "add_up_parts", "2"),
        ("add_up_parts", "add_up", "parts"),
    ]


def test_a_list_of_one_type_keeps_it():
    builder = FlowBuilder("fan")
    builder.add(add_up, parts=[builder.add(add, a=1), builder.add(add, a=2)])
    flow, _ = builder.build()
    listed = next(node for node in flow.nodes if node.identifier == "std.list")
    assert listed.out_schema.schema == {"type": "array", "items": {"type": "integer"}}


def test_a_variadic_input_takes_a_list():
    builder = FlowBuilder("spread")
    builder.add(spread, xs=[builder.add(add, a=1), 5])
    flow, _ = builder.build()
    assert edges_of(flow) == [("add", "spread", "xs.0", None)]
    assert flow.nodes[-1].inputs == {"xs.1": 5}


def test_connect_feeds_or_orders():
    builder = FlowBuilder("ordered")
    first, second = builder.add(add, a=1), builder.add(add, b=2)
    builder.connect(first, second, to_port="a")
    builder.connect("add", "add_2")
    builder.connect(first, second)
    flow, _ = builder.build()
    assert edges_of(flow) == [("add", "add_2", "a", None), ("add", "add_2", None, None)]


def test_inline_functions_need_no_name_of_their_own():
    builder = FlowBuilder("inline")
    first = builder.inline(lambda x: x + 1, x=1)
    builder.output(builder.inline(lambda x: x * 2, "twice", x=first))
    flow, catalog = builder.build()
    assert [node.alias for node in flow.nodes] == ["inline", "twice"]
    assert catalog["inline.twice"].call(3) == 6
    assert catalog["inline.inline"].call(3) == 4


def test_functions_of_one_factory_stay_apart():
    held = [object(), object()]

    def make(thing):
        def give() -> str:
            return str(held.index(thing))

        return give

    builder = FlowBuilder("factory")
    for thing in held:
        builder.add(make(thing))
    flow, catalog = builder.build()
    assert [catalog[node.identifier].call() for node in flow.nodes] == ["0", "1"]


def test_what_the_decorator_said_reaches_the_node():
    builder = FlowBuilder("options")
    builder.add(shaky, a=1)
    builder.add(charge, order={"id": "x", "items": []})
    flow, catalog = builder.build()
    shaken, charged = flow.nodes
    assert (shaken.retry.max_attempts, shaken.timeout_ms, shaken.fallback) == (2, 1000, 0)
    assert shaken.on_error == "continue"
    assert charged.kind == "activity"
    assert charged.idempotency.key == "order.id"
    assert charged.compensate in catalog


def test_a_record_of_outputs():
    builder = FlowBuilder("record")
    one = builder.add(add, a=1)
    builder.output({"one": one, "two": builder.add(add, a=one)})
    flow, _ = builder.build()
    assert flow.nodes[-1].identifier == "std.record"
    assert flow.output.from_ == flow.nodes[-1].alias


def test_a_flow_becomes_a_sub_flow():
    builder = FlowBuilder("outer")
    builder.output(builder.add(twice, x=builder.input("n", int)))
    flow, catalog = builder.build()
    sub = flow.nodes[-1]
    assert (sub.kind, sub.alias, list(sub.ports)) == ("subflow", "twice", ["x"])
    assert next(node.identifier for node in sub.subflow_ir.nodes) == "std.input"
    assert component_of(add).spec.identifier in catalog
    assert flow.output.schema.schema == {"type": "integer"}


def test_a_flow_with_mistakes_is_refused_with_all_of_them():
    builder = FlowBuilder("outer")
    with pytest.raises(CheckError) as caught:
        builder.add(mistaken, x=1)
    assert caught.value.diagnostics
    assert builder.build()[0].nodes == []


@pytest.mark.parametrize(
    "mistake, code, part",
    [
        (lambda b: b.add(add, aa=1), "FLOW060", "no input `aa`; did you mean `a`"),
        (lambda b: b.add(add_up, parts=[Handle("add")], more=1), "FLOW060", "`more`"),
        (lambda b: b.add(add_up, parts=[Handle("add"), Handle("gone")]), "FLOW061", "`gone`"),
        (lambda b: b.add(add, a=Handle("gone")), "FLOW061", "`gone`"),
        (lambda b: b.add(add, "add"), "FLOW062", "`add`"),
        (lambda b: b.add(add, "input"), "FLOW062", "`input`"),
        (lambda b: b.connect("add", "gone"), "FLOW061", "`gone`"),
        (lambda b: b.connect("add", "add", to_port="c"), "FLOW060", "`c`"),
        (lambda b: b.output(Handle("gone")), "FLOW061", "`gone`"),
        (lambda b: b.input("n", int), "FLOW062", "input already"),
    ],
)
def test_a_mistake_is_refused_and_leaves_the_graph_as_it_was(mistake, code, part):
    builder = FlowBuilder("mistakes")
    builder.add(add, a=builder.input("n", int))
    before = encode_flow(builder.build()[0])
    found = refused(lambda: mistake(builder))
    assert found.code == code
    assert part in found.message
    assert encode_flow(builder.build()[0]) == before


def test_adding_costs_the_same_in_a_large_graph():
    """Counts work rather than time: every node shares what its component decides."""
    builder = FlowBuilder("large")
    last = builder.add(add, a=0)
    for _ in range(5_000):
        last = builder.add(add, a=last)
    flow, catalog = builder.build()
    assert len(catalog) == 1
    assert all(isinstance(node, Node) for node in flow.nodes)
    assert len({id(node.ports) for node in flow.nodes}) == 1
    assert flow.nodes[-1].alias == "add_5001"
