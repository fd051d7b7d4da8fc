"""Keys of commands are kept, and a run without durability records itself but not its steps."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from latticeflow import Client, flow, node
from latticeflow.flow import encode_flow
from latticeflow.hosts.local import judge, read_target
from latticeflow.runs import EventKind

WORKFLOW = """\
id = "keyed"

[parameters.name]
type = "string"

[steps.add]
run = "echo ${{ params.name }} >> added.txt"
idempotency = "${{ params.name }}"

[outputs]
code = "${{ steps.add.exit_code }}"
"""


@pytest.fixture
def workflow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "workflow.toml"
    file.write_text(WORKFLOW)
    return file


async def test_a_command_under_a_key_runs_once_over_all_runs(workflow: Path) -> None:
    prepared = judge(read_target(str(workflow)), target=str(workflow)).prepared
    assert prepared is not None
    async with Client(f"sqlite:///{workflow.parent}/.flows/runs.db") as client:
        for name in ("a", "b", "a", "b"):
            handle = await client.start(prepared, name=name)
            assert await handle.result() == {"code": 0}
    assert (workflow.parent / "added.txt").read_text().split() == ["a", "b"]


PAYMENT = """
from latticeflow import Dedupe, Kv, flow, granted, node


@node(idempotency="order")
async def charge(order: str, *, kv: Kv.Write = granted, dedupe: Dedupe = granted) -> int:
    times = int(await kv.get(order) or b"0") + 1
    await kv.put(order, str(times).encode())
    return times


@flow
async def pay(order: str) -> int:
    return await charge(order)
"""


@pytest.mark.parametrize("keeps_hints", [True, False])
async def test_a_graph_that_lost_its_hints_does_not_lose_the_ledger(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, keeps_hints: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "payment.py").write_text(PAYMENT)
    written = read_target("payment.py").flow
    assert written is not None
    edited = msgspec.json.decode(encode_flow(written))
    (charge,) = [each for each in edited["nodes"] if each["alias"] == "charge"]
    assert charge["effectHints"]
    if not keeps_hints:
        del charge["effectHints"]
    (tmp_path / "payment.json").write_bytes(msgspec.json.encode(edited))
    prepared = judge(read_target("payment.json"), target="payment.json").prepared
    assert prepared is not None
    async with Client(f"sqlite:///{tmp_path}/.flows/runs.db") as client:
        for _ in range(2):
            handle = await client.start(prepared, order="o-1")
            assert await handle.result() == 1


@node(effects="read_only", determinism="best_effort")
async def look(x: int) -> int:
    """Look something up."""
    return x + 1


@flow
async def looking(x: int) -> int:
    """Look twice."""
    return await look(await look(x))


@pytest.mark.parametrize(("durability", "steps"), [("strong", 2), ("partial", 2), ("off", 0)])
async def test_steps_are_recorded_as_durability_says(durability: str, steps: int) -> None:
    async with Client("memory:", durability=durability) as client:  # type: ignore[arg-type]
        handle = await client.start(looking, 1)
        assert await handle.result() == 3
        events = await client.store.history(handle.run_id)
    done = [event for event in events if event.kind is EventKind.STEP_COMPLETED]
    assert len(done) == steps
    assert events[0].kind is EventKind.RUN_STARTED
    assert events[-1].kind is EventKind.RUN_COMPLETED
