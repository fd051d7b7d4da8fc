"""What a workflow.toml may say: one JSON Schema, for editors and for the reader alike.

Formats of its own: `duration`, `expression` (CEL), `template` (text with `${{ }}`), `regex`.
"""

from __future__ import annotations

from typing import Any

from latticeflow.authoring.toml.durations import PATTERN

Shape = dict[str, Any]

NAME = r"^[A-Za-z_][A-Za-z0-9_-]*$"
"""What steps, parameters, actions and outputs may be called."""

PARAMETER_TYPES = ("string", "integer", "number", "boolean", "array", "object")
SCHEMA_ID = "https://latticeflow.dev/schemas/workflow.schema.json"


def _text(description: str, **more: object) -> Shape:
    return {"type": "string", "description": description, **more}


def _table(description: str, properties: Shape, **more: object) -> Shape:
    return {
        "type": "object",
        "description": description,
        "properties": properties,
        "additionalProperties": False,
        **more,
    }


def _named(description: str, value: Shape) -> Shape:
    return {
        "type": "object",
        "description": description,
        "propertyNames": {"pattern": NAME},
        "additionalProperties": value,
    }


def _choice(description: str, *values: str) -> Shape:
    return {"enum": list(values), "description": description}


def _texts(description: str) -> Shape:
    return {"type": "array", "items": {"type": "string"}, "description": description}


DURATION: Shape = {
    "type": "string",
    "format": "duration",
    "pattern": PATTERN,
    "description": 'A number and a unit: "250ms", "30s", "5m", "2h", "7d"; they may be added up.',
}
ANY: Shape = {}
TEMPLATE: Shape = {"type": "string", "format": "template"}
SCALAR: Shape = {"type": ["string", "integer", "number", "boolean"]}

