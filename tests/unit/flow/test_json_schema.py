"""The schema of the Flow IR: it accepts everything that is emitted, and says what it refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from tests.unit.flow.sample_flows import checkout

from latticeflow.flow import Flow, decode_flow, encode_flow
from latticeflow.flow.json_schema import SCHEMA_ID, flow_ir_schema
from latticeflow.flow.surfaces import CONFIG_TYPES
from latticeflow.testing.strategies import flows

ROOT = Path(__file__).resolve().parents[3]
VALIDATOR = jsonschema.Draft202012Validator(flow_ir_schema())


def test_it_is_a_schema_of_its_dialect() -> None:
    jsonschema.Draft202012Validator.check_schema(flow_ir_schema())
    assert flow_ir_schema()["$id"] == SCHEMA_ID


def test_the_file_in_the_repository_is_current() -> None:
    text = (ROOT / "schemas" / "flow_ir.schema.json").read_text(encoding="utf-8")
    assert json.loads(text) == flow_ir_schema()


@given(flows())
def test_everything_written_validates(flow: Flow) -> None:
    VALIDATOR.validate(json.loads(encode_flow(flow)))


@given(flows())
def test_what_is_read_back_is_written_the_same(flow: Flow) -> None:
    written = encode_flow(flow)
    assert encode_flow(decode_flow(written)) == written


@given(flows())
def test_unknown_fields_are_ignored_at_every_level(flow: Flow) -> None:
    written = json.loads(encode_flow(flow))
    noisy = _noisy(written, VALIDATOR.schema["$defs"], "Flow")
    VALIDATOR.validate(noisy)
    assert json.loads(encode_flow(decode_flow(json.dumps(noisy)))) == written


def test_a_flow_as_older_writers_spell_it_is_accepted() -> None:
    """Every default written out, as an exporter in another language may do."""
    written = json.loads(encode_flow(checkout()))
    for part in written["nodes"]:
        part.setdefault("idempotency", {})
        part.setdefault("determinismHints", [])
        part.setdefault("effectHints", [])
        part.setdefault("summary", None)
    VALIDATOR.validate(written)
    assert encode_flow(decode_flow(json.dumps(written))) == encode_flow(checkout())


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("/profile", "cloud"),
        ("/nodes/0/effects", "maybe"),
        ("/nodes/0/alias", None),
        ("/edges/0/from", 1),
        ("/edges/0/delivery", "twice"),
        ("/control_surfaces/0/config/body_entry", None),
        ("/control_surfaces/1/config/source", ["cond_1"]),
        ("/control_surfaces/3/config/cases", []),
        ("/inputs/order/schema", {"kind": "named"}),
        ("/nodes", {}),
    ],
)
def test_what_is_no_flow_is_refused_at_its_place(path: str, value: Any) -> None:
    broken = json.loads(encode_flow(checkout()))
    *parents, last = path.strip("/").split("/")
    inside: Any = broken
    for name in parents:
        inside = inside[int(name) if isinstance(inside, list) else name]
    inside[last] = value
    places = [
        "/" + "/".join(map(str, error.absolute_path)) for error in VALIDATOR.iter_errors(broken)
    ]
    assert any(place.startswith(path) for place in places), places


def test_every_kind_of_surface_has_its_configuration_described() -> None:
    described = {
        rule["if"]["properties"]["kind"]["const"]
        for rule in flow_ir_schema()["$defs"]["Surface"]["allOf"]
    }
    assert described == set(CONFIG_TYPES)


def test_descriptions_do_not_carry_the_indentation_of_the_source() -> None:
    for definition in flow_ir_schema()["$defs"].values():
        assert "  " not in definition.get("description", "")


def _noisy(value: Any, definitions: dict[str, Any], name: str) -> Any:
    """Return `value` with a field nobody knows in each record of the IR."""
    properties = definitions[name]["properties"]
    noisy: dict[str, Any] = {"x_unknown": {"any": [1]}}
    for key, part in value.items():
        noisy[key] = _noisy_part(part, definitions, properties.get(key, {}))
    return noisy


def _noisy_part(part: Any, definitions: dict[str, Any], schema: dict[str, Any]) -> Any:
    if "anyOf" in schema and part is not None:
        schema = next((one for one in schema["anyOf"] if "$ref" in one or "items" in one), {})
    reference = schema.get("$ref", "").rpartition("/")[2]
    if reference and isinstance(part, dict):
        return _noisy(part, definitions, reference)
    if isinstance(part, list):
        return [_noisy_part(item, definitions, schema.get("items", {})) for item in part]
    if isinstance(part, dict) and isinstance(schema.get("additionalProperties"), dict):
        values = schema["additionalProperties"]
        return {key: _noisy_part(item, definitions, values) for key, item in part.items()}
    return part
