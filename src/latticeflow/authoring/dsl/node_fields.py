"""The fields that every node of one component has in common."""

from __future__ import annotations

from typing import Any

import msgspec

from latticeflow.authoring.dsl.options import NodeOptions, NoFallback
from latticeflow.diagnostics import CheckError, report
from latticeflow.flow.component import Component
from latticeflow.flow.lattice import Effects
from latticeflow.runs import UnencodableValueError, to_json


def node_fields(component: Component, options: NodeOptions | None) -> dict[str, Any]:
    """Return the fields of a `Node` that its component decides: all but id, alias, ports, inputs.

    Raises:
        CheckError: FLOW025, the fallback has no JSON form.
    """
    spec = component.spec
    fallback: Any = msgspec.UNSET
    if options is not None and not isinstance(options.fallback, NoFallback):
        try:
            fallback = to_json(options.fallback)
        except UnencodableValueError as error:
            found = report("FLOW025", option="fallback", name=spec.name, why=str(error))
            raise CheckError("", (found,)) from error
    return {
        "identifier": spec.identifier,
        "name": spec.name,
        "kind": "inline" if spec.effects is Effects.PURE else "activity",
        "effects": spec.effects,
        "determinism": spec.determinism,
        "summary": spec.summary,
        "out_schema": spec.output,
        "idempotency": spec.idempotency,
        "config": {} if spec.sink is None else {"sink": spec.sink},
        "effect_hints": list(spec.effect_hints),
        "determinism_hints": list(spec.determinism_hints),
        "retry": spec.retry,
        "timeout_ms": spec.timeout_ms,
        "on_error": "fail" if options is None else options.on_error,
        "fallback": fallback,
        "compensate": spec.compensate,
        "code_digest": spec.code_digest,
        "span": spec.span,
    }
