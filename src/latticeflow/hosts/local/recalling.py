"""Taking up a run again: the stored graph, the code it named, and what was already done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from latticeflow.diagnostics import UsageError, report
from latticeflow.flow.identity import decode_flow, flow_digest
from latticeflow.hosts.local.arguments import decode_arguments
from latticeflow.hosts.local.preparing import Prepared, prepare
from latticeflow.hosts.local.running import wall_ms
from latticeflow.hosts.local.targets import catalog_for, read_target
from latticeflow.plan import Plan, Step
from latticeflow.providers.run_store import this_process
from latticeflow.runs import (
    TERMINAL,
    Event,
    EventKind,
    Run,
    RunStore,
    decode_value,
    encode_value,
    parse_position,
)


class Recalled(msgspec.Struct, frozen=True):
    """A run that this process has taken over, ready to be driven."""

    prepared: Prepared
    run: Run
    arguments: Mapping[str, Any]
    past: tuple[Event, ...]


async def recall(
    store: RunStore,
    run_id: str,
    *,
    prepared: Prepared | None = None,
    accept_code: bool = False,
    assume: str | None = None,
    value: object = None,
) -> Recalled:
    """Take over a run and read what is needed to go on with it.

    The stored graph is what runs on. `prepared` gives the code where the recorded target is not
    to be used.

    Raises:
        UsageError: there is no such run (RUN104), it has ended (RUN106), a live process owns it
            (DAG-CKPT-007), the code of a step still to run has changed (DAG-CKPT-009), `value`
            is not what the step in doubt returns (CLI010).
    """
    run = await store.get(run_id)
    if run is None:
        raise UsageError(diagnostics=(report("RUN104", run=run_id),))
    _require_open(run)
    if assume is None and value is not None:
        raise _not_a_value("it is what a step returned that is assumed to be done")
    claimed = await store.claim(run_id, this_process())
    if claimed is None:
        owner = "another process" if run.owner is None else f"process {run.owner.pid}"
        raise UsageError(diagnostics=(report("DAG-CKPT-007", run=run_id, owner=owner),))
    fence = 0 if claimed.owner is None else claimed.owner.fence
    try:
        # Only now, for until it was ours another process may have gone on with it, or ended it.
        _require_open(claimed)
        past = tuple(await store.history(run_id))
        ready = same_graph(claimed, prepared, past, accept_code=accept_code)
        arguments = decode_arguments(ready, decode_value(claimed.arguments))
        decisions = () if assume is None else _decide(past, ready, assume=assume, value=value)
        if decisions:
            await store.append(run_id, decisions, fence=fence)
    except BaseException:
        await store.release(run_id, fence)
        raise
    claimed.error = None
    return Recalled(ready, claimed, arguments, (*past, *decisions))


def driven_ms(past: Iterable[Event]) -> int:
    """Return for how long a run was driven, the time left out in which no process did."""
    spent = 0
    latest: int | None = None
    for event in past:
        if event.kind in (EventKind.RUN_STARTED, EventKind.RUN_RESUMED):
            latest = event.at_ms
        elif latest is not None:
            spent += event.at_ms - latest
            latest = event.at_ms
    return spent


def _require_open(run: Run) -> None:
    if run.status in TERMINAL:
        found = report("RUN106", run=run.run_id, status=run.status.value)
        raise UsageError(diagnostics=(found,))


def same_graph(
    run: Run, prepared: Prepared | None, past: tuple[Event, ...], *, accept_code: bool
) -> Prepared:
    """Return the stored graph of `run`, ready to run with the code that is here.

    Raises:
        UsageError: the code of a step that is not done in `past` has changed (DAG-CKPT-009).
    """
    stored = decode_flow(run.flow_ir)
    if prepared is None:
        if run.target is None:
            authored = catalog_for(stored, root=Path.cwd())
        else:
            root = run.options.get("root")
            authored = read_target(run.target, root=None if root is None else Path(root))
            if authored.flow is None or flow_digest(authored.flow) != run.flow_digest:
                authored = catalog_for(stored, root=Path.cwd(), known=authored)
        prepared = prepare(authored, target=run.target)
    changed = sorted(
        path
        for path, digest in run.code_digests.items()
        if prepared.code_digests.get(path, digest) != digest and not _is_done(path, past)
    )
    if changed and not accept_code:
        nodes = ", ".join(f"`{path}`" for path in changed)
        raise UsageError(diagnostics=(report("DAG-CKPT-009", run=run.run_id, nodes=nodes),))
    return prepared


def _is_done(path: str, past: tuple[Event, ...]) -> bool:
    """Tell whether the step at `path`, outside of any body, has completed."""
    return any(event.kind is EventKind.STEP_COMPLETED and event.position == path for event in past)


def _decide(
    past: tuple[Event, ...], ready: Prepared, *, assume: str, value: object
) -> tuple[Event, ...]:
    """Return what a person decides on the steps in doubt, as events."""
    open_doubts: dict[tuple[str, int], None] = {}
    for event in past:
        # A step that was decided on before can be in doubt again.
        if event.kind is EventKind.STEP_IN_DOUBT:
            open_doubts[event.position, event.attempt] = None
        elif event.kind in (EventKind.STEP_COMPLETED, EventKind.STEP_ASSUMED):
            open_doubts.pop((event.position, event.attempt), None)
    doubts = sorted(open_doubts)
    if value is not None:
        if assume != "done":
            raise _not_a_value("a step that runs again returns its own")
        if len(doubts) != 1:
            steps = ", ".join(f"`{position}`" for position, _ in doubts) or "none"
            raise _not_a_value(f"it is for one step in doubt, and there are: {steps}")
        _require_fitting(ready.plan, doubts[0][0], value)
    return tuple(
        Event(
            kind=EventKind.STEP_ASSUMED,
            at_ms=wall_ms(),
            position=position,
            attempt=attempt,
            value=encode_value(value) if assume == "done" else None,
            data={"assume": assume},
        )
        for position, attempt in doubts
    )


def _require_fitting(plan: Plan, position: str, value: object) -> None:
    """Make sure that the step at `position` could have returned `value`.

    Raises:
        UsageError: it could not (CLI010).
    """
    step: Step | None = None
    within: Plan | None = plan
    for alias, _ in parse_position(position):
        if within is None or alias not in within.index_of:
            return
        step = within.steps[within.index_of[alias]]
        within = step.body
    component = None if step is None else step.component
    if component is None or component.decode_output is None:
        return
    try:
        component.decode_output(value)
    except Exception as exc:
        raise _not_a_value(f"`{position}` returns something else: {exc}") from exc


def _not_a_value(why: str) -> UsageError:
    return UsageError(diagnostics=(report("CLI010", option="--value", why=why),))
