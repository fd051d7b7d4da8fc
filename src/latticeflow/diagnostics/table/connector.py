"""connector:: codes of the connector specification; reserved until its checker exists."""

from __future__ import annotations

from latticeflow.diagnostics.codes import family, row

_RESERVED = (
    ("duplicate_contract_id", "Two contracts have the same id."),
    ("duplicate_generated_module_name", "Two contracts generate the same module."),
    ("duplicate_surface_identifier", "Two surfaces have the same identifier."),
    ("invalid_broker_reference", "A broker is referred to wrongly."),
    ("invalid_contract_id", "A contract's id is not an id."),
    ("invalid_contract_semantics", "A contract contradicts itself."),
    ("invalid_input_field_reference", "A reference to an input field is wrong."),
    ("invalid_json_escape_hatch", "A JSON field gives no reason for being untyped."),
    ("invalid_path_template", "A path template is wrong."),
    ("invalid_resource_contract", "A resource contract is wrong."),
    ("invalid_semantic_effect_slots", "The effect slots are wrong."),
    ("invalid_type_reference", "A type is referred to that does not exist."),
    ("unknown_endpoint_profile", "An endpoint profile does not exist."),
    ("unknown_placeholder_kind", "A placeholder's kind does not exist."),
    ("unknown_outbound_auth_profile", "An authentication profile does not exist."),
    ("unsupported_action_implementation", "An action's implementation is not supported."),
    ("unsupported_outbound_auth_kind", "A kind of authentication is not supported."),
    ("unsupported_paginated_output_shape", "A paginated output's shape is not supported."),
    ("unsupported_surface_kind", "A kind of surface is not supported."),
)

CODES = family(
    "connector",
    "connectors",
    tuple(
        row(f"connector::{name}", name, summary, "{what}: {why}", status="reserved")
        for name, summary in _RESERVED
    ),
)
