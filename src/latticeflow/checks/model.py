"""What goes through the checks, and what comes out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from latticeflow.capabilities import HINTS, HintTable
from latticeflow.checks.bodies import KnownCalls, shipped
from latticeflow.checks.support import LOCAL, Support
from latticeflow.diagnostics import Diagnostic, InternalError
from latticeflow.flow.component import Catalog, Component
from latticeflow.flow.lattice import Determinism, Effects
from latticeflow.flow.model import Flow

Infer = Callable[[Component], tuple[Effects, Determinism]]


class Options(msgspec.Struct, frozen=True):
    """What a check is told beside the flow.

    `support` says what the host runs, `hints` which hints exist and their floors, `known` which
    calls of bodies are known. `strict` makes a warning stop the flow and ambient input or output
    in a node without a claim an error.
    """

    strict: bool = False
    support: Support = LOCAL
    hints: HintTable = msgspec.field(default_factory=lambda: HINTS)
    known: KnownCalls = msgspec.field(default_factory=shipped)


_PROOF: Final = object()


class CheckedFlow(msgspec.Struct, frozen=True):
    """A flow that passed the checks, over the components it was checked with.

    Only `check` makes one, so having one proves that the checks ran. `to_check` names the edges
    whose types could not be decided: `(from, to, port)` by the path of bodies they stand in.
    `proved` tells for a node whether its effects and determinism follow from its body and its
    capabilities (true) or were claimed by its author (false).
    """

    flow: Flow
    catalog: Catalog
    to_check: Mapping[str, tuple[tuple[str, str, str], ...]] = msgspec.field(default_factory=dict)
    proved: Mapping[str, bool] = msgspec.field(default_factory=dict)
    proof: object = None

    def __post_init__(self) -> None:
        if self.proof is not _PROOF:
            raise InternalError("a CheckedFlow is made by check() alone")


def passed(
    flow: Flow,
    catalog: Catalog,
    to_check: Mapping[str, tuple[tuple[str, str, str], ...]],
    proved: Mapping[str, bool],
) -> CheckedFlow:
    """Make the proof that `flow` passed; for `check` alone."""
    return CheckedFlow(flow, catalog, to_check, proved, _PROOF)


class CheckResult(msgspec.Struct, frozen=True):
    """What the checks found, in the order of the source; `checked` is None when it must not run.

    `flow` is what was judged, whatever came of it.
    """

    checked: CheckedFlow | None
    diagnostics: tuple[Diagnostic, ...]
    flow: Flow
