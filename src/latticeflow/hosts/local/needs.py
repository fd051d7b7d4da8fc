"""What a flow needs of a host, found once when it is prepared."""

from __future__ import annotations

import msgspec

from latticeflow.capabilities import CAPABILITIES
from latticeflow.flow.component import Catalog, NodeSpec
from latticeflow.flow.model import Flow, Node

SHELL = "std.shell"
LEDGER = "dedupe"


class Needs(msgspec.Struct, frozen=True):
    """`families` are the capabilities to provide, `specs` the nodes that are granted something.

    `shell`: it has commands. `workers`: it has steps that run in worker processes. `keys`: it has
    effects under a key; `ledger`: of those, some whose key the host itself has to keep.
    """

    families: frozenset[str] = frozenset()
    specs: tuple[NodeSpec, ...] = ()
    shell: bool = False
    workers: bool = False
    keys: bool = False
    ledger: bool = False


def needs_of(flow: Flow, catalog: Catalog) -> Needs:
    """Return what `flow` and its bodies need."""
    nodes = list(_nodes(flow))
    names = sorted({node.identifier for node in nodes})
    specs = tuple(catalog[name].spec for name in names if name in catalog)
    granted = tuple(spec for spec in specs if spec.capabilities)
    commands = [node for node in nodes if node.identifier == SHELL]
    keyed = [node for node in nodes if node.idempotency.key is not None]
    ledger = any(node.identifier == SHELL for node in keyed)
    families = {
        CAPABILITIES[identifier].family
        for spec in granted
        for identifier in spec.capabilities.values()
        if identifier in CAPABILITIES
    }
    return Needs(
        families=frozenset(families | {LEDGER} if ledger else families),
        specs=granted,
        shell=bool(commands),
        workers=any(spec.cpu_bound for spec in specs)
        or any(node.timeout_ms is not None for node in nodes)
        or any(surface.kind == "timeout" for surface in flow.control_surfaces),
        keys=bool(keyed),
        ledger=ledger,
    )


def _nodes(flow: Flow) -> list[Node]:
    found: list[Node] = []
    waiting = [flow]
    while waiting:
        one = waiting.pop()
        found.extend(one.nodes)
        waiting.extend(node.subflow_ir for node in one.nodes if node.subflow_ir is not None)
    return found
