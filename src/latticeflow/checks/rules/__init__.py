"""The rules, one file each, in the order in which they are asked.

A rule is a function from a `Context` to diagnostics. It sees one flow; embedded flows have a
context of their own. To add one: a file here, a line below, a row in the table of codes, and an
example that it refuses and one that it accepts in `tests/fixtures/codes`.
"""

from collections.abc import Callable, Iterable

from latticeflow.checks.context import Context
from latticeflow.checks.rules import (
    buffers,
    compensation,
    component_config,
    cycle,
    determinism,
    duplicate_alias,
    duplicate_surface,
    durability,
    effects,
    exactly_once,
    expressions,
    flow_identity,
    idempotency,
    iterated_value,
    limits,
    no_summary,
    port_types,
    ports,
    python_body,
    retries,
    routed_value,
    surface_body,
    surface_if,
    surface_policy,
    surface_switch,
    timeouts,
    triggers,
    unknown_alias,
    unknown_component,
    unreachable,
    unsupported,
)
from latticeflow.diagnostics import Diagnostic

__all__ = ["RULES", "Rule"]

Rule = Callable[[Context], Iterable[Diagnostic]]

RULES: tuple[Rule, ...] = (
    flow_identity.check,
    duplicate_alias.check,
    triggers.check,
    unknown_alias.check,
    unknown_component.check,
    component_config.check,
    cycle.check,
    unreachable.check,
    ports.check,
    port_types.check,
    expressions.check,
    idempotency.check,
    effects.check,
    determinism.check,
    python_body.check,
    no_summary.check,
    exactly_once.check,
    timeouts.check,
    retries.check,
    compensation.check,
    buffers.check,
    limits.check,
    durability.check,
    duplicate_surface.check,
    surface_if.check,
    surface_switch.check,
    surface_body.check,
    surface_policy.check,
    routed_value.check,
    iterated_value.check,
    unsupported.check,
)
"""Every rule, in order: names, shape, ports, lattices, delivery, durability, surfaces."""
