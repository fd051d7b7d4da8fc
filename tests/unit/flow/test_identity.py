"""Names and digests: the vectors that other implementations share, and what changes a digest."""

from __future__ import annotations

import json
import math
import subprocess
import sys

import msgspec
import pytest
from hypothesis import given
from tests.unit.flow.sample_flows import checkout

from latticeflow.flow import (
    Flow,
    canonical_json,
    decode_flow,
    encode_flow,
    flow_digest,
    flow_id,
    node_id,
)
from latticeflow.flow.identity import FLOW_NAMESPACE
from latticeflow.testing.strategies import flows, json_values


@pytest.mark.parametrize(
    ("name", "version", "expected"),
    [
        ("s1_echo", "1.0.0", "2cb1030b-e050-547f-bb89-e08ae97c966c"),
        ("etl_logs", "1.0.0", "69b9440e-1344-581b-b769-c69abf0bfc84"),
    ],
)
def test_ids_of_flows_are_the_shared_vectors(name: str, version: str, expected: str) -> None:
    assert flow_id(name, version) == expected


def test_the_namespace_is_the_shared_one() -> None:
    assert str(FLOW_NAMESPACE) == "49263c8a-3401-5cd3-a0bb-f2e85e9875d3"


def test_a_node_is_named_within_its_flow() -> None:
    assert node_id("f", "charge") == "f::charge"


@given(json_values())
def test_canonical_json_is_the_same_value_with_sorted_keys(value: object) -> None:
    written = canonical_json(value)
    assert json.loads(written) == value
    plain = json.dumps(json.loads(written), sort_keys=True)
    assert list(json.loads(written)) == list(json.loads(plain)) if isinstance(value, dict) else True


def test_canonical_json_does_not_depend_on_the_order_of_keys() -> None:
    assert canonical_json({"b": 1, "a": {"d": 2, "c": 3}}) == b'{"a":{"c":3,"d":2},"b":1}'


@pytest.mark.parametrize("value", [math.nan, math.inf, [1, {"a": -math.inf}]])
def test_what_has_no_json_form_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="has no JSON form"):
        canonical_json(value)


@given(flows())
def test_a_digest_survives_writing_and_reading(flow: Flow) -> None:
    assert flow_digest(decode_flow(encode_flow(flow))) == flow_digest(flow)


def test_a_digest_is_the_same_in_another_process() -> None:
    script = (
        "import sys; from latticeflow.flow import decode_flow, flow_digest;"
        "print(flow_digest(decode_flow(sys.stdin.buffer.read())))"
    )
    other = subprocess.run(
        [sys.executable, "-c", script],
        input=encode_flow(checkout()),
        capture_output=True,
        check=True,
        env={"PYTHONHASHSEED": "4242"},
    )
    assert other.stdout.decode().strip() == flow_digest(checkout())


def test_a_digest_tells_flows_apart() -> None:
    other = checkout()
    other.nodes[0].summary = "changed"
    assert flow_digest(other) != flow_digest(checkout())


def test_the_spelling_of_keys_is_the_contract() -> None:
    written = json.loads(
        encode_flow(
            decode_flow(
                '{"id":"i","name":"n","version":"1","profile":"dev","nodes":[{"id":"i::a","alias":'
                '"a","identifier":"x","name":"A","kind":"inline","effects":"pure","determinism":'
                '"strict","idempotency":{"key":"k","ttlMs":5},"determinismHints":["resource::clock"],'
                '"effectHints":["resource::kv::write"],"connectorOps":[{"operation_id":"o"}],'
                '"timeout_ms":3}],"edges":[{"from":"a","to":"a","partition_key":"p"}]}'
            )
        )
    )
    node = written["nodes"][0]
    assert node["idempotency"] == {"key": "k", "ttlMs": 5}
    assert node["determinismHints"] == ["resource::clock"]
    assert node["effectHints"] == ["resource::kv::write"]
    assert node["connectorOps"] == [{"operation_id": "o"}]
    assert written["edges"] == [{"from": "a", "to": "a", "partition_key": "p", "buffer": {}}]


def test_only_four_fields_are_needed_at_the_top() -> None:
    flow = decode_flow('{"id":"i","name":"n","version":"1","profile":"dev"}')
    assert json.loads(encode_flow(flow)) == {
        "id": "i",
        "name": "n",
        "version": "1",
        "profile": "dev",
        "policies": {"lint": {}, "durability": {}},
        "metadata": {},
    }
    for missing in ("id", "name", "version", "profile"):
        given_fields = {"id": "i", "name": "n", "version": "1", "profile": "dev"}
        del given_fields[missing]
        with pytest.raises(msgspec.ValidationError, match=missing):
            decode_flow(json.dumps(given_fields))
