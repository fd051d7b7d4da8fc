"""The checker as a whole: what it proves, collects and hands on."""

import time
from pathlib import Path

import pytest
from tests.unit.checks.building import (
    BOOL,
    INT,
    STR,
    body,
    codes,
    edge,
    embedding,
    flow,
    judge,
    messages,
    node,
    record,
    shell,
    surface,
)

from latticeflow.capabilities import HINTS, Floor
from latticeflow.checks import RULES, CheckedFlow, check
from latticeflow.components.standard import STANDARD
from latticeflow.diagnostics import InternalError, Severity
from latticeflow.flow import (
    Catalog,
    Component,
    Determinism,
    DurabilityPolicy,
    Edge,
    Effects,
    NodeDurability,
    NodeSpec,
    Policies,
    Port,
    Retry,
    Span,
)


def component(fn, **spec):
    declared = {
        "effects": Effects.PURE,
        "determinism": Determinism.STRICT,
        "summary": "A sample.",
        **spec,
    }
    return Component(NodeSpec(identifier=fn.__name__, name=fn.__name__, **declared), call=fn)


def stamped() -> float:
    return time.time()


def test_only_the_check_makes_a_checked_flow():
    graph = flow([node("a")])
    with pytest.raises(InternalError):
        CheckedFlow(graph, STANDARD)
    checked = judge(graph).checked
    assert checked is not None
    assert checked.flow is graph


def test_errors_leave_nothing_to_run():
    assert judge(flow([node("a", "std.nothing")])).checked is None


def test_warnings_stop_a_flow_only_when_the_check_is_strict():
    graph = flow([node("a")])
    graph.id = "another"
    assert judge(graph).checked is not None
    strict = check(graph, STANDARD, strict=True)
    assert strict.checked is None
    assert [d.severity for d in strict.diagnostics] == [Severity.WARNING]


def test_a_graph_cannot_take_away_what_its_component_touches():
    touching = component(
        len,
        effects=Effects.EFFECTFUL,
        determinism=Determinism.BEST_EFFORT,
        effect_hints=("resource::kv::write",),
        determinism_hints=("resource::kv",),
    )
    graph = flow([node("a", "len")])
    found = judge(graph, Catalog([*STANDARD.values(), touching])).diagnostics
    assert {"EFFECT201", "DET302"} <= {each.code for each in found}


def test_all_is_found_in_one_pass():
    inner = body([node("b", "std.nope")], ["input/x -> b.x"], inputs={"x": INT}, result="gone")
    graph = flow(
        [node("a"), node("a"), embedding("part", inner, timeout_ms=0)],
        ["a -> part.y", "a -> nowhere"],
    )
    assert sorted(codes(graph)) == [
        "CTRL101",
        "DAG202",
        "DAG202",
        "DAG205",
        "DAG212",
        "TYPE004",
        "TYPE005",
    ]


def test_a_finding_in_a_body_says_where_it_is():
    inner = body([node("b", "std.nope")], inputs={}, result="b")
    (found,) = judge(flow([node("a"), embedding("part", inner)])).diagnostics
    assert found.location.pointer == "/nodes/1/subflow_ir/nodes/1/identifier"


def test_places_come_from_spans_of_fields_then_nodes():
    graph = flow([shell("a", timeout_ms=0), shell("b", timeout_ms=0)])
    graph.nodes[1].span = Span(file="f", line=9, column=1, end_line=9, end_column=2)
    spans = {"a#timeout_ms": Span(file="f", line=3, column=5, end_line=3, end_column=8)}
    first, second = check(graph, STANDARD, spans=spans).diagnostics
    assert first.location.range.start.line == 3
    assert second.location.range.start.line == 9


def test_an_edge_without_a_place_points_at_what_it_feeds():
    graph = flow([node("a"), node("b")], [edge("a -> b.x", timeout_ms=0)])
    graph.nodes[1].span = Span(file="f", line=4, column=1, end_line=4, end_column=2)
    found = [d for d in judge(graph).diagnostics if d.code == "CTRL101"]
    assert found[0].location.range.start.line == 4


def test_a_node_without_a_claim_counts_as_what_its_body_does():
    catalog = STANDARD.with_components([component(stamped)])
    inner = body([node("now", "stamped")], inputs={}, result="now")
    graph = flow([node("now", "stamped"), embedding("part", inner)])
    result = check(graph, catalog)
    # Said once, though two nodes run it.
    assert [d.code for d in result.diagnostics] == ["PURE001"]
    assert {d.severity for d in result.diagnostics} == {Severity.INFO}
    now, part = result.checked.flow.nodes
    assert (now.effects, now.determinism) == (Effects.EFFECTFUL, Determinism.NONDETERMINISTIC)
    assert part.effects is Effects.EFFECTFUL
    assert graph.nodes[0].effects is Effects.PURE
    assert result.checked.proved == {"now": True, "part/now": True}


def test_a_strict_check_wants_claims():
    catalog = STANDARD.with_components([component(stamped)])
    result = check(flow([node("now", "stamped")]), catalog, strict=True)
    assert [(d.code, d.severity) for d in result.diagnostics] == [("PURE001", Severity.ERROR)]


