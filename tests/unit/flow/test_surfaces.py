"""Configurations of surfaces: read by kind, with defaults, unknown fields ignored."""

from __future__ import annotations

import msgspec
import pytest

from latticeflow.flow import Surface
from latticeflow.flow.surfaces import (
    CONFIG_TYPES,
    ForEachConfig,
    IfConfig,
    SwitchConfig,
    as_aliases,
    surface_config,
)


def read(kind: str, **config: object) -> object:
    return surface_config(msgspec.convert({"id": "s", "kind": kind, "config": config}, Surface))


def test_a_target_may_be_one_alias_or_several() -> None:
    config = read("if", v=1, source="a", then="b", **{"else": ["c", "d"]})
    assert isinstance(config, IfConfig)
    assert (as_aliases(config.then), as_aliases(config.else_)) == (["b"], ["c", "d"])
    assert as_aliases(None) == []


def test_a_switch_keeps_the_order_of_its_cases() -> None:
    config = read("switch", v=1, source="a", cases={"z": "b", "a": ["c"]}, future=True)
    assert isinstance(config, SwitchConfig)
    assert list(config.cases) == ["z", "a"]
    assert config.default is None


def test_defaults_are_those_of_the_contract() -> None:
    config = read("for_each", source="a", body_entry="b")
    assert isinstance(config, ForEachConfig)
    assert (config.v, config.item, config.concurrency, config.on_error) == (1, "item", 1, "fail")


@pytest.mark.parametrize("kind", sorted(CONFIG_TYPES))
def test_what_does_not_fit_is_refused_at_its_place(kind: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        read(kind, v="one")


@pytest.mark.parametrize("kind", ["join", "zip"])
def test_kinds_without_a_shape_of_their_own_say_so(kind: str) -> None:
    with pytest.raises(KeyError):
        read(kind)
