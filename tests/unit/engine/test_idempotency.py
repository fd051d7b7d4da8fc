"""Keys of effects: what makes two of them the same."""

from __future__ import annotations

from tests.unit.engine.graphs import node

from latticeflow.engine import idempotency_key
from latticeflow.flow import Idempotency, Node


def keyed(alias: str, identifier: str) -> Node:
    return node(alias, identifier, idempotency=Idempotency(key="order"))


def key(alias: str, identifier: str, order: object = 7) -> str:
    return idempotency_key(keyed(alias, identifier), {"order": order}, namespace="shop")


def test_a_renamed_step_keeps_its_key() -> None:
    assert key("charge", "shop:charge") == key("charge_again", "shop:charge")


def test_two_commands_of_a_flow_have_keys_of_their_own() -> None:
    assert key("pack", "std.shell") != key("ship", "std.shell")


def test_what_the_key_selects_makes_it() -> None:
    assert key("pack", "std.shell", 7) != key("pack", "std.shell", 8)
