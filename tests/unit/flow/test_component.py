"""Catalogs: components by identifier, and one extended by another."""

from __future__ import annotations

from latticeflow.flow import Catalog, Component, Determinism, Effects, NodeSpec


def component(identifier: str, name: str = "") -> Component:
    spec = NodeSpec(
        identifier=identifier,
        name=name or identifier,
        effects=Effects.PURE,
        determinism=Determinism.STRICT,
    )
    return Component(spec)


def test_components_are_found_by_identifier() -> None:
    catalog = Catalog([component("a"), component("b")])
    assert (list(catalog), len(catalog)) == (["a", "b"], 2)
    assert catalog["b"].spec.name == "b"
    assert catalog.get("c") is None
    assert "c" not in catalog


def test_what_is_added_wins_and_the_first_catalog_stays_as_it_is() -> None:
    first = Catalog([component("a", "old"), component("b")])
    both = first.with_components([component("a", "new"), component("c")])
    assert {name: found.spec.name for name, found in both.items()} == {
        "a": "new",
        "b": "b",
        "c": "c",
    }
    assert first["a"].spec.name == "old"
    assert len(first) == 2
