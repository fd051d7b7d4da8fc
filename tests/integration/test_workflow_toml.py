"""A workflow.toml from its text to its result: commands, Python nodes, conditions, defaults."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import msgspec
import pytest

from latticeflow.authoring.toml import read_workflow
from latticeflow.components import STANDARD
from latticeflow.components.shell import ShellSteps
from latticeflow.flow import (
    Component,
    Determinism,
    Effects,
    NodeSpec,
    Port,
    SchemaRef,
    decode_flow,
)
from latticeflow.hosts.local import Prepared, prepare
from latticeflow.hosts.local.arguments import decode_arguments
from latticeflow.hosts.local.embedding import ephemeral, value_of
from latticeflow.plan import lower_graph

ORDER = {
    "title": "Order",
    "type": "object",
    "properties": {"id": {"type": "string"}, "total": {"type": "integer"}},
    "required": ["id", "total"],
}


@dataclasses.dataclass
class Order:
    id: str
    total: int


def make_order(n: int, name: str) -> Order:
    return Order(name, n)


def inline(schema: dict[str, Any]) -> SchemaRef:
    return SchemaRef(kind="inline", schema=schema)


MAKE = Component(
    NodeSpec(
        identifier="shop.py:make",
        name="Make",
        effects=Effects.PURE,
        determinism=Determinism.STRICT,
        summary="Make an order.",
        inputs={
            "n": Port(schema=inline({"type": "integer"})),
            "name": Port(schema=inline({"type": "string"})),
        },
        output=inline(ORDER),
    ),
    call=make_order,
)
TEXT = """
id = "demo"
description = "A bit of everything."
[parameters.n]
type = "integer"
[parameters.who]
default = "wor'ld $(touch pwned) `id` \\" ; false"
[parameters.rate]
type = "number"
default = 2

[actions.say]
run = "printf '%s|%s' ${{ inputs.what }} \\"${{ inputs.mark }}\\""
inputs.what.type = "string"
inputs.mark = { type = "string", default = "!" }

[steps.say-it]
run = '''
echo "Hello ${{ params.who }}"
echo "count=${{ params.n }}" >> "$FLOWS_OUTPUT"
'''
outputs = { count = "integer" }

[steps.make]
uses = "shop.py:make"
inputs = { n = "${{ steps['say-it'].outputs.count + 1 }}", name = "${{ params.who }}" }

[steps.never]
run = "echo never"
when = "params.n > 100"

[steps.after]
uses = "say"
inputs.what = "${{ steps.make.outputs.total }} at ${{ params.rate * 1.5 }}"
when = "steps.never.status == 'skipped' && steps['say-it'].status == 'succeeded'"

[outputs]
order = "${{ steps.make.outputs.result }}"
said = "${{ steps.after.stdout }}"
hello = "${{ steps['say-it'].stdout }}"
never = "${{ steps.never.stdout }}"
"""


def prepared(text: str = TEXT) -> Prepared:
    authored = read_workflow(
        text,
        file="workflow.toml",
        resolve=lambda uses: MAKE if uses == "shop.py:make" else STANDARD.get(uses),
    )
    assert authored.flow is not None, [each.message for each in authored.diagnostics]
    return prepare(authored)


async def result_of(flow: Prepared, folder: Path, **inputs: object) -> Any:
    execution = ephemeral(flow, decode_arguments(flow, inputs))
    execution.surroundings = dataclasses.replace(execution.surroundings, shell=ShellSteps(folder))
    return value_of(await execution.execute())


EVIL = "wor'ld $(touch pwned) `id` \" ; false"


async def test_runs_to_its_result(tmp_path: Path) -> None:
    found = await result_of(prepared(), tmp_path, n=5)
    assert found == {
        "order": Order(EVIL, 6),
        "said": "6 at 3|!",
        "hello": f"Hello {EVIL}\n",
        "never": None,
    }
    assert list(tmp_path.iterdir()) == []


async def test_its_json_runs_to_the_same(tmp_path: Path) -> None:
    first = prepared()
    flow = decode_flow(first.ir)
    again = msgspec.structs.replace(first, flow=flow, plan=lower_graph(flow, first.catalog))
    assert await result_of(again, tmp_path, n=5) == await result_of(first, tmp_path, n=5)


async def test_a_branch_that_is_taken(tmp_path: Path) -> None:
    found = await result_of(prepared(), tmp_path, n=101, who="x")
    assert found["never"] == "never\n"
    assert found["said"] is None


@pytest.mark.parametrize("value", ["a b", "$HOME", "*", "'", '"', "\\", "\n", "-n", "é𝒳"])
async def test_any_text_arrives_as_it_is(tmp_path: Path, value: str) -> None:
    text = (
        'id = "w"\ndescription = "d"\n[parameters.v]\n'
        "[steps.a]\nrun = \"printf '%s' ${{ params.v }}\"\n"
        "[steps.b]\nrun = ['printf', '%s', '<${{ params.v }}>']\n"
        "[outputs]\na = '${{ steps.a.stdout }}'\nb = '${{ steps.b.stdout }}'\n"
    )
    assert await result_of(prepared(text), tmp_path, v=value) == {"a": value, "b": f"<{value}>"}
