"""Effects under a key: what a sink promises, and whose word decides where the key is kept."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.unit.engine.graphs import node

from latticeflow.capabilities.dedupe import Pending
from latticeflow.engine.effects import EffectClaim, Effects, InDoubt
from latticeflow.engine.journal import Past
from latticeflow.flow import Effects as EffectsClaim
from latticeflow.flow import Idempotency, Node
from latticeflow.providers.dedupe import MemoryDedupe

BEGUN = Past()
"""An earlier process began the attempt, and its end is not known."""


def step(sink: str | None = None, **fields: Any) -> Node:
    return node(
        "pay",
        fields.pop("identifier", "pay"),
        effects=EffectsClaim.EFFECTFUL,
        idempotency=Idempotency(key="order"),
        config={} if sink is None else {"sink": sink},
        **fields,
    )


def effects_of(run: str, ledger: MemoryDedupe | None) -> Effects:
    return Effects(run_id=run, namespace="shop", ledger=ledger)


async def begin(
    effects: Effects, asked: Node, past: Past | None = None, *, attempt: int = 1, **more: Any
) -> EffectClaim | None:
    return await effects.begin(asked, {"order": "o-1"}, "pay", attempt, past, **more)


@pytest.mark.parametrize("sink", ["upsert", "ensure_once"])
async def test_under_a_contract_an_effect_in_doubt_is_begun_again(sink: str) -> None:
    claim = await begin(effects_of("r", None), step(sink), BEGUN)
    assert claim is not None
    assert not claim.is_done


@pytest.mark.parametrize("sink", [None, "hope"])
async def test_without_one_it_is_for_a_person_to_decide(sink: str | None) -> None:
    with pytest.raises(InDoubt, match="`pay` was begun"):
        await begin(effects_of("r", None), step(sink), BEGUN)


@pytest.mark.parametrize("sink", ["upsert", "ensure_once"])
async def test_a_key_that_a_dead_process_held_is_taken_over_under_a_contract(sink: str) -> None:
    ledger = MemoryDedupe()
    asked = step(sink, effect_hints=["resource::dedupe::write"])
    first = await begin(effects_of("r", ledger), asked)
    resumed = await begin(effects_of("r", ledger), asked, BEGUN)
    assert first is not None
    assert resumed is not None
    assert resumed.token > first.token
    await effects_of("r", ledger).complete(resumed, b'"paid"')
    again = await begin(effects_of("later", ledger), asked)
    assert again is not None
    assert (again.is_done, again.result) == (True, b'"paid"')


async def test_without_a_contract_such_a_key_is_in_doubt() -> None:
    ledger = MemoryDedupe()
    asked = step(effect_hints=["resource::dedupe::write"])
    await begin(effects_of("r", ledger), asked)
    with pytest.raises(InDoubt):
        await begin(effects_of("r", ledger), asked, BEGUN)


@pytest.mark.parametrize(
    ("asked", "capabilities", "is_kept"),
    [
        (step(effect_hints=["resource::dedupe::write"]), (), True),
        (step(), ("kv.write", "dedupe"), True),  # a graph that has lost the hint
        (step(identifier="std.shell"), (), True),
        (step(), ("kv.write",), False),
    ],
)
async def test_the_graph_the_code_or_the_kind_of_step_asks_for_the_ledger(
    asked: Node, capabilities: tuple[str, ...], *, is_kept: bool
) -> None:
    ledger = MemoryDedupe()
    claim = await begin(effects_of("r", ledger), asked, capabilities=capabilities)
    assert claim is not None
    assert claim.in_ledger is is_kept
    assert isinstance(await ledger.begin(claim.key, owner="who asks"), Pending) is is_kept


async def test_whoever_wants_a_key_that_another_is_at_waits_for_how_that_ends() -> None:
    ledger = MemoryDedupe()
    asked = step(effect_hints=["resource::dedupe::write"])
    mine = effects_of("r", ledger)
    first = await begin(mine, asked)
    assert first is not None
    later = [
        asyncio.create_task(begin(effects, asked, attempt=2))
        for effects in (mine, effects_of("another", ledger))
    ]
    done, _ = await asyncio.wait(later, timeout=0.1)
    assert not done
    await mine.complete(first, b'"paid"')
    claims = await asyncio.gather(*later)
    assert [claim and (claim.is_done, claim.result) for claim in claims] == [(True, b'"paid"')] * 2


async def test_a_run_that_is_not_recorded_cannot_know_that_nothing_was_begun() -> None:
    ledger = MemoryDedupe()
    asked = step(effect_hints=["resource::dedupe::write"])
    await begin(effects_of("r", ledger), asked)
    again = await begin(effects_of("r", ledger), asked)
    assert again is not None
    assert not again.is_done
    unrecorded = Effects(run_id="r", namespace="shop", ledger=ledger, is_recorded=False)
    with pytest.raises(InDoubt):
        await begin(unrecorded, asked)
