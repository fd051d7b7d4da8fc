"""Tell what a run would do, without running anything."""

from __future__ import annotations

import argparse
from typing import Any

from latticeflow.cli.output import Output
from latticeflow.cli.preparing import given_inputs, prepared_target
from latticeflow.hosts.local import Prepared
from latticeflow.hosts.local.arguments import decode_arguments
from latticeflow.hosts.local.requirements import unmet_requirements
from latticeflow.plan import Plan, Step, StepKind
from latticeflow.runs import to_json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `flows plan`."""
    parser.add_argument("target", metavar="TARGET", help="the flow")
    parser.add_argument("--input", metavar="JSON", help="its inputs: JSON, @file or - (stdin)")
    parser.add_argument(
        "--param", action="append", default=[], metavar="NAME=VALUE", help="one input"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(options: argparse.Namespace, output: Output) -> int:
    """Print the plan; 1 if the machine lacks what the flow requires."""
    prepared = prepared_target(options.target, output)
    given = given_inputs(options, prepared)
    arguments = None if given is None else decode_arguments(prepared, given)
    unmet = unmet_requirements(prepared.flow.requirements)
    steps = list(_steps(prepared.plan))
    if output.is_json:
        output.json(
            {
                "flow": {"name": prepared.flow.name, "version": prepared.flow.version},
                "digest": prepared.plan.digest,
                "inputs": None if arguments is None else to_json(arguments),
                "max_parallel": prepared.flow.max_parallel,
                "capabilities": _capabilities(prepared),
                "requirements_unmet": [each.message for each in unmet],
                "steps": steps,
            }
        )
    else:
        _print(prepared, arguments, steps, output)
        output.show(unmet)
    return 1 if unmet else 0


def _print(
    prepared: Prepared,
    arguments: dict[str, Any] | None,
    steps: list[dict[str, Any]],
    output: Output,
) -> None:
    flow = prepared.flow
    output.line(f"{flow.name} {flow.version}  {prepared.plan.digest}")
    if arguments is not None:
        for name, value in to_json(arguments).items():
            output.line(f"  {name} = {value!r}")
    at_once = "as edges allow" if flow.max_parallel is None else f"{flow.max_parallel} at once"
    output.line(f"steps, {at_once}:")
    for number, step in enumerate(steps, 1):
        depth = "  " * step["position"].count("/")
        output.line(f"  {number:>3}. {depth}{step['position']}: {', '.join(_words(step))}")
    capabilities = _capabilities(prepared)
    output.line(f"capabilities: {', '.join(capabilities) or 'none'}")


def _words(step: dict[str, Any]) -> list[str]:
    words = [f"{step['effects']} and {step['determinism']}", step["committed"]]
    if step["after"]:
        words.append(f"after {', '.join(step['after'])}")
    if step["when"] is not None:
        words.append(f"when {step['when']}")
    if step["max_attempts"] > 1:
        words.append(f"up to {step['max_attempts']} attempts")
    if step["timeout_ms"] is not None:
        words.append(f"within {step['timeout_ms']} ms")
    if step["key"] is not None:
        words.append(f"once per {step['key']}")
    return words


def _steps(plan: Plan, prefix: str = "") -> list[dict[str, Any]]:
    before: dict[int, list[str]] = {}
    for step, followers in zip(plan.steps, plan.followers, strict=True):
        for follower in followers:
            before.setdefault(follower, []).append(step.alias)
    found: list[dict[str, Any]] = []
    for step in plan.steps:
        if step.kind is StepKind.INPUT:
            continue
        found.append(_step(step, prefix, before.get(step.index, [])))
        if step.body is not None:
            found += _steps(step.body, f"{prefix}{step.alias}/")
    return found


def _step(step: Step, prefix: str, after: list[str]) -> dict[str, Any]:
    node = step.node
    return {
        "position": prefix + step.alias,
        "runs": node.identifier,
        "effects": node.effects.value,
        "determinism": node.determinism.value,
        "committed": _committed(step),
        "after": list(dict.fromkeys(after)),
        "when": node.when,
        "max_attempts": 1 if step.retry is None else step.retry.max_attempts,
        "timeout_ms": step.timeout_ms,
        "key": node.idempotency.key,
        "capabilities": []
        if step.component is None
        else sorted(step.component.spec.capabilities.values()),
    }


def _committed(step: Step) -> str:
    if step.effectful:
        return "committed before it begins and when it ends"
    return "may be computed again" if step.pure else "committed when it ends"


def _capabilities(prepared: Prepared) -> list[str]:
    return sorted(
        {identifier for spec in prepared.needs.specs for identifier in spec.capabilities.values()}
    )
