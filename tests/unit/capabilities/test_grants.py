import pytest

from latticeflow.capabilities import (
    MEMBERS,
    CapabilityDeniedError,
    CapabilityMissingError,
    Grants,
    Holder,
)
from latticeflow.flow import Determinism, Effects, NodeSpec


class AnyKv:
    """Has every name of the port, and one more."""

    async def get(self, key):
        return key.encode()

    async def get_entry(self, key): ...

    async def list(self, prefix="", *, cursor=None, limit=1000): ...

    async def put(self, key, value, **_):
        return 1

    async def delete(self, key, **_): ...

    def info(self): ...

    def close(self): ...


class StepClock:
    def __init__(self, holder):
        self.holder = holder

    def now(self):
        return self.holder

    async def sleep(self, duration): ...


class PerStepClock:
    def for_step(self, holder):
        return StepClock(holder)


def spec(**capabilities):
    return NodeSpec(
        identifier="shop:charge",
        name="charge",
        effects=Effects.EFFECTFUL,
        determinism=Determinism.BEST_EFFORT,
        capabilities=capabilities,
    )


HOLDER = Holder(node="charge", run_id="r", position="charge", seed=7)


async def test_node_gets_what_it_declares_by_parameter():
    given = Grants({"kv": AnyKv()}).for_node(spec(store="kv.write"), HOLDER)
    assert list(given) == ["store"]
    assert await given["store"].put("a", b"1") == 1
    assert await given["store"].get("a") == b"a"


def test_node_without_capabilities_gets_nothing():
    assert Grants({"kv": AnyKv()}).for_node(spec(), HOLDER) == {}


def test_reading_grant_has_no_writing_names():
    view = Grants({"kv": AnyKv()}).for_node(spec(kv="kv.read"), HOLDER)["kv"]
    with pytest.raises(CapabilityDeniedError) as caught:
        view.put("a", b"1")
    (finding,) = caught.value.diagnostics
    assert finding.code == "CAP110"
    assert finding.message == "node `charge` touched `kv.write`, which it does not declare"


def test_names_beside_the_port_are_hidden():
    view = Grants({"kv": AnyKv()}).for_node(spec(kv="kv.write"), HOLDER)["kv"]
    with pytest.raises(CapabilityDeniedError, match=r"kv\.write\.close"):
        view.close()


def test_view_cannot_be_changed():
    view = Grants({"kv": AnyKv()}).for_node(spec(kv="kv.write"), HOLDER)["kv"]
    with pytest.raises(CapabilityDeniedError):
        view.get = None


def test_view_answers_python_about_private_names():
    view = Grants({"kv": AnyKv()}).for_node(spec(kv="kv.read"), HOLDER)["kv"]
    assert not hasattr(view, "__aenter__")
    assert repr(view) == "<kv.read of charge>"


def test_everything_missing_is_told_at_once():
    grants = Grants({"kv": AnyKv()})
    nodes = [spec(a="clock", b="kv.read"), spec(c="db.write"), spec(d="clock")]
    assert grants.missing(nodes) == ("clock", "db.write")
    with pytest.raises(CapabilityMissingError) as caught:
        grants.require(nodes)
    (finding,) = caught.value.diagnostics
    assert finding.code == "CAP101"
    assert finding.message == "nothing provides `clock`, `db.write`"


def test_provider_that_only_reads_does_not_provide_writing():
    class Reader:
        async def get(self, key): ...
        async def get_entry(self, key): ...
        async def list(self, prefix="", **_): ...
        def info(self): ...

    grants = Grants({"kv": Reader()})
    assert grants.missing([spec(kv="kv.read")]) == ()
    assert grants.missing([spec(kv="kv.write")]) == ("kv.write",)


def test_unknown_capability_is_missing():
    assert Grants({}).missing([spec(x="magic.wand")]) == ("magic.wand",)


def test_provider_per_step_learns_who_holds_it():
    view = Grants({"clock": PerStepClock()}).for_node(spec(clock="clock"), HOLDER)["clock"]
    assert view.now() is HOLDER


def test_writing_port_contains_the_reading_one():
    for family in ("kv", "db", "files", "http"):
        assert MEMBERS[f"{family}.read"] < MEMBERS[f"{family}.write"]
