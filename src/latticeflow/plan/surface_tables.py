"""The control surfaces of a flow as tables by step."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from latticeflow.expr import DYN
from latticeflow.flow.model import Flow, Node, Retry
from latticeflow.flow.surfaces import (
    ErrorHandlerConfig,
    ForEachConfig,
    IfConfig,
    LoopConfig,
    SwitchConfig,
    TimeoutConfig,
    as_aliases,
    surface_config,
)
from latticeflow.plan.feeding import predicate
from latticeflow.plan.model import EachBody, LoopBody, Route
from latticeflow.plan.select import compile_select


class SurfaceTables:
    """What the surfaces of a flow say of each step, by the step's number.

    Args:
        flow: The flow.
        nodes: Its nodes in the order of the steps.
        index: The number of each alias.
    """

    def __init__(self, flow: Flow, nodes: Sequence[Node], index: Mapping[str, int]) -> None:
        self._nodes = nodes
        self.index = index
        self.routes: dict[int, list[Route]] = {}
        self.gates: dict[int, set[int]] = {}
        self.each: dict[int, EachBody] = {}
        self.loops: dict[int, LoopBody] = {}
        self.catches: dict[int, tuple[tuple[frozenset[str], str], ...]] = {}
        self.retries: dict[int, Retry] = {}
        self.timeouts: dict[int, int] = {}
        self.continues: set[int] = set()
        for surface in flow.control_surfaces:
            if surface.kind not in ("merge", "join", "zip"):
                self._surface(surface_config(surface))

    def _surface(self, config: Any) -> None:
        if isinstance(config, IfConfig):
            cases = {"true": config.then, "false": config.else_}
            self._route(config.source, config.selector_pointer, cases, None)
        elif isinstance(config, SwitchConfig):
            self._route(config.source, config.selector_pointer, config.cases, config.default)
        elif isinstance(config, ForEachConfig):
            self.each[self.index[config.body_entry]] = EachBody(
                item=config.item,
                index=config.index,
                concurrency=config.concurrency,
                on_error=config.on_error,
                state=tuple(config.state),
                keep=compile_select(config.keep),
                value=compile_select(config.value),
                stop=compile_select(config.stop),
            )
        elif isinstance(config, LoopConfig):
            self.loops[self.index[config.body_entry]] = LoopBody(
                condition=None if config.condition is None else self._condition(config),
                state=tuple(config.state),
                index=config.index,
                stop=compile_select(config.stop),
                max_iterations=config.max_iterations,
                fail_when_exhausted=config.exhausted == "fail",
            )
        elif isinstance(config, ErrorHandlerConfig):
            self._error_handler(config)
        elif isinstance(config, TimeoutConfig):
            for alias in config.scope.nodes:
                self.timeouts[self.index[alias]] = config.duration_ms
        else:
            msg = f"the local engine does not run {type(config).__name__}"
            raise ValueError(msg)  # noqa: TRY004  (the checker refuses it first, as CTRL901)

    def _route(
        self,
        source: str,
        pointer: str,
        cases: Mapping[str, Any],
        default: Any,
    ) -> None:
        origin = self.index[source]
        by_label = {
            label: frozenset(self.index[alias] for alias in as_aliases(targets))
            for label, targets in cases.items()
        }
        otherwise = frozenset(self.index[alias] for alias in as_aliases(default))
        targets = otherwise.union(*by_label.values())
        self.routes.setdefault(origin, []).append(
            Route(compile_select(pointer), by_label, otherwise, targets)
        )
        for target in targets:
            self.gates.setdefault(target, set()).add(origin)

    def _error_handler(self, config: ErrorHandlerConfig) -> None:
        for alias in config.scope.nodes:
            index = self.index[alias]
            if config.strategy == "catch":
                self.catches[index] = tuple(
                    (frozenset(catch.on), catch.label) for catch in config.catch
                )
            elif config.strategy == "continue":
                self.continues.add(index)
            elif config.strategy == "retry":
                self.retries[index] = Retry(
                    max_attempts=(config.max_retries or 3) + 1,
                    initial_interval_ms=config.backoff_ms or 1000,
                )

    def _condition(self, config: LoopConfig) -> Callable[[Mapping[str, Any]], bool]:
        body = self._nodes[self.index[config.body_entry]].subflow_ir
        names = list(body.inputs) if body is not None else config.state
        return predicate(config.condition or "true", dict.fromkeys(names, DYN))