PARAMETER = _table(
    "A value the run is given.",
    {
        "type": _text("Its type.", examples=list(PARAMETER_TYPES)),
        "description": _text("What it is for."),
        "default": {"description": "Its value if none is given."},
        "required": {"type": "boolean", "description": "Whether it must be given."},
        "pattern": _text("A regular expression the whole text must match.", format="regex"),
        "enum": {"type": "array", "minItems": 1, "description": "The values it may have."},
        "items": {"type": "object", "description": "JSON Schema of the items of an array."},
        "properties": {"type": "object", "description": "JSON Schema of an object's fields."},
        "minimum": {"type": "number", "description": "The least number."},
        "maximum": {"type": "number", "description": "The greatest number."},
        "validator": _text("The name of a validator that a package adds."),
    },
)
RETRY: Shape = {
    "description": "How often a failed attempt is tried again, and when.",
    "anyOf": [
        {"type": "integer", "minimum": 1},
        _table(
            "A policy.",
            {
                "max_attempts": {
                    "type": "integer",
                    "minimum": 1,
                    "description": "How often it is tried at most, the first try included.",
                },
                "initial_interval": DURATION,
                "max_interval": DURATION,
                "backoff": {
                    "type": "number",
                    "minimum": 1,
                    "description": "By what the wait grows from attempt to attempt.",
                },
                "jitter": {
                    "type": "number",
                    "minimum": 0,
                    "maximum": 1,
                    "description": "The part of the wait that is random.",
                },
                "retry_on": _texts("Only these errors are tried again."),
                "non_retryable": _texts("These errors are not tried again."),
            },
        ),
    ],
}
OUTPUT: Shape = {
    "description": "The type of an output, by name or as a JSON Schema.",
    "anyOf": [
        {"enum": list(PARAMETER_TYPES)},
        {"type": "object", "description": "A JSON Schema."},
    ],
}
OUTPUTS: Shape = {
    "description": "What a command writes to the file `$FLOWS_OUTPUT`, as `name=value` lines.",
    "anyOf": [_texts("Names of texts."), _named("Types by name.", OUTPUT)],
}
IDEMPOTENCY: Shape = {
    "description": "What makes an effect happen once.",
    "anyOf": [
        TEMPLATE,
        _table(
            "A key, how long it counts, and where.",
            {
                "key": _text("Fields of the input, or a text with `${{ }}`.", format="template"),
                "ttl": DURATION,
                "scope": _choice("Within what the key is unique.", "node", "edge", "partition"),
                "sink": _choice(
                    "A promise that twice under one key is the same as once.",
                    "upsert",
                    "ensure_once",
                ),
            },
        ),
    ],
}
_WORK: Shape = {
    "name": _text("How it is called in displays."),
    "description": _text("What it does."),
    "uses": _text(
        "An action, a standard component, or a Python node: `./file.py:node`, `package.mod:node`."
    ),
    "inputs": {
        "type": "object",
        "description": "Values for the inputs of `uses`; texts may hold `${{ }}`.",
    },
    "env": {
        "type": "object",
        "additionalProperties": SCALAR,
        "description": "Environment of the command; texts may hold `${{ }}`.",
    },
    "run": {
        "description": "A command: a text for a shell, or a list of words without a shell.",
        "anyOf": [
            {"type": "string", "format": "template"},
            {"type": "array", "items": TEMPLATE, "minItems": 1},
        ],
    },
    "shell": _choice("Which shell reads `run`.", "sh", "bash"),
    "workspace": _text("`inherit`, `ephemeral`, or a folder relative to the workflow."),
    "retry": RETRY,
    "timeout": DURATION,
    "outputs": OUTPUTS,
    "effects": _choice("What it does to the world.", "pure", "read_only", "effectful"),
    "determinism": _choice(
        "How its result depends on more than its input.",
        "strict",
        "stable",
        "best_effort",
        "nondeterministic",
    ),
    "idempotency": IDEMPOTENCY,
}
STEP = _table(
    "A step: a command (`run`) or a component (`uses`).",
    {
        **_WORK,
        "needs": _texts("Steps that must end before."),
        "when": {
            "description": "An expression (CEL) that says whether the step runs.",
            "anyOf": [{"type": "string", "format": "expression"}, {"type": "boolean"}],
        },
        "on_error": _choice(
            "Whether a failure ends the run.", "fail", "fail-fast", "fail_fast", "continue"
        ),
        "fallback": {"description": "The value of the step if it failed and the run goes on."},
    },
)
ACTION_INPUT = _table(
    "An input of an action.",
    {
        "type": _choice("Its type.", *PARAMETER_TYPES),
        "description": _text("What it is for."),
        "default": {"description": "Its value if none is given."},
        "required": {"type": "boolean", "description": "Whether it must be given."},
    },
)
ACTION = _table(
    "A step that can be used again: what `uses` of a step may name.",
    {
        **_WORK,
        "inputs": _named("Its inputs; `${{ inputs.NAME }}` stands for them.", ACTION_INPUT),
        "with": {"type": "object", "description": "Values for the inputs of its own `uses`."},
    },
)
ARTIFACT = _table(
    "Files a run leaves.",
    {
        "path": _text("A pattern such as `reports/*.html`."),
        "retention": DURATION,
        "checksum": _choice("How its content is fixed.", "sha256"),
        "format": _text("What kind of file it is."),
    },
    required=["path"],
)
REQUIREMENTS = _table(
    "What the machine must have before a run.",
    {
        "python": _text("The version of Python, such as `>=3.11`."),
        "tools": {
            "description": "Programs, with versions such as `>=2.30` or `*`.",
            "anyOf": [
                _texts("Names."),
                {"type": "object", "additionalProperties": {"type": "string"}},
            ],
        },
        "packages": {
            "description": "Python packages, with versions.",
            "anyOf": [
                _texts("Names."),
                {"type": "object", "additionalProperties": {"type": "string"}},
            ],
        },
    },
)
WORKFLOW: Shape = _table(
    "A workflow.",
    {
        "id": _text("Its name in the registry; may end in `@1.2.0`."),
        "name": _text("How it is called in displays."),
        "version": _text(
            "Its version.", pattern=r"^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$"
        ),
        "description": _text("What it does, in a line."),
        "tags": _texts("Words to find it by."),
        "license": _text("Its licence, as SPDX writes it."),
        "homepage": _text("Its home page."),
        "max_parallel": {
            "type": "integer",
            "minimum": 1,
            "description": "How many steps may run at once; 1 if not given.",
        },
        "durability": _choice("How a run is kept.", "off", "partial", "strong"),
        "include": {
            "description": "Files whose actions, parameters, steps are taken in; this one wins.",
            "anyOf": [{"type": "string"}, _texts("Paths relative to this file.")],
        },
        "env": {
            "type": "object",
            "additionalProperties": SCALAR,
            "description": "Environment of all commands; texts may hold `${{ }}`.",
        },
        "parameters": _named("What a run is given.", PARAMETER),
        "steps": _named("The work.", STEP),
        "actions": _named("Steps to use again.", ACTION),
        "artifacts": {
            "description": "Files a run leaves.",
            "anyOf": [
                {"type": "array", "items": ARTIFACT},
                _named("By name.", ARTIFACT),
            ],
        },
        "requirements": REQUIREMENTS,
        "outputs": {
            "type": "object",
            "propertyNames": {"pattern": NAME},
            "description": "The result of the run, by name; texts may hold `${{ }}`.",
        },
        "overrides": {
            "type": "object",
            "description": "Tables that are laid over this file after all includes.",
        },
    },
)


def toml_schema() -> Shape:
    """Return the JSON Schema (2020-12) of workflow.toml, for editors."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_ID,
        "title": "LatticeFlow workflow",
        **WORKFLOW,
        "anyOf": [{"required": ["id"]}, {"required": ["name"]}],
    }