def test_a_claim_that_the_body_breaks_is_an_error():
    claimed = component(stamped, claimed=True)
    result = check(flow([node("now", "stamped")]), Catalog([claimed]))
    assert [(d.code, d.severity) for d in result.diagnostics] == [("PURE001", Severity.ERROR)]
    assert "says pure and strict" in result.diagnostics[0].message


def test_a_claim_that_covers_the_body_is_no_finding():
    claims = {"effects": Effects.READ_ONLY, "determinism": Determinism.BEST_EFFORT}
    claimed = component(stamped, claimed=True, **claims)
    result = check(flow([node("now", "stamped", **claims)]), Catalog([claimed]))
    assert result.diagnostics == ()
    assert result.checked.proved == {"now": False}


def test_extensions_register_their_hints_as_an_argument():
    graph = flow([node("a", effects=Effects.READ_ONLY, effect_hints=["connector::pay::charge"])])
    assert codes(graph) == ["EFFECT202"]
    hints = HINTS.extended({"connector::pay::charge": Floor(effects=Effects.EFFECTFUL)})
    assert codes(graph, hints=hints) == ["EFFECT201"]


def test_hints_match_exactly():
    graph = flow([node("a", effect_hints=["resource::kv::rea"])])
    assert "did you mean `resource::kv::read`?" in messages(graph)[0]


def test_a_body_has_the_durability_of_the_flow_around_it():
    inner = body([shell("pay")], inputs={}, result="pay")
    part = embedding(
        "part", inner, effects=Effects.EFFECTFUL, determinism=Determinism.NONDETERMINISTIC
    )
    strong = Policies(durability=DurabilityPolicy(mode="strong"))
    assert codes(flow([part], policies=strong)) == ["DAG-CKPT-004"]
    assert codes(flow([part])) == []


def test_partial_durability_asks_for_keys_after_a_halt_only():
    halting = node("wait", durability=NodeDurability(halts=True))
    graph = flow([shell("before"), halting, shell("after")], ["before -> wait", "wait -> after"])
    found = [d for d in judge(graph).diagnostics if d.code == "DAG-CKPT-004"]
    assert [d.message.partition(" ")[0] for d in found] == ["`after`"]


def test_retrying_a_body_judges_what_is_inside():
    inner = body([shell("pay"), node("plan")], inputs={}, result="pay")
    fields = {"effects": Effects.EFFECTFUL, "determinism": Determinism.NONDETERMINISTIC}
    part = embedding("part", inner, retry=Retry(max_attempts=3), **fields)
    (found,) = judge(flow([part])).diagnostics
    assert found.code == "RETRY012"
    assert found.message.startswith("`pay`")
    part.retry = Retry(max_attempts=1)
    assert codes(flow([part])) == []


def test_a_circle_is_named_shortest_and_each_once():
    nodes = [node(name) for name in "abcdefg"]
    edges = [
        "a -> b.x",
        "b -> c.x",
        "c -> a.x",
        "c -> b.y",
        "d -> d.x",
        "e -> f.x",
        "f -> e.x",
        "a -> g.x",
    ]
    assert messages(flow(nodes, edges)) == [
        "these nodes wait for each other: a -> b -> c -> a",
        "these nodes wait for each other: d -> d",
        "these nodes wait for each other: e -> f -> e",
    ]


def test_inputs_of_a_variadic_are_numbered():
    def gather(*xs: int) -> int:
        return sum(xs)

    taking = component(gather, inputs={"xs": Port(required=False)}, variadic="xs", claimed=True)
    catalog = STANDARD.with_components([taking])
    graph = flow([node("a"), node("g", "gather")], ["a -> g.xs.0", "a -> g.xs.1"])
    assert check(graph, catalog).diagnostics == ()
    graph.edges.append(Edge(from_="a", to="g", to_port="xs.one"))
    assert [d.code for d in check(graph, catalog).diagnostics] == ["TYPE004"]


def test_a_switch_and_an_if_may_share_a_source_but_no_edge():
    source = node("s", gives=record(a=BOOL, b=STR))
    ask, tell, yell = node("ask"), node("tell"), node("yell")
    edges = ["s -> ask.x", "s -> tell.x", "s -> yell.x"]
    first = surface("if", source="s", selector_pointer="/a", then="ask")
    apart = surface("switch", source="s", selector_pointer="/b", cases={"x": "tell"})
    over = surface("switch", source="s", selector_pointer="/b", cases={"x": ["ask"]})
    assert codes(flow([source, ask, tell, yell], edges, [first, apart])) == []
    assert codes(flow([source, ask, tell, yell], edges, [first, over])) == ["CTRL112"]


def test_a_thousand_nodes_are_checked_well_under_a_second():
    nodes = [node(f"n{i}", takes={"x": INT}, gives=INT) for i in range(1000)]
    edges = [f"n{i} -> n{i + 1}.x" for i in range(999)]
    graph = flow(nodes, edges)
    graph.nodes[0].inputs = {"x": 1}
    begin = time.perf_counter()
    assert judge(graph).diagnostics == ()
    assert time.perf_counter() - begin < 1


def test_each_rule_is_a_file_and_each_file_a_rule():
    from latticeflow.checks import rules

    files = {p.stem for p in Path(rules.__file__).parent.glob("*.py")} - {"__init__"}
    assert {rule.__module__.rpartition(".")[2] for rule in RULES} == files
    assert len(RULES) == len(files)
