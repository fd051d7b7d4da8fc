"""DAG213: a built-in component is told what it needs to do its work."""

from __future__ import annotations

from collections.abc import Iterator

from latticeflow.checks.context import TEMPLATE_KEY, Context
from latticeflow.diagnostics import Diagnostic, report
from latticeflow.flow.model import Json, Node


def check(context: Context) -> Iterator[Diagnostic]:
    """Judge the `config` of the components that the product provides."""
    for node in context.nodes.values():
        for why in _faults(node):
            yield report(
                "DAG213",
                location=context.at_node(node, "config"),
                node=node.alias,
                identifier=node.identifier,
                why=why,
            )


def _faults(node: Node) -> Iterator[str]:
    config = node.config
    if node.identifier == "std.expr" and not isinstance(config.get("expr"), str):
        yield "its config has no text `expr`"
    elif node.identifier == "std.fail":
        error = config.get("error")
        if not isinstance(error, str) or ":" not in error:
            yield "its config has no `error` of the form `module:Name`"
    elif node.identifier == "std.shell":
        run = config.get("run")
        if isinstance(run, list):
            if not run or not all(_is_text(word) for word in run):
                yield "`run` is a list of texts, and not an empty one"
        elif not _is_text(run):
            yield "its config has no `run`: a text, or a list of texts"


def _is_text(value: Json) -> bool:
    if isinstance(value, dict):
        return set(value) == {TEMPLATE_KEY} and isinstance(value[TEMPLATE_KEY], str)
    return isinstance(value, str) and bool(value.strip())
