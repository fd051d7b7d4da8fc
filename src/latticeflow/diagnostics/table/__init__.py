"""The one table of codes, one module per family.

A family's module holds `CODES`. Codes are never reused; a retired code keeps its row. See
`latticeflow.diagnostics.codes` for how to add one.
"""

from latticeflow.diagnostics.table import (
    capability,
    connector,
    control,
    delivery,
    determinism,
    durability,
    expression,
    graph,
    http,
    policy,
    purity,
    python,
    running,
    toml,
    typing,
    usage,
)

__all__ = ["FAMILIES"]

FAMILIES = (
    graph.CODES,
    typing.CODES,
    determinism.CODES,
    purity.CODES,
    capability.CODES,
    control.CODES,
    delivery.CODES,
    durability.CODES,
    policy.CODES,
    python.CODES,
    toml.CODES,
    expression.CODES,
    running.CODES,
    usage.CODES,
    http.CODES,
    connector.CODES,
)
