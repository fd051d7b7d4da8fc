"""`@node`, `@flow` and `granted`: marks on a function that stays itself."""

import asyncio
import copy
import inspect
import pickle
from datetime import timedelta

import pytest

from latticeflow import (
    FlowBuilder,
    Header,
    Http,
    Kv,
    flow,
    granted,
    http,
    manual,
    node,
    queue,
    retry,
    schedule,
)
from latticeflow.authoring.dsl import (
    NO_FALLBACK,
    compile_flow,
    flow_options,
    granting,
    node_options,
    parse_duration,
)
from latticeflow.diagnostics import LatticeFlowError, UsageError
from latticeflow.flow import Effects, Retry


@node(idempotency="key", retry=3, retry_on=OSError, non_retryable=(KeyError, ValueError))
async def send(key: str, *, http: Http.Write = granted) -> int:
    answer = await http.post("/", key)
    return answer.status


@node
async def load(key: str, store: Kv.Read = granted) -> bytes | None:
    return await store.get(key)


class FakeHttp:
    class Answer:
        status = 201

    async def post(self, url, body=None):
        return self.Answer()


class FakeKv:
    async def get(self, key):
        return key.encode()


def test_a_node_is_the_function_itself():
    def plain(x: int) -> int:
        return x

    assert node(plain) is plain
    assert flow(version="1.2.3")(plain) is plain
    assert pickle.loads(pickle.dumps(send)) is send
    assert inspect.iscoroutinefunction(send)
    assert str(inspect.signature(load)).endswith("= granted) -> bytes | None")


def test_options_are_frozen_data():
    options = node_options(send)
    assert options.retry == Retry(
        max_attempts=3,
        retry_on=["builtins:OSError"],
        non_retryable=["builtins:KeyError", "builtins:ValueError"],
    )
    assert (options.idempotency, options.fallback, options.on_error) == ("key", NO_FALLBACK, "fail")
    with pytest.raises(AttributeError):
        options.retry = None


def test_a_policy_is_an_option_too():
    @node(retry=retry(4, on=ConnectionError, backoff="2s", factor=3, jitter=0), effects="pure")
    def f() -> int:
        return 1

    assert node_options(f).retry == Retry(
        max_attempts=4,
        initial_interval_ms=2000,
        backoff=3.0,
        jitter=0.0,
        retry_on=["builtins:ConnectionError"],
    )
    assert node_options(f).effects is Effects.PURE


def test_a_fallback_lets_the_flow_go_on():
    @node(fallback=None)
    def f() -> int | None:
        return 1

    assert (node_options(f).fallback, node_options(f).on_error) == (None, "continue")


@node(idempotency="key", sink="upsert")
async def put(key: str, *, kv: Kv.Write = granted) -> str:
    """Put something where it overwrites what was there."""
    await kv.put(key, b"")
    return key


@flow
async def put_it(key: str) -> str:
    """Put something."""
    return await put(key)


def test_what_a_sink_promises_is_in_the_graph_however_it_is_made():
    builder = FlowBuilder("b")
    builder.output(builder.add(put, key=builder.input("key", str)))
    for made in (builder.build()[0], compile_flow(put_it).flow):
        (step,) = [one for one in made.nodes if one.alias == "put"]
        assert step.config == {"sink": "upsert"}
    assert node_options(put).sink == "upsert"


def test_the_triggers_of_a_flow():
    @flow(on=[http.post("/a", deadline="10s"), schedule("0 6 * * *", tz="UTC"), queue("q"), manual])
    def f(key: str) -> str:
        return key

    kinds = [trigger.kind for trigger in flow_options(f).on]
    assert kinds == ["http", "schedule", "queue", "manual"]
    assert flow_options(f).on[0].config == {
        "method": "POST",
        "path": "/a",
        "respond": "on_last",
        "deadline_ms": 10_000,
    }
    assert Header("x") == Header("x")


