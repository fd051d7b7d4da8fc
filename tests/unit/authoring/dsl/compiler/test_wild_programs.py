from __future__ import annotations

import pytest
from tests.unit.authoring.dsl.compiler.agreement import called, ran
from tests.unit.authoring.dsl.compiler.wild import Writer

from latticeflow.authoring.dsl.compiler import compile_flow

# What a foolish program may be refused for. Anything else is a mistake of the compiler.
EXPECTED = {"FLOW011", "FLOW017", "FLOW018", "FLOW021", "FLOW029", "FLOW034"}
UNSET = ("builtins:UnboundLocalError", "builtins:NameError")
INPUTS = (0, 1, 3, 4, 6, 10)


def outcome(load, seed: int) -> str:
    source = Writer(seed).program()
    try:
        compile(source, "wild.py", "exec")
    except SyntaxError:  # a name of an outer loop in an inner comprehension, and the like
        return "no program"
    module = load(source)
    authored = compile_flow(module.main)
    if authored.flow is None:
        assert {issue.code for issue in authored.diagnostics} <= EXPECTED, source
        return "refused"
    for n in INPUTS:
        by_call = called(module.main, (n,), module.LOG)
        if by_call[:2] in [("error", name) for name in UNSET]:
            continue
        by_run = ran(module.main, (n,), module.LOG)
        if by_call[:2] == by_run[:2] == ("error", f"{module.__name__}:Oops"):
            by_call, by_run = by_call[2:], by_run[2:]
        assert by_run == by_call, f"n = {n}\n{source}"
    return "agreed"


def test_calling_and_running_agree_on_wild_programs(load):
    found = [outcome(load, seed) for seed in range(60)]
    assert found.count("agreed") >= 25


@pytest.mark.verify
@pytest.mark.parametrize("start", range(0, 3000, 100))
def test_calling_and_running_agree_on_many_wild_programs(load, start):
    assert "agreed" in [outcome(load, seed) for seed in range(start + 60, start + 160)]
