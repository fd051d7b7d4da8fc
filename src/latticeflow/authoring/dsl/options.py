"""What `@node` and `@flow` were told, as frozen data on the function."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from types import FunctionType
from typing import Final, Literal, TypeAlias

import msgspec

from latticeflow.authoring.dsl.triggers import Trigger
from latticeflow.flow.identity import DEVELOPMENT_VERSION
from latticeflow.flow.lattice import Determinism, Effects
from latticeflow.flow.model import DurabilityMode, OnError, Retry, SinkContract

NODE_ATTRIBUTE = "__lattice_node__"
FLOW_ATTRIBUTE = "__lattice_flow__"

IdempotencyScope: TypeAlias = Literal["node", "edge", "partition"]


class NoFallback:
    """The type of `NO_FALLBACK`, which tells "none given" from a fallback of None."""

    def __repr__(self) -> str:
        return "no fallback"

    def __reduce__(self) -> str:
        return "NO_FALLBACK"


NO_FALLBACK: Final = NoFallback()


class NodeOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What `@node` was told; None means: not said, so inferred or defaulted."""

    name: str | None = None
    idempotency: str | None = None
    idempotency_scope: IdempotencyScope | None = None
    idempotency_ttl: timedelta | None = None
    sink: SinkContract | None = None
    retry: Retry | None = None
    timeout: timedelta | None = None
    compensate: Callable[..., object] | None = None
    effects: Effects | None = None
    determinism: Determinism | None = None
    cpu_bound: bool = False
    on_error: OnError = "fail"
    fallback: object = NO_FALLBACK

    @property
    def claims(self) -> bool:
        """Whether the author stated effects or determinism."""
        return self.effects is not None or self.determinism is not None


class FlowOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What `@flow` was told."""

    name: str | None = None
    version: str = DEVELOPMENT_VERSION
    on: tuple[Trigger, ...] = ()
    max_iterations: int = 1000
    max_parallel: int | None = None
    durability: DurabilityMode | None = None
    tags: tuple[str, ...] = ()


def node_options(fn: object) -> NodeOptions | None:
    """Return what `@node` left on `fn`, or None when `fn` is no node."""
    found = getattr(fn, NODE_ATTRIBUTE, None) if isinstance(fn, FunctionType) else None
    return found if isinstance(found, NodeOptions) else None


def flow_options(fn: object) -> FlowOptions | None:
    """Return what `@flow` left on `fn`, or None when `fn` is no flow."""
    found = getattr(fn, FLOW_ATTRIBUTE, None) if isinstance(fn, FunctionType) else None
    return found if isinstance(found, FlowOptions) else None
