"""Every case of the shared vector file, by our evaluator."""

from __future__ import annotations

import base64
import json
from datetime import datetime, timedelta
from importlib import resources
from typing import Any

import pytest

from latticeflow.expr import (
    ExpressionError,
    Program,
    compile_expression,
    from_json_schema,
)
from latticeflow.expr.times import write_duration, write_timestamp

VECTORS: dict[str, Any] = json.loads(
    resources.files("latticeflow.expr").joinpath("vectors.json").read_text(encoding="utf-8")
)
ORDER = VECTORS["order"]


def compile_case(case: dict[str, Any]) -> Program | tuple[Any, ...]:
    schemas = {
        name: ORDER["schema"] if schema == "$order" else schema
        for name, schema in case["types"].items()
    }
    return compile_expression(
        case["text"], {name: from_json_schema(schema) for name, schema in schemas.items()}
    )


def bindings_of(case: dict[str, Any]) -> dict[str, Any]:
    return {
        name: ORDER["value"] if value == "$order" else value
        for name, value in case["bindings"].items()
    }


def as_json(value: object) -> object:
    if isinstance(value, datetime):
        return write_timestamp(value)
    if isinstance(value, timedelta):
        return write_duration(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, list):
        return [as_json(item) for item in value]
    if isinstance(value, dict):
        return {key: as_json(item) for key, item in value.items()}
    return value


def by_kind(kind: str) -> list[Any]:
    return [
        pytest.param(case, id=f"{index}-{case['text'][:40]}")
        for index, case in enumerate(VECTORS["cases"])
        if kind in case
    ]


@pytest.mark.parametrize("case", by_kind("result"))
def test_has_the_result(case: dict[str, Any]) -> None:
    program = compile_case(case)
    assert isinstance(program, Program), program
    found = as_json(program.evaluate(bindings_of(case)))
    # As text, so that 1, 1.0 and true differ.
    assert json.dumps(found) == json.dumps(case["result"])


@pytest.mark.parametrize("case", by_kind("error"))
def test_fails_in_the_run(case: dict[str, Any]) -> None:
    program = compile_case(case)
    assert isinstance(program, Program), program
    with pytest.raises(ExpressionError) as caught:
        program.evaluate(bindings_of(case))
    assert caught.value.code == case["error"], caught.value.message


@pytest.mark.parametrize("case", by_kind("issue"))
def test_is_refused_before_the_run(case: dict[str, Any]) -> None:
    found = compile_case(case)
    assert not isinstance(found, Program)
    assert (found[0].code, [found[0].offset, found[0].end]) == (case["issue"], case["at"]), found


def test_there_are_enough_of_each_kind() -> None:
    kinds = [len(by_kind(kind)) for kind in ("result", "error", "issue")]
    assert sum(kinds) == len(VECTORS["cases"]) >= 250
    assert min(kinds) >= 30
