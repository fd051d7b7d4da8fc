"""Types along edges: parts, unions, conditions, bodies."""

import pytest
from tests.unit.checks.building import (
    BOOL,
    INT,
    NULL,
    NUM,
    STR,
    body,
    codes,
    edge,
    embedding,
    expr,
    flow,
    judge,
    listed,
    messages,
    node,
    optional,
    port,
    record,
    ref,
    surface,
)

from latticeflow.checks.schema_faults import fault
from latticeflow.checks.schema_parts import NothingThere, gathered, items, part, without_null
from latticeflow.flow import Output, Transform

ITEM = {"type": "object", "title": "Item", "properties": {"sku": STR}, "required": ["sku"]}
ORDER = {
    "type": "object",
    "title": "Order",
    "properties": {
        "id": STR,
        "coupon": optional(STR),
        "items": listed({"$ref": "#/$defs/Item"}),
        "counts": {"type": "object", "additionalProperties": INT},
        "pair": {"type": "array", "prefixItems": [STR, INT], "items": False},
    },
    "required": ["id", "items"],
    "$defs": {"Item": ITEM},
}


def sends(select, wanted, *, inputs=None):
    return flow(
        [node("send", takes={"x": wanted})],
        [f"input/{select} -> send.x"],
        inputs=inputs or {"order": ORDER},
    )


# --- parts of schemas -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "pointer, expected",
    [
        ("", ORDER),
        ("/id", {"type": "string", "$defs": {"Item": ITEM}}),
        ("/items/0/sku", STR),
        ("/counts/any", INT),
        ("/pair/1", INT),
    ],
)
def test_a_pointer_finds_the_schema_of_a_part(pointer, expected):
    found = dict(part(ORDER, pointer))
    if "$defs" not in expected:
        found.pop("$defs", None)
    assert found == expected


@pytest.mark.parametrize(
    "pointer, why",
    [
        ("/idd", "`Order` has no field `idd`; did you mean `id`?"),
        ("/id/x", "a value of type string has no `x`"),
        ("/items/first", "a list has no `first`; it has numbers"),
        ("/pair/2", "it has 2 members, so no number 2"),
        ("/coupon/code", "a value of type string has no `code`"),
    ],
)
def test_what_is_not_there_is_said_in_the_users_words(pointer, why):
    with pytest.raises(NothingThere) as caught:
        part(ORDER, pointer)
    assert str(caught.value) == why


def test_the_members_of_a_list():
    assert items(listed(INT)) == INT
    assert items(optional(listed(INT))) == INT
    assert items({}) == {}
    with pytest.raises(NothingThere):
        items(STR)


def test_null_is_taken_out_of_every_kind_of_union():
    assert without_null(optional(STR)) == STR
    assert without_null({"type": ["string", "null"]}) == STR
    assert without_null({"enum": ["a", None]}) == {"enum": ["a"]}
    assert without_null(NULL) == NULL


def test_definitions_are_gathered_at_the_root():
    one = {"$ref": "#/$defs/A", "$defs": {"A": STR}}
    other = {"$ref": "#/$defs/A", "$defs": {"A": INT}}
    found = gathered({"type": "object", "properties": {"x": one, "y": one}})
    assert found["$defs"] == {"A": STR}
    assert found["properties"]["x"] == {"$ref": "#/$defs/A"}
    # Two definitions of one name cannot both be meant.
    assert gathered({"anyOf": [one, other]})["anyOf"] == [{"$ref": "#/$defs/A"}, {}]


@pytest.mark.parametrize(
    "schema",
    [
        3,
        {"type": "int"},
        {"type": []},
        {"properties": []},
        {"anyOf": []},
        {"enum": "a"},
        {"required": [1]},
        {"items": {"type": {}}},
        {"minimum": "1"},
        {"$ref": 1},
        {"$defs": {"A": {"oneOf": {}}}},
    ],
)
def test_what_is_no_schema_is_told(schema):
    assert fault(schema) is not None


def test_what_is_a_schema_is_left_alone():
    assert fault(ORDER) is None
    assert fault({"type": ["string", "null"], "x-anything": object()}) is None


# --- along edges ----------------------------------------------------------------------------------


def test_a_part_of_the_right_type_fits():
    assert codes(sends("order/items/0/sku", STR)) == []
    assert codes(sends("order/pair/1", NUM)) == []


