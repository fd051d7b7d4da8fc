"""What every compiled graph promises: order, names, places, sameness."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from tests.unit.authoring.dsl.compiler import samples

from latticeflow.authoring.dsl import flow_options
from latticeflow.authoring.dsl.compiler import compile_flow
from latticeflow.flow.identity import encode_flow
from latticeflow.flow.lattice import Determinism, Effects

ROOT = Path(__file__).parents[5]
FLOWS = [thing for thing in vars(samples).values() if flow_options(thing) is not None]

HEADER = """\
from latticeflow.authoring.dsl import each, flow, node, parallel, retry

@node
def inc(x: int) -> int:
    return x + 1

@node(effects="read_only", determinism="best_effort")
def look(x: int) -> int:
    return x

@node(effects="effectful", determinism="nondeterministic")
def put(x: int) -> int:
    return x

@node(effects="effectful", determinism="nondeterministic")
async def send(x: int) -> int:
    return x

"""


def edges(flow):
    return {(edge.from_, edge.to) for edge in flow.edges}


def reaches(flow, first, second):
    after = {first}
    changed = True
    while changed:
        more = {edge.to for edge in flow.edges if edge.from_ in after} - after
        after |= more
        changed = bool(more)
    return second in after


@pytest.fixture
def compiled(load):
    def compile_body(body: str, header: str = "def f(n: int) -> int:"):
        lines = "".join(f"    {line}\n" for line in body.splitlines())
        authored = compile_flow(load(f"{HEADER}@flow\n{header}\n{lines}").f)
        assert authored.flow is not None, authored.diagnostics
        return authored.flow

    return compile_body


def test_the_same_source_gives_the_same_bytes_in_every_process():
    program = (
        "import hashlib\n"
        "from latticeflow.authoring.dsl.compiler import compile_flow\n"
        "from latticeflow.flow.identity import encode_flow\n"
        "from tests.unit.authoring.dsl.compiler import samples\n"
        "from tests.unit.authoring.dsl.compiler.test_graphs import FLOWS\n"
        "print(hashlib.sha256(b''.join(\n"
        "    encode_flow(compile_flow(f).flow) for f in FLOWS)).hexdigest())\n"
    )
    here = hashlib.sha256(b"".join(encode_flow(compile_flow(f).flow) for f in FLOWS)).hexdigest()
    for seed in ("1", "2"):
        found = subprocess.run(
            [sys.executable, "-c", program],
            cwd=ROOT,
            env={"PYTHONHASHSEED": seed, "PATH": ""},
            capture_output=True,
            text=True,
            check=True,
        )
        assert found.stdout.strip() == here


def test_pure_steps_float(compiled):
    flow = compiled("put(n)\na = inc(n)\nreturn a")
    assert not reaches(flow, "put", "inc")


def test_a_read_waits_for_the_write_above(compiled):
    flow = compiled("put(n)\nreturn look(n)")
    assert ("put", "look") in edges(flow)


def test_two_reads_do_not_wait_for_each_other(compiled):
    flow = compiled("a = look(n)\nb = look(n)\nreturn a + b")
    assert not reaches(flow, "look", "look_2")


def test_a_write_waits_for_all_that_could_have_failed_before(compiled):
    flow = compiled("inc(n)\nlook(n)\nreturn put(n)")
    assert {("inc", "put"), ("look", "put")} <= edges(flow)


def test_a_write_waits_for_a_failing_index(compiled):
    flow = compiled("a = xs[0]\nput(1)\nreturn a", "def f(xs: list[int]) -> int:")
    assert ("a", "put") in edges(flow)


def test_a_write_after_a_branch_waits_for_the_write_in_it(compiled):
    flow = compiled("if n > 1:\n    put(n)\nreturn put(2)")
    assert ("put", "put_2") in edges(flow)


def test_a_write_after_a_branch_is_not_skipped_with_it(compiled):
    flow = compiled("if look(1) > 1:\n    put(1)\nreturn put(2)", "def f() -> int:")
    assert any(source != "put" for source, target in edges(flow) if target == "put_2")


def test_parallel_lifts_the_order_among_its_calls_only(compiled):
    flow = compiled(
        "put(n)\na, b = await parallel(send(n), send(2))\nput(a)\nreturn b",
        "async def f(n: int) -> int:",
    )
    assert not reaches(flow, "send", "send_2")
    assert reaches(flow, "put", "send")
    assert reaches(flow, "put", "send_2")
    assert reaches(flow, "send_2", "put_2")


def test_a_body_with_a_write_counts_as_a_write(compiled):
    flow = compiled(
        "for x in each(xs):\n    put(x)\nreturn look(1)", "def f(xs: list[int]) -> int:"
    )
    assert ("each_1", "look") in edges(flow)


def test_what_a_component_does_may_be_judged_by_others(load):
    module = load(f"{HEADER}@flow\ndef f(n: int) -> int:\n    inc(n)\n    return inc(2)\n")

    def judge(component):
        return Effects.EFFECTFUL, Determinism.NONDETERMINISTIC

    flow = compile_flow(module.f, effects_of=judge).flow
    assert ("inc", "inc_2") in edges(flow)
    assert {node.effects for node in flow.nodes if node.alias != "input"} == {Effects.EFFECTFUL}
    # Judged otherwise, it is compiled anew.
    assert ("inc", "inc_2") not in edges(compile_flow(module.f).flow)


def test_names_of_steps_do_not_move_with_edits_above(compiled):
    before = compiled("a = inc(n)\nreturn put(a)")
    after = compiled("b = look(n)\nput(b)\na = inc(n)\nreturn put(a)")
    assert [n.alias for n in before.nodes] == ["input", "inc", "put"]
    assert [n.alias for n in after.nodes] == ["input", "look", "put", "inc", "put_2"]


def test_nodes_stand_in_program_order_and_edges_go_forward():
    for fn in FLOWS:
        waiting = [compile_flow(fn).flow]
        while waiting:
            flow = waiting.pop()
            place = {node.alias: number for number, node in enumerate(flow.nodes)}
            assert all(place[edge.from_] < place[edge.to] for edge in flow.edges)
            waiting.extend(n.subflow_ir for n in flow.nodes if n.subflow_ir is not None)


def test_every_part_has_a_place():
    for fn in FLOWS:
        authored = compile_flow(fn)
        assert all(node.span is not None for node in authored.flow.nodes)
        for node in authored.flow.nodes:
            assert authored.spans[node.alias] == node.span
            if node.subflow_ir is not None:
                for inner in node.subflow_ir.nodes:
                    assert authored.spans[f"{node.alias}/{inner.alias}"] == inner.span
        for surface in authored.flow.control_surfaces:
            assert f"@{surface.id}" in authored.spans


def test_inputs_have_types_and_defaults(compiled):
    flow = compiled("return n", "def f(n: int, name: str = 'x', many: list[int] = []) -> int:")
    assert flow.inputs["n"].required
    assert flow.inputs["n"].schema.schema == {"type": "integer"}
    assert flow.inputs["name"].default == "x"
    assert flow.inputs["many"].default == []
    assert flow.output.schema.schema == {"type": "integer"}


def test_options_of_the_flow_reach_the_graph(load):
    module = load(
        "from latticeflow.authoring.dsl import flow, http, schedule\n"
        "@flow(name='named', version='1.2.0', tags=['a'], max_parallel=2, durability='strong',\n"
        "      on=[http.post('/x'), schedule('0 6 * * *', tz='UTC')])\n"
        "def f(n: int) -> int:\n"
        "    '''Say what it does.'''\n"
        "    return n\n"
    )
    flow = compile_flow(module.f).flow
    assert (flow.name, flow.version, flow.max_parallel) == ("named", "1.2.0", 2)
    assert flow.summary == "Say what it does."
    assert flow.metadata.tags == ["a"]
    assert flow.policies.durability.mode == "strong"
    http, schedule = flow.metadata.entrypoints
    assert (http.route_path, http.method) == ("/x", "POST")
    assert schedule.schedule == {"cron": "0 6 * * *", "tz": "UTC"}


def test_a_compiled_flow_is_kept_until_something_changes(load):
    module = load(f"{HEADER}LIMIT = 3\n@flow\ndef f(n: int) -> int:\n    return n + LIMIT\n")
    first = compile_flow(module.f)
    assert compile_flow(module.f) is first
    module.LIMIT = 4
    second = compile_flow(module.f)
    assert second is not first
    assert "4" in second.flow.nodes[-1].config["expr"]


def test_inputs_come_as_the_types_of_the_parameters(load):
    module = load(
        "from dataclasses import dataclass\n"
        "from latticeflow.authoring.dsl import flow\n"
        "@dataclass(frozen=True)\n"
        "class Order:\n"
        "    id: str\n"
        "@flow\n"
        "def f(order: Order) -> str:\n"
        "    return order.id\n"
    )
    decode = compile_flow(module.f).decode
    assert decode["order"]({"id": "a"}) == module.Order("a")


def test_constants_of_a_closure_are_part_of_the_flow(load):
    module = load(
        "from latticeflow.authoring.dsl import flow\n"
        "def make(limit):\n"
        "    @flow\n"
        "    def f(n: int) -> int:\n"
        "        return n + limit\n"
        "    return f\n"
        "three, four = make(3), make(4)\n"
    )
    texts = [compile_flow(f).flow.nodes[-1].config["expr"] for f in (module.three, module.four)]
    assert texts == ["n + 3", "n + 4"]


def test_edits_above_a_flow_change_nothing_but_its_places(load):
    body = (
        "@flow\n"
        "def f(n: int) -> int:\n"
        "    try:\n"
        "        n = put(n)\n"
        "        if put(n) > 2:\n"
        "            n = inc(n)\n"
        "        n = put(n)\n"
        "    except ValueError:\n"
        "        n = inc(n)\n"
        "    return n\n"
    )
    flows = []
    for above in ("", "# one more line\n\n"):
        # The same module name, as it is part of what the nodes are called.
        flow = compile_flow(load(f"{above}{HEADER}{body}", "edited_above").f).flow
        flows.append(_without_places(flow))
    assert flows[0] == flows[1]


def _without_places(flow):
    nodes = [
        msgspec.structs.replace(
            node,
            span=None,
            subflow_ir=None if node.subflow_ir is None else _without_places(node.subflow_ir),
        )
        for node in flow.nodes
    ]
    return msgspec.structs.replace(flow, nodes=nodes)