@pytest.mark.parametrize(
    "mistake, part",
    [
        (lambda: node(retry=0), "`retry` of `@node`: 0"),
        (lambda: node(retry=True), "`retry` of `@node`: True"),
        (lambda: node(retry_on=OSError), "need it; write retry=3"),
        (lambda: node(timeout="0s"), "longer than nothing"),
        (lambda: node(timeout="soon"), "'soon' is no duration"),
        (lambda: node(effects="none"), "'none' is none of 'pure', 'read_only', 'effectful'"),
        (lambda: node(determinism="always"), "`determinism`"),
        (lambda: node(idempotency=" , "), "names no field"),
        (lambda: node(idempotency_ttl="1d"), "need a key"),
        (lambda: node(idempotency="id", sink="append"), "'append' is none of 'upsert', 'ensure_"),
        (lambda: node(sink="upsert"), "`sink` of `@node`: it is a promise about a key"),
        (lambda: node(on_error="ignore"), "'ignore' is none of"),
        (lambda: node(compensate=3), "is no node"),
        (lambda: flow(on="noon"), "is no trigger"),
        (lambda: flow(max_iterations=0), "`max_iterations` of `@flow`: 0"),
        (lambda: flow(max_parallel=-1), "`max_parallel`"),
        (lambda: flow(durability="maybe"), "`durability`"),
        (lambda: http.post("a"), "does not start with /"),
        (lambda: retry(3, factor=0.5), "below 1"),
        (lambda: retry(3, jitter=2), "between 0 and 1"),
    ],
)
def test_an_option_that_makes_no_sense_is_refused_with_its_code(mistake, part):
    with pytest.raises(UsageError) as caught:
        mistake()
    (found,) = caught.value.diagnostics
    assert found.code == "FLOW025"
    assert part in found.message


@pytest.mark.parametrize("thing", [int, property(), staticmethod(len), len, 3])
def test_only_functions_can_be_marked(thing):
    with pytest.raises(UsageError, match="FLOW003"):
        node(thing)


@pytest.mark.parametrize(
    "text, seconds",
    [
        ("250ms", 0.25),
        ("30s", 30),
        ("5m", 300),
        ("2h", 7200),
        ("3d", 259_200),
        ("1w", 604_800),
        ("1h30m", 5400),
        ("1.5s", 1.5),
        ("PT30S", 30),
        ("P1DT2H", 93_600),
        (timedelta(seconds=7), 7),
    ],
)
def test_durations(text, seconds):
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "5", "-5s", "5 minutes", "P", "PT", 5, None, timedelta(-1)])
def test_what_is_no_duration(text):
    with pytest.raises(ValueError, match=r"duration|negative"):
        parse_duration(text)


# -- granted -------------------------------------------------------------------------------------


def test_a_fake_is_passed_by_hand():
    assert asyncio.run(send("k", http=FakeHttp())) == 201


def test_without_one_the_first_use_says_what_to_write():
    with pytest.raises(LatticeFlowError) as caught:
        asyncio.run(send("k"))
    (found,) = caught.value.diagnostics
    assert found.code == "CAP113"
    assert "`http` of `send`" in found.message
    assert "send(..., http=...)" in found.hint


def test_a_whole_block_is_granted_by_family_or_by_parameter():
    with granting({"kv": FakeKv(), "http": FakeHttp()}):
        assert asyncio.run(load("a")) == b"a"
        assert asyncio.run(send("k")) == 201
    with granting({"store": FakeKv()}), pytest.raises(LatticeFlowError, match="`http` of `send`"):
        assert asyncio.run(load("b")) == b"b"
        asyncio.run(send("k"))


def test_grants_end_with_their_block():
    with granting({"kv": FakeKv()}):
        pass
    with pytest.raises(LatticeFlowError):
        asyncio.run(load("a"))


def test_grants_of_one_task_are_not_seen_by_another():
    async def inside():
        with granting({"kv": FakeKv()}):
            await asyncio.sleep(0)
            return await load("a")

    async def outside():
        try:
            return await load("a")
        except LatticeFlowError:
            return "refused"

    async def both():
        return await asyncio.gather(inside(), outside())

    assert asyncio.run(both()) == [b"a", "refused"]


def test_the_marker_is_harmless_to_look_at():
    assert repr(granted) == "granted"
    assert not hasattr(granted, "__wrapped__")
    assert copy.copy(granted) is granted
    assert pickle.loads(pickle.dumps(granted)) is granted
    assert inspect.signature(send).parameters["http"].default is not inspect.Parameter.empty
