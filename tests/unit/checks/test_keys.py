"""Idempotency keys: what they may select, and from where it comes."""

import pytest
from tests.unit.checks.building import (
    INT,
    NUM,
    STR,
    body,
    codes,
    edge,
    embedding,
    flow,
    judge,
    listed,
    messages,
    node,
    record,
    shell,
    surface,
)

from latticeflow.diagnostics import Severity
from latticeflow.flow import Determinism, Effects, Idempotency

ORDER = record(id=STR, lines=listed(record(sku=STR, cents=INT)), rate=NUM)


def pays(key, **fields):
    return shell("pay", takes={"order": ORDER}, idempotency=Idempotency(key=key), **fields)


def keyed(key):
    return flow([pays(key)], ["input/order -> pay.order"], inputs={"order": ORDER})


@pytest.mark.parametrize(
    "key", ["order.id", "order.id, order.lines.0.sku", " order.id ", "order.lines"]
)
def test_keys_select_fields_of_inputs(key):
    assert codes(keyed(key)) == []


@pytest.mark.parametrize(
    "key, code",
    [
        ("", "IDEM021"),
        ("order.id,,", "IDEM021"),
        ("order id", "IDEM021"),
        ("order[0]", "IDEM021"),
        ("oder.id", "IDEM022"),
        ("order.idd", "IDEM022"),
        ("order.rate", "IDEM023"),
        ("order", "IDEM023"),
    ],
)
def test_keys_that_select_nothing_exact_are_refused(key, code):
    assert set(codes(keyed(key))) == {code}


def test_the_forgotten_name_of_the_input_is_suggested():
    assert messages(keyed("id")) == [
        "the idempotency key of `pay` names `id`: there is no input `id`; did you mean `order.id`?"
    ]


def reads(alias, determinism):
    return node(alias, gives=STR, effects=Effects.READ_ONLY, determinism=determinism)


def fed(*nodes, edges):
    pay = shell("pay", takes={"key": STR}, idempotency=Idempotency(key="key"))
    return flow([*nodes, pay], edges)


def test_a_key_from_chance_protects_nothing():
    (found,) = judge(
        fed(reads("draw", Determinism.NONDETERMINISTIC), edges=["draw -> pay.key"])
    ).diagnostics
    assert (found.code, found.severity) == ("IDEM025", Severity.ERROR)
    assert "comes from `draw` (nondeterministic)" in found.message


def test_a_key_from_a_best_effort_read_is_a_warning():
    (found,) = judge(
        fed(reads("fetch", Determinism.BEST_EFFORT), edges=["fetch -> pay.key"])
    ).diagnostics
    assert (found.code, found.severity) == ("IDEM025", Severity.WARNING)


def test_a_key_from_pinned_data_is_fine():
    assert codes(fed(reads("load", Determinism.STABLE), edges=["load -> pay.key"])) == []


def test_chance_goes_through_pure_steps():
    graph = fed(
        reads("draw", Determinism.NONDETERMINISTIC),
        node("clean", gives=STR),
        edges=["draw -> clean.x", "clean -> pay.key"],
    )
    assert codes(graph) == ["IDEM025"]


def test_a_field_of_a_record_has_only_its_own_chance():
    both = [node("both"), reads("draw", Determinism.NONDETERMINISTIC), node("fixed", gives=STR)]
    edges = ["draw -> both.a", "fixed -> both.b"]
    assert codes(fed(*both, edges=[*edges, "both/b -> pay.key"])) == []
    assert codes(fed(*both, edges=[*edges, "both/a -> pay.key"])) == ["IDEM025"]


def test_chance_goes_into_bodies_by_input():
    inner = body(
        [shell("pay", takes={"key": STR}, idempotency=Idempotency(key="key"))],
        [],
        inputs={"a": STR, "b": STR},
        result="pay",
    )

    def graph(port):
        inner.edges = [edge(f"input/{port} -> pay.key")]
        part = embedding(
            "part", inner, effects=Effects.EFFECTFUL, determinism=Determinism.NONDETERMINISTIC
        )
        return flow(
            [reads("draw", Determinism.NONDETERMINISTIC), node("fixed", gives=STR), part],
            ["draw -> part.a", "fixed -> part.b"],
        )

    assert codes(graph("b")) == []
    assert codes(graph("a")) == ["IDEM025"]


def test_the_item_of_a_round_has_the_chance_of_the_list():
    inner = body(
        [shell("pay", takes={"key": STR}, idempotency=Idempotency(key="key"))],
        ["input/item -> pay.key"],
        inputs={"item": STR},
        result="pay",
    )
    fields = {"effects": Effects.EFFECTFUL, "determinism": Determinism.NONDETERMINISTIC}

    def graph(determinism):
        source = node("list", gives=listed(STR), determinism=determinism)
        return flow(
            [source, embedding("each", inner, **fields)],
            ["list -> each.items"],
            [surface("for_each", source="list", body_entry="each")],
        )

    assert codes(graph(Determinism.STRICT)) == []
    assert codes(graph(Determinism.NONDETERMINISTIC)) == ["IDEM025"]
