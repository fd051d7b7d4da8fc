"""Names and digests: flow and node ids, canonical JSON, the flow digest."""

from __future__ import annotations

import hashlib
import math
import uuid
from typing import Any

import msgspec

from latticeflow.flow.model import Flow

FLOW_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "lattice.flow")
DEVELOPMENT_VERSION = "0.0.0"


def flow_id(name: str, version: str) -> str:
    """Return `uuid5(uuid5(NAMESPACE_DNS, "lattice.flow"), "name:version")`."""
    return str(uuid.uuid5(FLOW_NAMESPACE, f"{name}:{version}"))


def node_id(flow: str, alias: str) -> str:
    """Return the id of node `alias` in the flow with id `flow`."""
    return f"{flow}::{alias}"


def canonical_json(value: Any) -> bytes:
    """Encode `value` as JSON with sorted keys, no spaces, UTF-8, shortest numbers.

    Accepts structs of the IR and plain JSON values. The same value gives the same bytes in every
    process. Numbers follow Python's shortest round-trip form.

    Raises:
        ValueError: a float is NaN or infinite.
    """
    builtins = msgspec.to_builtins(value)
    _refuse_non_finite(builtins)
    return msgspec.json.encode(builtins, order="deterministic")


def _refuse_non_finite(value: Any) -> None:
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, float):
            if not math.isfinite(item):
                msg = f"{item} has no JSON form"
                raise ValueError(msg)
        elif isinstance(item, dict):
            stack.extend(item.values())
        elif isinstance(item, list):
            stack.extend(item)


def digest(data: bytes) -> str:
    """Return `sha256:` and the hex digest of `data`."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def flow_digest(flow: Flow) -> str:
    """Return the digest that fixes what a run of `flow` executes."""
    return digest(canonical_json(flow))


def encode_flow(flow: Flow) -> bytes:
    """Return the JSON form of `flow`, keys in declaration order."""
    return msgspec.json.encode(flow)


def decode_flow(data: bytes | str) -> Flow:
    """Read a flow from JSON; unknown fields are ignored.

    Raises:
        msgspec.DecodeError: the text is not JSON.
        msgspec.ValidationError: the JSON is not a flow; the message names the path.
    """
    return msgspec.json.decode(data, type=Flow)