def test_the_message_names_both_ends_and_both_types():
    assert messages(sends("order/items", listed(STR))) == [
        (
            "`input.order.items` gives `list[Item]`, but `send.x` takes `list[str]`: "
            "`Item` where `str` is needed"
        )
    ]


def test_a_converted_edge_is_not_compared():
    graph = sends("order/id", INT)
    graph.edges[0].transform = Transform()
    assert codes(graph) == []


def test_an_untyped_source_is_looked_at_when_it_comes():
    graph = flow([node("a", gives={}), node("b", takes={"x": INT})], ["a/y -> b.x"])
    result = judge(graph)
    assert result.diagnostics == ()
    assert result.checked.to_check == {"": (("a", "b", "x"),)}


def test_what_cannot_be_decided_is_a_warning_and_looked_at_later():
    graph = flow(
        [node("a", gives=INT), node("b", takes={"x": {**INT, "minimum": 1}})], ["a -> b.x"]
    )
    result = judge(graph)
    assert [d.code for d in result.diagnostics] == ["TYPE002"]
    assert result.checked.to_check == {"": (("a", "b", "x"),)}


def test_graphs_without_ports_are_compared_as_a_whole():
    graph = flow([node("a", gives=INT), node("b", in_schema=ref(STR))], ["a -> b"])
    assert codes(graph) == ["DAG201"]


def test_records_and_lists_are_typed_by_what_feeds_them():
    graph = flow(
        [node("both"), node("send", takes={"x": record(a=STR, b=listed(INT))}), node("all_")],
        ["input/order/id -> both.a", "input/n -> all_.0", "all_ -> both.b", "both -> send.x"],
        inputs={"order": ORDER, "n": INT},
    )
    graph.nodes[3].identifier = "std.list"
    assert codes(graph) == []
    graph.inputs["n"] = port(STR)
    assert codes(graph) == ["DAG201"]


def test_a_fallback_has_the_type_of_the_result():
    graph = flow([node("a", gives=INT, on_error="continue", fallback="none")])
    assert codes(graph) == ["TYPE003"]
    graph.nodes[0].fallback = 0
    assert codes(graph) == []


# --- conditions -----------------------------------------------------------------------------------


def guarded(condition, side, *, ports=None, feeds=("input/order/coupon -> cond.c",)):
    """A node that takes the coupon as a text, on one side of an `if`."""
    sides = {"then": "use", "else": "other"} if side == "then" else {"then": "other", "else": "use"}
    return flow(
        [
            expr("cond", condition, **(ports or {"c": optional(STR)})),
            node("use", takes={"x": STR}),
            node("other"),
        ],
        [*feeds, "cond -> use", "cond -> other", "input/order/coupon -> use.x"],
        [surface("if", targets=["cond", "use", "other"], source="cond", **sides)],
        inputs={"order": ORDER, "n": INT},
    )


@pytest.mark.parametrize(
    "condition, side",
    [
        ("c != null", "then"),
        ("null != c", "then"),
        ("c == null", "else"),
        ("!(c == null)", "then"),
        ("c != null && c.startsWith('V')", "then"),
        ("c == null || c == ''", "else"),
    ],
)
def test_a_condition_rules_null_out(condition, side):
    assert codes(guarded(condition, side)) == []


def test_a_condition_on_the_whole_rules_null_out_of_the_part():
    graph = guarded(
        "o.coupon != null", "then", ports={"o": ORDER}, feeds=("input/order -> cond.o",)
    )
    assert codes(graph) == []


def test_null_that_no_condition_rules_out_is_refused():
    assert codes(sends("order/coupon", STR)) == ["DAG201"]


@pytest.mark.parametrize(
    "condition, side", [("c != null || n > 1", "then"), ("c == null", "then"), ("n > 1", "then")]
)
def test_behind_a_condition_that_does_not_it_is_looked_at_when_it_comes(condition, side):
    ports = {"c": optional(STR), "n": INT}
    used = {name: schema for name, schema in ports.items() if f"{name} " in condition}
    feeds = {"c": "input/order/coupon -> cond.c", "n": "input/n -> cond.n"}
    graph = guarded(condition, side, ports=used, feeds=[feeds[name] for name in used])
    assert codes(graph) == ["TYPE002"]


def test_the_conditions_of_what_a_node_needs_are_its_own():
    graph = guarded("c != null", "then")
    graph.nodes.append(node("later", takes={"x": STR, "y": None}))
    graph.edges += [edge("use -> later.y"), edge("input/order/coupon -> later.x")]
    assert codes(graph) == []


