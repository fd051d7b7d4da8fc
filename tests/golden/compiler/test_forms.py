"""What each form of the language becomes. `FLOWS_GOLDEN=write` writes the files anew."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.golden.compiler import forms
from tests.golden.compiler.listing import listing

from latticeflow.authoring.dsl import flow_options
from latticeflow.authoring.dsl.compiler import compile_flow

HERE = Path(__file__).parent
FLOWS = {name: thing for name, thing in vars(forms).items() if flow_options(thing) is not None}


@pytest.mark.parametrize("name", FLOWS)
def test_graph_of_the_form(name):
    authored = compile_flow(FLOWS[name])
    assert authored.diagnostics == ()
    found = listing(authored.flow)
    golden = HERE / f"{name}.txt"
    if os.environ.get("FLOWS_GOLDEN") == "write":
        golden.write_text(found)
    assert found == golden.read_text()


def test_every_file_has_a_form():
    assert {path.stem for path in HERE.glob("*.txt")} == set(FLOWS)
