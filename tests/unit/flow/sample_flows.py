"""Flows written as data, for tests of what is made from a flow."""

from __future__ import annotations

from typing import Any

from latticeflow.flow import (
    Determinism,
    Edge,
    Effects,
    Flow,
    Idempotency,
    Node,
    Output,
    Port,
    Retry,
    SchemaRef,
    Surface,
    flow_id,
    node_id,
)

HOSTILE = 'a"b\\N<b>&amp;#35;`$$%%{init}%%\n\x00[x](y);]}|end'


def node(alias: str, identifier: str = "", **fields: Any) -> Node:
    return Node(
        id=node_id(flow_id("sample", "1.0.0"), alias),
        alias=alias,
        identifier=identifier or f"shop.nodes:{alias}",
        name=alias.title(),
        kind="subflow" if "subflow_ir" in fields else "inline",
        effects=fields.pop("effects", Effects.PURE),
        determinism=Determinism.STRICT,
        **fields,
    )


def edge(path: str, select: str | None = None) -> Edge:
    """Read `a -> b` or `a -> b.port`."""
    source, _, rest = path.partition(" -> ")
    target, _, port = rest.partition(".")
    return Edge(from_=source, to=target, to_port=port or None, select=select)


def flow(name: str, nodes: list[Node], edges: list[Edge], **fields: Any) -> Flow:
    version = "1.0.0"
    return Flow(
        id=flow_id(name, version),
        name=name,
        version=version,
        profile="dev",
        nodes=nodes,
        edges=edges,
        **fields,
    )


def checkout() -> Flow:
    """Return a flow with one of everything that is drawn."""
    pricing = flow(
        "checkout.each_1",
        [node("input", "std.input"), node("price", effects=Effects.READ_ONLY)],
        [edge("input -> price.item", "/item")],
        inputs={"item": Port()},
        output=Output(from_="price"),
    )
    charging = flow(
        "checkout.try_1",
        [
            node("input", "std.input"),
            node(
                "charge",
                "shop.nodes:charge_card",
                effects=Effects.EFFECTFUL,
                idempotency=Idempotency(key="order.id"),
                retry=Retry(max_attempts=5),
                timeout_ms=30_000,
                compensate="shop.nodes:refund",
            ),
        ],
        [edge("input -> charge.order", "/order")],
        inputs={"order": Port()},
        output=Output(from_="charge"),
    )
    polling = flow(
        "checkout.loop_1",
        [node("input", "std.input"), node("look", effects=Effects.READ_ONLY)],
        [edge("input -> look.n", "/n")],
        inputs={"n": Port()},
        output=Output(from_="look"),
    )
    writes = Effects.EFFECTFUL
    return flow(
        "checkout",
        [
            node("input", "std.trigger.manual"),
            node("each_1", "checkout.each_1", effects=Effects.READ_ONLY, subflow_ir=pricing),
            node("cond_1", "std.expr", config={"expr": 'order.kind == "card" && order.total > 5'}),
            node("try_1", "checkout.try_1", effects=writes, subflow_ir=charging),
            node("bill", effects=writes),
            node("free"),
            node("receipt", "std.merge"),
            node("loop_1", "checkout.loop_1", effects=Effects.READ_ONLY, subflow_ir=polling),
            node("log", "std.shell", effects=writes, config={"run": ["echo", "done"]}),
            node("stop", "std.fail", config={"error": "builtins:ValueError"}),
        ],
        [
            edge("input -> each_1.items", "/order/items"),
            edge("input -> cond_1.order", "/order"),
            edge("cond_1 -> try_1"),
            edge("cond_1 -> free"),
            edge("input -> try_1.order", "/order"),
            edge("try_1 -> bill"),
            edge("input -> bill.order", "/order"),
            edge("try_1 -> stop"),
            edge("try_1 -> receipt.value", "/value"),
            edge("bill -> receipt.value"),
            edge("free -> receipt.value"),
            edge("receipt -> loop_1.n"),
            edge("loop_1 -> log"),
        ],
        summary="Take an order.",
        control_surfaces=[
            Surface(
                id="for_each:each_1",
                kind="for_each",
                targets=["input", "each_1"],
                config={
                    "v": 1,
                    "source": "input",
                    "items_pointer": "/order/items",
                    "body_entry": "each_1",
                    "concurrency": 8,
                },
            ),
            Surface(
                id="if:cond_1:0",
                kind="if",
                targets=["cond_1", "try_1", "free"],
                config={"v": 1, "source": "cond_1", "then": "try_1", "else": ["free"]},
            ),
            Surface(
                id="error_handler:try_1",
                kind="error_handler",
                targets=["try_1"],
                config={
                    "v": 1,
                    "scope": {"nodes": ["try_1"]},
                    "strategy": "catch",
                    "catch": [{"on": ["shop.errors:CardDeclined"], "label": "0"}],
                },
            ),
            Surface(
                id="switch:try_1:1",
                kind="switch",
                targets=["try_1", "bill", "stop"],
                config={
                    "v": 1,
                    "source": "try_1",
                    "selector_pointer": "/case",
                    "cases": {"0": "bill", "1": ["bill"]},
                    "default": "stop",
                },
            ),
            Surface(
                id="loop:loop_1",
                kind="loop",
                targets=["loop_1"],
                config={"v": 1, "body_entry": "loop_1", "condition": "n < 3", "state": ["n"]},
            ),
            Surface(
                id="rate_limit:log",
                kind="rate_limit",
                targets=["log"],
                config={"v": 1, "target": "log", "qps": 2},
            ),
        ],
        inputs={
            "order": Port(
                schema=SchemaRef(kind="named", name="Order"), summary="What is bought, and by whom"
            )
        },
        output=Output(from_="receipt"),
        schemas={"Order": {"type": "object", "properties": {"total": {"type": "integer"}}}},
    )


def hostile() -> Flow:
    """Return a flow whose every text tries to end the string it is written into."""
    return flow(
        HOSTILE,
        [
            node("input", "std.trigger.manual"),
            node(HOSTILE, HOSTILE, when=HOSTILE),
            node("each", HOSTILE, subflow_ir=flow(HOSTILE, [node(HOSTILE)], [])),
        ],
        [edge("input -> each.x", HOSTILE), Edge(from_="input", to=HOSTILE, to_port=HOSTILE)],
        control_surfaces=[
            Surface(
                id=HOSTILE,
                kind="switch",
                targets=["input", "each"],
                config={"v": 1, "source": "input", "cases": {HOSTILE: "each"}},
            )
        ],
    )
