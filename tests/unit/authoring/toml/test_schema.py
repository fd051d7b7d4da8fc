"""The JSON Schema for editors: valid itself, and of one mind with the reader."""

from __future__ import annotations

import tomllib

import jsonschema
import pytest
from tests.unit.authoring.toml.support import findings, read

from latticeflow.authoring.toml import toml_schema

GOOD = """
id = "w"
[parameters.n]
type = "integer"
default = 3
[actions.go]
run = "echo ${{ inputs.x }}"
inputs.x.type = "string"
[steps.a]
uses = "go"
inputs.x = "y"
retry = 3
effects = "read_only"
timeout = "1m 30s"
[steps.b]
run = ["echo", "x"]
needs = ["a"]
when = true
outputs = ["x"]
idempotency = { key = "x", ttl = "1h" }
[outputs]
r = 1
"""


def test_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(toml_schema())


def test_accepts_what_the_reader_accepts() -> None:
    assert findings(read(GOOD)) == []
    jsonschema.validate(tomllib.loads(GOOD), toml_schema())


@pytest.mark.parametrize(
    "text",
    [
        "[steps.a]\nrun = 'x'\n",
        "id = 'w'\nnope = 1\n",
        "id = 'w'\n[steps.a]\nrun = 1\n",
        "id = 'w'\n[steps.a]\nrun = 'x'\ntimeout = 'soon'\n",
        "id = 'w'\n[steps.a]\nrun = 'x'\neffects = 'some'\n",
        "id = 'w'\n[steps.'a b']\nrun = 'x'\n",
        "id = 'w'\nmax_parallel = 0\n",
    ],
)
def test_refuses_what_the_reader_refuses(text: str) -> None:
    assert findings(read(text))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(tomllib.loads(text), toml_schema())


def test_every_key_is_described() -> None:
    def check(shape: dict[str, object], path: str) -> None:
        properties = shape.get("properties", {})
        assert isinstance(properties, dict)
        for key, value in properties.items():
            assert value.get("description"), f"{path}.{key}"
            check(value, f"{path}.{key}")

    check(toml_schema(), "")
