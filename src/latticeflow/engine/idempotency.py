"""Idempotency keys: what they are made of, and how they are made."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any

from latticeflow.flow.model import Node
from latticeflow.plan import compile_select
from latticeflow.runs import to_json


class KeyFieldError(Exception):
    """An idempotency key names a field that the input has not."""


def idempotency_key(
    node: Node, inputs: Mapping[str, Any], *, namespace: str, partition: str | None = None
) -> str:
    """Return the key of an effect: hex BLAKE3 of canonical CBOR.

    The map has the entries `f` (namespace: the flow's name, without version), `n` (the node's
    identifier; for a command also its alias, since all commands are one component), `p`
    (partition, if any) and `x` (the selected fields by selector). Encoded by RFC 8949 §4.2.1,
    texts in NFC.

    Raises:
        KeyFieldError: a selector names something the inputs have not.
    """
    import blake3  # noqa: PLC0415  (only runs with keys pay for it)
    import cbor2  # noqa: PLC0415

    fields: dict[str, Any] = {}
    for selector in selectors_of(node.idempotency.key or ""):
        head, _, rest = selector.partition(".")
        try:
            select = compile_select("/" + rest.replace(".", "/") if rest else None)
            value = inputs[head]
            fields[selector] = _normal(to_json(value if select is None else select(value)))
        except Exception as exc:
            msg = f"the idempotency key of `{node.alias}` needs `{selector}`: {exc}"
            raise KeyFieldError(msg) from exc
    content: dict[str, Any] = {
        "f": _normal(namespace),
        "n": _normal(_name_of(node)),
        "x": fields,
    }
    if partition is not None:
        content["p"] = _normal(partition)
    return blake3.blake3(cbor2.dumps(content, canonical=True)).hexdigest()


def _name_of(node: Node) -> str:
    return f"{node.identifier}:{node.alias}" if node.identifier == "std.shell" else node.identifier


def selectors_of(key: str) -> list[str]:
    """Return the selectors of a declared key: `order.id, cents` is two of them."""
    return [part.strip() for part in key.split(",") if part.strip()]


def _normal(value: Any) -> Any:
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, list):
        return [_normal(item) for item in value]
    if isinstance(value, dict):
        return {_normal(key): _normal(item) for key, item in value.items()}
    return value
