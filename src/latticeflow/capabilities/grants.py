"""Hand each node its own capabilities, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Never, Protocol, runtime_checkable

import msgspec

from latticeflow.capabilities.clock import Clock
from latticeflow.capabilities.db import Db
from latticeflow.capabilities.dedupe import Dedupe
from latticeflow.capabilities.errors import CapabilityDeniedError, CapabilityMissingError
from latticeflow.capabilities.files import ArtifactFile, Files
from latticeflow.capabilities.floors import CAPABILITIES, CapabilitySpec
from latticeflow.capabilities.http import Http
from latticeflow.capabilities.kv import Kv
from latticeflow.capabilities.process import Process
from latticeflow.capabilities.rng import Rng
from latticeflow.diagnostics import report
from latticeflow.flow.component import NodeSpec

_PORTS: tuple[type, ...] = (
    Clock,
    Rng,
    Files.Read,
    Files.Write,
    Process,
    Kv.Read,
    Kv.Write,
    Db.Read,
    Db.Write,
    Dedupe,
    Http.Read,
    Http.Write,
)


def _members(port: type) -> frozenset[str]:
    return frozenset(
        name
        for owner in port.__mro__
        if owner is not object
        for name in vars(owner)
        if not name.startswith("_")
    )


MEMBERS: Mapping[str, frozenset[str]] = MappingProxyType(
    {getattr(port, "__capability__"): _members(port) for port in _PORTS}  # noqa: B009 - typed as absent
)
"""The public names of each capability's port, by capability id."""


class Holder(msgspec.Struct, frozen=True, kw_only=True):
    """The step that is granted something.

    `seed` is the run's. `on_artifact`, where the host wants to know, is told each file the step
    keeps, on the event loop, once its copy is safe.
    """

    node: str
    run_id: str = ""
    position: str = ""
    attempt: int = 1
    seed: int = 0
    on_artifact: Callable[[ArtifactFile], None] | None = None


@runtime_checkable
class PerStep(Protocol):
    """A provider that gives every step an object of its own, such as a seeded generator."""

    def for_step(self, holder: Holder) -> object:
        """Return what this step gets."""
        ...


class View:
    """One capability as one node sees it: the names of its port, and no others.

    It keeps honest code honest; code that is not trusted runs in a sandbox.
    """

    def __init__(self, provider: object, *, capability: str, node: str) -> None:
        own = self.__dict__
        for name in MEMBERS[capability]:
            own[name] = getattr(provider, name)
        own["_granted"] = (capability, node)

    def __getattr__(self, name: str) -> Never:
        if name.startswith("_"):
            raise AttributeError(name)
        capability, node = self.__dict__["_granted"]
        wanted = _capability_with(name, CAPABILITIES[capability]) or f"{capability}.{name}"
        finding = report("CAP110", node=node, capability=wanted)
        raise CapabilityDeniedError(diagnostics=(finding,))

    def __setattr__(self, name: str, value: object) -> Never:
        capability, node = self.__dict__["_granted"]
        finding = report("CAP110", node=node, capability=f"{capability}.{name}")
        raise CapabilityDeniedError(diagnostics=(finding,))

    def __repr__(self) -> str:
        capability, node = self.__dict__["_granted"]
        return f"<{capability} of {node}>"


class Grants:
    """The providers of one host or test, one per capability family.

    Args:
        providers: Provider by family (`kv`, `files`, …). A provider that offers writing serves
            the read capability too, through a view without the writing names.
    """

    __slots__ = ("_providers", "_whole")

    def __init__(self, providers: Mapping[str, object]) -> None:
        self._providers = dict(providers)
        self._whole: set[str] = set()  # capabilities known to be provided, every name of them

    @property
    def families(self) -> frozenset[str]:
        """The families something is provided for."""
        return frozenset(self._providers)

    def provider(self, family: str) -> object | None:
        """Return what is provided for `family`, for the host's own use."""
        return self._providers.get(family)

    def missing(self, specs: Iterable[NodeSpec]) -> tuple[str, ...]:
        """Return the capability ids that the nodes ask for and nothing provides, sorted."""
        wanted = {identifier for spec in specs for identifier in spec.capabilities.values()}
        return tuple(sorted(name for name in wanted if not self._provides(name)))

    def require(self, specs: Iterable[NodeSpec]) -> None:
        """Make sure, before anything runs, that all the nodes ask for is provided.

        Raises:
            CapabilityMissingError: It is not; CAP101 lists everything that is missing.
        """
        if missing := self.missing(specs):
            hints = ", ".join(f"`{name}`" for name in missing)
            raise CapabilityMissingError(diagnostics=(report("CAP101", hints=hints),))

    def for_node(self, spec: NodeSpec, holder: Holder) -> dict[str, object]:
        """Return what the node's parameters get: one view per declared capability.

        Raises:
            CapabilityMissingError: Nothing provides one of them.
        """
        if not self._whole.issuperset(spec.capabilities.values()):
            self.require((spec,))
            self._whole.update(spec.capabilities.values())
        return {
            parameter: self._view(identifier, holder)
            for parameter, identifier in spec.capabilities.items()
        }

    def _provides(self, identifier: str) -> bool:
        spec = CAPABILITIES.get(identifier)
        if spec is None or (provider := self._providers.get(spec.family)) is None:
            return False
        return isinstance(provider, PerStep) or all(
            hasattr(provider, name) for name in MEMBERS[identifier]
        )

    def _view(self, identifier: str, holder: Holder) -> View:
        provider = self._providers[CAPABILITIES[identifier].family]
        # Not `isinstance(…, PerStep)`, which costs more than the view.
        for_step = getattr(provider, "for_step", None)
        if for_step is not None:
            provider = for_step(holder)
        return View(provider, capability=identifier, node=holder.node)


def _capability_with(name: str, granted: CapabilitySpec) -> str | None:
    """Return the capability of the same family whose port has `name`."""
    return next(
        (
            identifier
            for identifier, spec in CAPABILITIES.items()
            if spec.family == granted.family and name in MEMBERS[identifier]
        ),
        None,
    )
