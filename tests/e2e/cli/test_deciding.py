"""A step dies after its effect and before its record; a person says what came of it."""

from __future__ import annotations

import pytest
from tests.e2e.cli.conftest import Flows

CHARGING = """
import os
from dataclasses import dataclass
from pathlib import Path

from latticeflow import flow, granted, node, Kv


@dataclass(frozen=True)
class Receipt:
    number: int
    cents: int


@node(idempotency="order"{more})
async def charge(order: str, *, kv: Kv.Write = granted) -> Receipt:
    '''Take the money; the first time, fall over.'''
    charged = Path("charged")
    with charged.open("a") as file:
        file.write("x")
    if charged.stat().st_size == 1:
        os._exit(9)
    return Receipt(2, 450)


@node
def tell(receipt: Receipt | None) -> str:
    '''Say what was paid.'''
    return "nothing" if receipt is None else f"{{receipt.number}}: {{receipt.cents}}"


@flow
async def pay(order: str) -> str:
    '''Charge an order.'''
    return tell(await charge(order))
"""


@pytest.fixture
def parked(flows: Flows) -> Flows:
    crash(flows)
    found = flows.run("resume", "o-1")
    assert (found.returncode, "RUN105" in found.stderr) == (1, True), found.stderr
    return flows


def crash(flows: Flows, more: str = "") -> None:
    (flows.folder / "pay.py").write_text(CHARGING.format(more=more))
    ended = flows.run("run", "pay.py", "--param", "order=o-1", "--run-id", "o-1")
    assert ended.returncode == 9, ended.stderr


def charged(flows: Flows) -> int:
    return (flows.folder / "charged").stat().st_size


def test_what_the_step_returned_is_stated_and_typed(parked: Flows) -> None:
    stated = ("--assume", "done", "--value", '{"number": 7, "cents": 99}')
    found = parked.run("resume", "o-1", *stated)
    assert (found.returncode, found.stdout) == (0, "7: 99\n"), found.stderr
    assert charged(parked) == 1


def test_a_person_need_not_know_what_it_returned(parked: Flows) -> None:
    found = parked.run("resume", "o-1", "--assume", "done")
    assert (found.returncode, found.stdout) == (0, "nothing\n"), found.stderr
    assert charged(parked) == 1


def test_what_it_could_not_have_returned_decides_nothing(parked: Flows) -> None:
    wrong: list[tuple[str, ...]] = [
        ("--assume", "done", "--value", '{"number": "seven"}'),
        ("--assume", "done", "--value", "{"),
        ("--assume", "retry", "--value", "1"),
        ("--value", "1"),
    ]
    for options in wrong:
        found = parked.run("resume", "o-1", *options)
        assert (found.returncode, "CLI010" in found.stderr) == (2, True), found.stderr
        assert "--value" in found.stderr
    # The run still waits for a decision, and nobody holds it.
    found = parked.run("resume", "o-1", "--assume", "retry")
    assert (found.returncode, found.stdout) == (0, "2: 450\n"), found.stderr
    assert charged(parked) == 2


def test_under_a_contract_of_the_sink_nobody_is_asked(flows: Flows) -> None:
    crash(flows, ', sink="upsert"')
    found = flows.run("resume", "o-1")
    assert (found.returncode, found.stdout) == (0, "2: 450\n"), found.stderr
    assert charged(flows) == 2
