"""Keys of places: one for each part of a graph, bodies included."""

from __future__ import annotations

from latticeflow.flow import Edge
from latticeflow.flow.spans import edge_key, field_key, node_key, surface_key


def test_parts_of_one_graph_have_keys_of_their_own() -> None:
    fed, ordered = Edge(from_="a", to="b", to_port="x"), Edge(from_="a", to="b")
    for body in ("", "each_1", "each_1/try_1"):
        keys = [
            node_key("a", body=body),
            field_key("a", "when", body=body),
            field_key("a", "inputs.x", body=body),
            edge_key(fed, body=body),
            edge_key(ordered, body=body),
            surface_key("a", body=body),
        ]
        assert len(set(keys)) == len(keys)


def test_the_same_alias_in_two_bodies_is_two_places() -> None:
    keys = {node_key("a"), node_key("a", body="each_1"), node_key("a", body="each_2")}
    assert len(keys) == 3
