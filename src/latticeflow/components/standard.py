"""The components every flow may use without importing anything: `std.*`.

All but `std.shell` are inline, pure and strict. They are plain functions over the values that
arrive, so a value stays the Python object it was; only `std.expr` looks inside.
"""

from __future__ import annotations

from ast import literal_eval
from collections.abc import Callable
from functools import lru_cache
from typing import Never

from latticeflow.components.naming import resolve_name
from latticeflow.expr import (
    DYN,
    ExpressionError,
    Program,
    Type,
    compile_expression,
    from_json_schema,
)
from latticeflow.flow.component import Catalog, Component, NodeSpec
from latticeflow.flow.lattice import Determinism, Effects
from latticeflow.flow.model import Node, Port, SchemaRef


def _make_record(**values: object) -> dict[str, object]:
    return values


def _make_list(**values: object) -> list[object]:
    return [values[name] for name in _by_number(tuple(values))]


def _make_tuple(**values: object) -> tuple[object, ...]:
    return tuple(values[name] for name in _by_number(tuple(values)))


def _same(value: object) -> object:
    return value


@lru_cache(maxsize=4096)
def _by_number(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(names, key=int))


_INDEX_RANGE = "EXPR104"


def _bind_expression(node: Node) -> Callable[..., object]:
    text = str(node.config["expr"])
    program = compile_expression(text, {name: _type(port) for name, port in node.ports.items()})
    if not isinstance(program, Program):
        message = "; ".join(issue.message for issue in program)
        raise ValueError(  # noqa: TRY004 - the text is at fault, not a type
            f"`{text}` of `{node.alias}`: {message}"
        )
    evaluate = program.evaluate

    def expression(**values: object) -> object:
        try:
            return evaluate(values)
        except ExpressionError as error:
            if error.code == _INDEX_RANGE:
                # What a handler of the flow, written in Python, waits for.
                raise IndexError("list index out of range") from error
            raise

    return expression


def _type(port: Port) -> Type:
    schema = port.schema.schema
    return DYN if schema is None else from_json_schema(schema)


def _bind_failure(node: Node) -> Callable[..., Never]:
    if node.config.get("again") is True:
        return _fail_again
    name = str(node.config["error"])
    error = resolve_name(name)
    if not (isinstance(error, type) and issubclass(error, BaseException)):
        raise TypeError(f"`{name}` of `{node.alias}` is no exception")

    def fail(**values: object) -> Never:
        raise error(*_make_list(**values))

    return fail


def _fail_again(error: dict[str, str]) -> Never:
    """Raise an error that a handler caught, from its type and message."""
    kind = resolve_name(error["type"])
    if not (isinstance(kind, type) and issubclass(kind, BaseException)):
        raise TypeError(f"`{error['type']}` is no exception")
    # Not through its constructor, which may take something else than a message.
    message = error["message"]
    again = kind.__new__(kind, message)
    again.args = (message,)
    if str(again) != message:
        # KeyError shows what it was given as a literal.
        try:
            again.args = (literal_eval(message),)
        except (ValueError, SyntaxError):
            again.args = (message,)
    raise again


def _pure(identifier: str, summary: str) -> NodeSpec:
    return NodeSpec(
        identifier=identifier,
        name=identifier.rpartition(".")[2].capitalize(),
        effects=Effects.PURE,
        determinism=Determinism.STRICT,
        summary=summary,
        claimed=True,
    )


_SHELL = NodeSpec(
    identifier="std.shell",
    name="Shell",
    effects=Effects.EFFECTFUL,
    determinism=Determinism.NONDETERMINISTIC,
    summary="Run a command.",
    output=SchemaRef(
        kind="inline",
        schema={
            "type": "object",
            "properties": {
                "stdout": {"type": "string"},
                "stderr": {"type": "string"},
                "exit_code": {"type": "integer"},
                "outputs": {"type": "object"},
            },
            "required": ["stdout", "stderr", "exit_code", "outputs"],
        },
    ),
)

STANDARD = Catalog(
    (
        Component(
            _pure("std.trigger.manual", "Start with the inputs of the flow, as a record."),
            call=_make_record,
        ),
        Component(_pure("std.input", "The inputs of a body, as a record."), call=_make_record),
        Component(
            _pure("std.expr", "Evaluate an expression over the inputs."), bind=_bind_expression
        ),
        Component(_pure("std.record", "Put the inputs in a record."), call=_make_record),
        Component(_pure("std.list", "Put the inputs in a list."), call=_make_list),
        Component(_pure("std.tuple", "Put the inputs in a tuple."), call=_make_tuple),
        Component(
            _pure("std.merge", "Take the first input that was not skipped."),
            call=_same,
            positional=("value",),
        ),
        Component(_pure("std.fail", "Raise an error."), bind=_bind_failure),
        Component(_SHELL),
    )
)
"""The built-in components. How `std.shell` runs is in `latticeflow.components.shell`."""
