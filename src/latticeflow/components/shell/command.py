"""What a shell step's `config` says, with its expressions evaluated."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import msgspec

from latticeflow.components.shell.errors import ShellConfigError
from latticeflow.diagnostics import report
from latticeflow.expr import DYN, Program, Template, compile_template, format_value
from latticeflow.expr.quoting import UnsafePlaceError, refer_to_values
from latticeflow.flow.model import Node

TEMPLATE_KEY = "$template"
SHELL = "/bin/sh"

_VARIABLES = {"params": DYN, "steps": DYN, "run": DYN, "env": DYN, "inputs": DYN}


class ShellCommand(msgspec.Struct, frozen=True):
    """A program with its arguments, and the variables it needs beside its surroundings'."""

    argv: tuple[str, ...]
    env: Mapping[str, str]


def command_of(node: Node, scope: Mapping[str, object]) -> ShellCommand:
    """Return the command of a shell step.

    `run` as an array starts no shell; its parts are given to the program as they are. `run` as
    text is read by `/bin/sh`, or the program that `shell` names. Values of `${{ }}` never become
    part of that text: they are put in variables, and the text refers to them.

    In `run`, `env` has also what the step and its workflow set; what they set is made of `env` as
    the host gives it.

    Args:
        node: The step; `config` has `run`, and may have `env` and `shell`.
        scope: What expressions see.

    Raises:
        ShellConfigError: The config is not usable, or a value stands in an unsafe place (TOML011).
        ExpressionError: An expression has no value.
    """
    env = {name: _text(node, value, scope) for name, value in _table(node, "env").items()}
    if env:
        scope = {**scope, "env": {**_mapping(scope.get("env")), **env}}
    run = node.config.get("run")
    if isinstance(run, list) and run:
        return ShellCommand(tuple(_text(node, part, scope) for part in run), env)
    shell = str(node.config.get("shell") or SHELL)
    if isinstance(run, str):
        return ShellCommand((shell, "-c", run), env)
    template = _template(node, run)
    if template is None:
        raise _bad(node, "`run` is neither text nor an array")
    text, values = _referring(node, template, scope)
    return ShellCommand((shell, "-c", text), {**env, **values})


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _referring(
    node: Node, template: Template, scope: Mapping[str, object]
) -> tuple[str, dict[str, str]]:
    names = {
        index: f"FLOWS_VALUE_{number}"
        for number, index in enumerate(
            (i for i, part in enumerate(template.parts) if isinstance(part, Program)), start=1
        )
    }
    try:
        text = refer_to_values(template.parts, names.__getitem__)
    except UnsafePlaceError as error:
        program = template.parts[error.index]
        expression = program.text if isinstance(program, Program) else str(program)
        finding = report("TOML011", expression=expression, where=error.where)
        raise ShellConfigError(diagnostics=(finding,)) from error
    values = {
        name: _as_text(node, part.evaluate(scope))
        for index, name in names.items()
        if isinstance(part := template.parts[index], Program)
    }
    return text, values


def _text(node: Node, value: Any, scope: Mapping[str, object]) -> str:  # noqa: ANN401 - JSON
    template = _template(node, value)
    return _as_text(node, value if template is None else template.evaluate(scope))


def _as_text(node: Node, value: object) -> str:
    if value is None:
        raise _bad(node, "a value for its command is null")
    text = format_value(value)
    if "\0" in text:
        raise _bad(node, "a value for its command holds a NUL character, which none can be given")
    return text


def _template(node: Node, value: object) -> Template | None:
    if not (isinstance(value, dict) and set(value) == {TEMPLATE_KEY}):
        return None
    template = compile_template(str(value[TEMPLATE_KEY]), _VARIABLES)
    if isinstance(template, Template):
        return template
    raise _bad(node, "; ".join(issue.message for issue in template))


def _table(node: Node, name: str) -> Mapping[str, Any]:
    table = node.config.get(name) or {}
    if isinstance(table, dict):
        return table
    raise _bad(node, f"`{name}` is no table")


def _bad(node: Node, why: str) -> ShellConfigError:
    return ShellConfigError(diagnostics=(report("STEP013", step=node.alias, why=why),))


def inherited(environment: Mapping[str, str] | None) -> dict[str, str]:
    """Return the environment commands start from: the given one, or this process's own."""
    return dict(os.environ if environment is None else environment)