def test_a_merge_has_the_type_of_any_of_its_branches():
    def graph(wanted):
        return flow(
            [
                expr("cond", "n > 1", n=INT),
                node("a", gives=STR),
                node("b", gives=INT),
                node("m", "std.merge"),
                node("send", takes={"x": wanted}),
            ],
            [
                "input/n -> cond.n",
                "cond -> a",
                "cond -> b",
                "a -> m.value",
                "b -> m.value",
                "m -> send.x",
            ],
            [surface("if", source="cond", then="a", **{"else": "b"})],
            inputs={"n": INT},
        )

    assert codes(graph({"anyOf": [STR, INT]})) == []
    assert codes(graph(STR)) == ["DAG201"]


def test_only_the_first_of_a_chain_that_never_runs_is_named():
    graph = flow(
        [expr("cond", "n > 1", n=INT), *(node(name) for name in ("a", "b", "both", "next"))],
        [
            "input/n -> cond.n",
            "cond -> a",
            "cond -> b",
            "a -> both.x",
            "b -> both.y",
            "both -> next.x",
        ],
        [surface("if", source="cond", then="a", **{"else": "b"})],
        inputs={"n": INT},
    )
    assert codes(graph) == ["DAG208"]
    assert "`both`" in messages(graph)[0]


# --- bodies ---------------------------------------------------------------------------------------

TWICE = body(
    [expr("t", "item * 2", item=INT)],
    ["input/item -> t.item"],
    inputs={"item": INT},
    result="t",
    gives=INT,
)


def each(wanted, **config):
    return flow(
        [embedding("each", TWICE), node("send", takes={"x": wanted})],
        ["input/ns -> each.items", "each -> send.x"],
        [surface("for_each", source="input", items_pointer="/ns", body_entry="each", **config)],
        inputs={"ns": listed(INT), "n": INT},
    )


def test_a_for_each_gives_a_list_of_results():
    assert codes(each(listed(INT))) == []
    assert codes(each(INT)) == ["DAG201"]


def test_a_for_each_goes_over_a_list():
    graph = each(listed(INT))
    graph.control_surfaces[0].config["items_pointer"] = "/n"
    assert messages(graph) == ["for_each `for_each:0`: `/n` of `input` is int, not a list"]


def test_rounds_at_once_carry_nothing():
    found = messages(each(None, state=["item"], concurrency=2))
    assert any("cannot run at once" in message for message in found)


def test_a_loop_hands_on_what_its_body_gives():
    inner = body(
        [expr("n2", "n + 1", n=INT), node("result")],
        ["input/n -> n2.n", "n2 -> result.n"],
        inputs={"n": INT},
        result="result",
        gives=record(n=INT),
    )

    def graph(state, condition):
        return flow(
            [embedding("loop", inner), node("send", takes={"x": INT})],
            ["input/n -> loop.n", f"loop/{state} -> send.x"],
            [surface("loop", body_entry="loop", condition=condition, state=[state])],
            inputs={"n": INT},
        )

    assert codes(graph("n", "n < 3")) == []
    assert codes(graph("n", "n + 3")) == ["EXPR009"]
    found = messages(graph("m", "n < 3"))
    assert any("gives no `m` to the next round" in message for message in found)


def test_what_a_handler_governs_gives_a_case():
    def graph(select, wanted):
        return flow(
            [node("a", gives=INT), node("send", takes={"x": wanted})],
            [f"a/{select} -> send.x"],
            [
                surface(
                    "error_handler",
                    scope={"nodes": ["a"]},
                    strategy="catch",
                    catch=[{"v": 1, "on": ["builtins:OSError"], "label": "0"}],
                )
            ],
        )

    assert codes(graph("case", STR)) == []
    assert codes(graph("value", INT)) == []
    assert codes(graph("error/message", STR)) == []
    assert codes(graph("vlaue", INT)) == ["TYPE007"]


def test_the_result_of_a_body_is_the_value_of_its_node():
    graph = flow(
        [embedding("part", TWICE), node("send", takes={"x": STR})],
        ["input/n -> part.item", "part -> send.x"],
        inputs={"n": INT},
    )
    assert codes(graph) == ["DAG201"]


def test_the_flows_result_is_compared_with_what_it_says():
    graph = flow([node("a", gives=INT)], output=Output(from_="a", schema=ref(BOOL)))
    assert codes(graph) == ["TYPE010"]
    graph.output = Output(from_="a", select="/x", schema=ref(BOOL))
    assert codes(graph) == ["TYPE007"]
