"""Doing an effect at most once per key, in two states: pending under a lease, then done."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any, get_args
from weakref import WeakValueDictionary

import msgspec

from latticeflow.capabilities.dedupe import Claim, Dedupe, Done, New, Pending
from latticeflow.engine.idempotency import idempotency_key
from latticeflow.engine.journal import Past
from latticeflow.flow.model import Node, SinkContract

_LEDGER = "dedupe"
_SAFE_TO_REPEAT = get_args(SinkContract)
DEFAULT_TTL = timedelta(days=1)
POLL_SECONDS = 0.05


class InDoubt(Exception):  # noqa: N818  (a state of the run, not an error of the step)
    """An effect was begun and its end is not known; a person has to decide."""

    def __init__(self, position: str, attempt: int, key: str | None, alias: str) -> None:
        super().__init__(f"`{alias}` was begun and its end is not known")
        self.position = position
        self.attempt = attempt
        self.key = key
        self.alias = alias


class EffectClaim(msgspec.Struct, frozen=True):
    """A key held by this attempt, or the recorded result of the effect."""

    key: str
    token: int = 0
    is_done: bool = False
    result: bytes = b"null"
    ttl: timedelta = DEFAULT_TTL
    in_ledger: bool = True


class Effects:
    """Judges, before an effect begins, whether it may.

    A step with a key claims it in `ledger`. Without a ledger the history alone decides: an
    attempt that was begun earlier and has no end is in doubt. A key whose holder is gone is in
    doubt too, unless the effect can be repeated safely (`repeatable`), or the run is recorded
    (`is_recorded`), has claimed the key itself and says nothing of an attempt that was begun.
    """

    def __init__(
        self,
        *,
        run_id: str,
        namespace: str,
        ledger: Dedupe | None = None,
        is_recorded: bool = True,
    ) -> None:
        self._run_id = run_id
        self._is_recorded = is_recorded
        self._namespace = namespace
        self._ledger = ledger
        self._holders: WeakValueDictionary[str, asyncio.Task[Any]] = WeakValueDictionary()

    async def begin(
        self,
        node: Node,
        inputs: Mapping[str, Any],
        position: str,
        attempt: int,
        past: Past | None,
        *,
        capabilities: Collection[str] = (),
    ) -> EffectClaim | None:
        """Claim the node's key; None if it declares none.

        `capabilities` are those that the node's component declares, by id.

        Raises:
            InDoubt: the effect may have happened and nobody can tell.
        """
        if node.idempotency.key is None:
            return None
        key = idempotency_key(node, inputs, namespace=self._namespace)
        ledger = self._ledger if _uses_ledger(node, capabilities) else None
        decided = None if past is None else past.assumed
        if ledger is None:
            if past is not None and decided is None and not _repeatable(node):
                raise InDoubt(position, attempt, key, node.alias)
            return EffectClaim(key, in_ledger=False)
        owner = f"{self._run_id}/{position}#{attempt}"
        claim = await self._claim(ledger, key, owner)
        if isinstance(claim, Done):
            return EffectClaim(key, is_done=True, result=claim.result or b"null")
        if not isinstance(claim, New):
            never_left = self._is_recorded and past is None and claim.owner == owner
            if not never_left and decided is None and not _repeatable(node):
                raise InDoubt(position, attempt, key, node.alias)
            claim = await ledger.take_over(key, owner=owner)
            if isinstance(claim, Done):
                return EffectClaim(key, is_done=True, result=claim.result or b"null")
            if not isinstance(claim, New):
                raise InDoubt(position, attempt, key, node.alias)
        if (task := asyncio.current_task()) is not None:
            self._holders[key] = task
        ttl = node.idempotency.ttl_ms
        return EffectClaim(
            key,
            token=claim.token,
            ttl=DEFAULT_TTL if ttl is None else timedelta(milliseconds=ttl),
        )

    async def _claim(self, ledger: Dedupe, key: str, owner: str) -> Claim:
        """Begin `key`; while another step or another run is at it, wait for how that ends."""
        while True:
            claim = await ledger.begin(key, owner=owner)
            if not isinstance(claim, Pending) or claim.expired:
                return claim
            if claim.owner.startswith(f"{self._run_id}/"):
                holder = self._holders.get(key)
                if holder is None or holder.done():
                    return claim  # an attempt of this run that has ended, and nobody knows how
            await asyncio.sleep(POLL_SECONDS)

    async def complete(self, claim: EffectClaim, result: bytes) -> None:
        """Record that the effect happened."""
        if self._ledger is not None and claim.in_ledger:
            await self._ledger.complete(claim.key, token=claim.token, result=result, ttl=claim.ttl)

    async def abandon(self, claim: EffectClaim) -> None:
        """Give the key back: the attempt failed."""
        if self._ledger is not None and claim.in_ledger:
            await self._ledger.abandon(claim.key, token=claim.token)


def _uses_ledger(node: Node, capabilities: Collection[str]) -> bool:
    """Tell whether a key is kept in the ledger: a command's always, a function's if it asks.

    What the code asks for counts as much as what the graph says of it: a graph that was edited by
    hand, and lost a hint, must not lose the ledger with it.
    """
    hinted = any(hint.startswith("resource::dedupe") for hint in node.effect_hints)
    return hinted or _LEDGER in capabilities or node.identifier == "std.shell"


def _repeatable(node: Node) -> bool:
    """Tell whether the node's sink takes the same key twice without doing the effect twice."""
    return node.config.get("sink") in _SAFE_TO_REPEAT
