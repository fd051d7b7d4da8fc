"""Doing a run again: a new run that starts from what the old one got right."""

from __future__ import annotations

from latticeflow.diagnostics import UsageError, report
from latticeflow.flow.identity import decode_flow
from latticeflow.flow.model import Flow
from latticeflow.hosts.local.arguments import decode_arguments
from latticeflow.hosts.local.preparing import Prepared
from latticeflow.hosts.local.recalling import Recalled, same_graph
from latticeflow.hosts.local.running import make_run
from latticeflow.providers.run_store import this_process
from latticeflow.runs import TERMINAL, Event, EventKind, RunStore, decode_value


async def repeat(
    store: RunStore,
    run_id: str,
    *,
    from_step: str | None = None,
    prepared: Prepared | None = None,
    accept_code: bool = False,
) -> Recalled:
    """Create the new run, owned by this process, with the events it takes over in its history.

    What is taken over are the values of steps of the flow itself that completed; a body that did
    not complete runs again as a whole.

    Raises:
        UsageError: there is no such run (RUN104) or step (CLI013), it has not ended
            (DAG-CKPT-007), the code of a step that runs again has changed (DAG-CKPT-009).
    """
    old = await store.get(run_id)
    if old is None:
        raise UsageError(diagnostics=(report("RUN104", run=run_id),))
    if old.status not in TERMINAL:
        hint = f"it is {old.status.value}: cancel it, or `flows resume {run_id}`"
        owner = "nobody" if old.owner is None else f"process {old.owner.pid}"
        found = report("DAG-CKPT-007", run=run_id, owner=owner, hint=hint)
        raise UsageError(diagnostics=(found,))
    flow = decode_flow(old.flow_ir)
    again: frozenset[str] = frozenset()
    if from_step is not None:
        if from_step not in {node.alias for node in flow.nodes}:
            found = report("CLI013", run=run_id, step=from_step)
            raise UsageError(diagnostics=(found,))
        again = following(flow, from_step)
    past = _taken_over(tuple(await store.history(run_id)), again)
    ready = same_graph(old, prepared, past, accept_code=accept_code)
    arguments = decode_arguments(ready, decode_value(old.arguments))
    new = make_run(
        ready,
        arguments,
        durability="strong" if old.durability == "strong" else "partial",
        options=old.options,
        parent_run_id=run_id,
    )
    new.target = old.target
    stored, _ = await store.create(new, this_process())
    fence = 0 if stored.owner is None else stored.owner.fence
    if past:
        await store.append(stored.run_id, past, fence=fence)
    return Recalled(ready, stored, arguments, past)


def following(flow: Flow, alias: str) -> frozenset[str]:
    """Return `alias` and the nodes that follow from it."""
    after: dict[str, list[str]] = {}
    for edge in flow.edges:
        after.setdefault(edge.from_, []).append(edge.to)
    found = {alias}
    ahead = [alias]
    while ahead:
        for each in after.get(ahead.pop(), ()):
            if each not in found:
                found.add(each)
                ahead.append(each)
    return frozenset(found)


def _taken_over(events: tuple[Event, ...], again: frozenset[str]) -> tuple[Event, ...]:
    """Return the events of steps that completed, with the failed attempts before that."""
    completed = {
        event.position
        for event in events
        if event.kind in (EventKind.STEP_COMPLETED, EventKind.STEP_ASSUMED)
        and "/" not in event.position
        and event.position.partition("[")[0] not in again
    }
    kinds = (EventKind.STEP_COMPLETED, EventKind.STEP_ASSUMED, EventKind.STEP_RETRYING)
    return tuple(event for event in events if event.position in completed and event.kind in kinds)
